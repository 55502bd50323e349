"""Turn any speech into a song.

    import shenqu

    made = shenqu.sing("launch.mp4", "ode-to-joy", text="hello, are you OK?", out="song.mp4")
    print(made.out, made.document)

`sing` makes a song of a recording of somebody talking, `render` renders an edited song document again, `check`
measures it note by note (`write_check` as a table), `words` tells when each word, syllable and sound is said
(`write_words` in which form), `demo` needs no file at all, `tunes` are the tunes that come with it,
`play_tune` plays one. All raise `ShenquError` with one line that says what is wrong, where, and what to do.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from shenqu.errors import InputError, ShenquError, ShenquWarning, ToolError

if TYPE_CHECKING:
    from shenqu.pipeline.checked import write_check
    from shenqu.pipeline.doors import Made, check, demo, play_tune, render, sing, tunes, tunes_json, words
    from shenqu.pipeline.report import Report
    from shenqu.pipeline.songs import read_song
    from shenqu.pipeline.written import write_words

__version__ = "0.1.0"

__all__ = [
    "InputError",
    "Made",
    "Report",
    "ShenquError",
    "ShenquWarning",
    "ToolError",
    "__version__",
    "check",
    "demo",
    "play_tune",
    "read_song",
    "render",
    "sing",
    "tunes",
    "tunes_json",
    "words",
    "write_check",
    "write_words",
]


def __getattr__(name: str) -> Any:
    """Load the pipeline when it is first asked for, so that `shenqu --help` answers at once."""
    if name == "Report":
        from shenqu.pipeline import report  # noqa: PLC0415

        return report.Report
    if name == "write_check":
        from shenqu.pipeline import checked  # noqa: PLC0415

        return checked.write_check
    if name == "write_words":
        from shenqu.pipeline import written  # noqa: PLC0415

        return written.write_words
    if name in __all__:
        from shenqu.pipeline import doors  # noqa: PLC0415

        return getattr(doors, name)
    raise AttributeError(f"module 'shenqu' has no attribute '{name}'")
