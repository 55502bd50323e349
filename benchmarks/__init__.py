"""Measures of the whole product: how well it sings, how fast it is, what it needs.

`python -m benchmarks` runs everything and writes docs/benchmarks.md; `python -m benchmarks singing voice`
prints the named parts only. Three things come from outside of this repository:

SHENQU_DATA
    A folder of recorded speech, whose licences keep it out of here. Without it, the speech of our own
    small speaker is measured.
SHENQU_JUDGE
    The path of a script that measures a song from the outside, with trackers that the renderer does not
    know. Without it, how well it sings is not measured.
SHENQU_VOSK
    The folder of an English model of the recogniser Vosk. Without it, the words understood are not counted.
"""
