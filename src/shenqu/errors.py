"""What can go wrong, in the words of the person who meets it.

Every message is one line that says what is wrong, where, and what to do.
"""


class ShenquError(Exception):
    """Base of all errors that are the product's answer, not its fault."""


class InputError(ShenquError):
    """What the user gave cannot be used: a file, a text, a tune, an option."""


class ToolError(ShenquError):
    """A library or the system failed; carries its own words."""


class ShenquWarning(UserWarning):
    """The answer stands, but the user should know something about it."""
