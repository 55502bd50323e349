"""Turn any speech into a song."""

__version__ = "0.1.0"
