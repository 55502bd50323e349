"""The bench of singing: every speech on every tune, in both modes and styles, measured from the outside."""
