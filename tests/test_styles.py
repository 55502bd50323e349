"""Styles as files: what comes with the package is whole, a user's own is read, bad ones are refused with their line."""

import pytest

from shenqu.documents.codec import decode, encode
from shenqu.documents.song import Song
from shenqu.errors import InputError
from shenqu.media.styles import packaged_sounds, packaged_styles, parse_style, read_style
from shenqu.pipeline.bands import band_names, find_style, own_style
from shenqu.pipeline.library import built_in_tune

NAMES = {
    "eurobeat", "square-dance", "chiptune", "lo-fi", "trap", "march", "future-bass", "waltz", "reggaeton", "rock",
    "city-pop", "folk", "cha-cha",
}  # fmt: skip
OWN = """\
title = "Own"
about = "mine"
tempo = [90, 120]
progression = "I V"

[drums.beat]
"4/4" = { kick = "X... X... X... X..." }

[instruments.bass]
sound = "bass"
plays = "bass"
"4/4" = "r---r---r---r---"

[scenes]
verse = ["beat", "bass"]
"""


def test_all_thirteen_come_with_it():
    assert set(packaged_styles()) == NAMES
    assert set(band_names()) == NAMES | {"auto", "score", "none"}


@pytest.mark.parametrize("name", sorted(NAMES))
def test_a_style_uses_all_that_it_describes_and_grows_to_the_refrain(name):
    style = packaged_styles()[name]
    used = {name for names in style.scenes.values() for name in names}
    assert used == {*style.drums, *style.instruments}
    assert len(style.playing("intro")) < len(style.playing("refrain"))
    assert {"intro", "verse", "refrain", "break"} <= set(style.scenes)
    assert style.count_in >= 2


def test_a_users_style_is_read_and_brings_its_own_sound(tmp_path):
    path = tmp_path / "own.toml"
    path.write_text(
        OWN.replace('sound = "bass"', 'sound = "buzz"') + '\n[sounds.buzz]\nprograms = [38]\nwave = "saw"\n'
    )
    style = own_style(str(path))
    assert style == find_style(str(path), built_in_tune("twinkle")) == read_style(path)
    assert style.sounds["buzz"].wave == "saw"
    assert parse_style(OWN, name="own.toml").sounds == {"bass": packaged_sounds()["bass"]}


@pytest.mark.parametrize(
    ("before", "after", "says"),
    [
        ("tempo = [90, 120]", "tempo = [90, ]", r"line 3, tempo"),
        ("tempo = [90, 120]", "tempo = [120, 90]", r"a range of tempo goes up"),
        ("tempo = [90, 120]", "tempo = [90, 120", r"not a readable TOML file .*line"),
        ("X... X... X... X...", "X... X... X... Y...", r"line 7, drums\.beat\.4/4\.kick"),
        ("X... X... X... X...", "X... X... X...", r"line 6, drums\.beat: the row of `kick` in 4/4 must have 16"),
        ("kick", "kik", r"line 7, drums\.beat\.4/4: invalid enum value 'kik'"),
        ('plays = "bass"', 'plays = "base"', r"line 11, instruments\.bass\.plays: invalid enum value 'base'"),
        ("r---r---", "r---z---", r"line 12, instruments\.bass\.4/4"),
        ('sound = "bass"', 'sound = "tuba"', r"there is no sound 'tuba': describe it in \[sounds\.tuba\]"),
        ('"beat", "bass"', '"beat", "bess"', r"`verse` names `bess`"),
        ("verse =", "vers =", r"line 14, scenes: invalid enum value 'vers'"),
        ("[scenes]", "loud = 3\n[scenes]", r"unknown field `loud`"),
    ],
)
def test_a_bad_style_is_refused_with_its_line(before, after, says):
    assert before in OWN
    with pytest.raises(InputError, match=says) as refused:
        parse_style(OWN.replace(before, after), name="own.toml")
    assert str(refused.value).startswith("own.toml")
    assert "\n" not in str(refused.value)


def test_files_that_are_none_are_refused(tmp_path):
    for name, data in (("binary.toml", b"\xff\xfe\x00"), ("big.toml", b"#" * 300_000)):
        (tmp_path / name).write_bytes(data)
        with pytest.raises(InputError, match=name):
            read_style(tmp_path / name)
    with pytest.raises(InputError, match="cannot be read"):
        read_style(tmp_path / "missing.toml")
    with pytest.raises(InputError, match=r"no band style 'polka': choose one of auto, cha-cha"):
        find_style("polka", built_in_tune("twinkle"))


def test_auto_takes_what_suits_the_tune():
    assert find_style("auto", built_in_tune("clementine")) == packaged_styles()["waltz"]
    assert find_style("auto", built_in_tune("ode-to-joy")) == packaged_styles()["square-dance"]
    assert find_style("none", built_in_tune("twinkle")) is None


def test_a_song_document_keeps_a_users_style():
    assert "band" in Song.__struct_fields__
    style = parse_style(OWN, name="own.toml")
    assert decode(encode(style), type(style), name="x") == style
