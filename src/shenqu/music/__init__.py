"""Tunes, the arrangement of syllables on them, and the band."""
