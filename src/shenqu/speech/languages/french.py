"""French spelling: mute letters, nasal vowels, liaison."""

from __future__ import annotations

import re

from shenqu.speech.languages.rules import Spelling
from shenqu.speech.phones import Said

_V = "aeiouyàâéèêëîïôöûùüœæ"
_TABLE = rf"""
^est[^\w]*$ EH
^et[^\w]*$ EY
(?<=^[cdlmst])es(?!\w) EY
(?<=^qu)e(?!\w) AH
(?<=^.)e(?!\w) AH
(?<=['][cdjlmnst])e(?!\w) AH
eau[xs]?(?!\w) OW
oeu|œu|œ ER|UH
eau OW
au[xdst]*(?!\w)|au OW
ouill?(?=e) UW Y
(?<=[aeu])ill?(?=e|$) Y
(?<=[ae])il(?=s?$) Y
(?<=[^{_V}m])ill(?=[{_V}]) IY Y
oin(?![{_V}n]) W AE N|W AE
oî|oi[stxe]*(?!\w)|oi W AA
oy W AA Y
ou(?=[aeiéè]) W
o[uùû][sptxe]*(?!\w)|o[uùû] UW
(?<=i)en(?![{_V}n])[st]?(?!\w)|(?<=é)en(?![{_V}n])[s]?(?!\w) AE N|AE
ent(?!\w) -|AA N
(?:[ae][nm](?![{_V}nm])) AA N|AA
(?:a[iî]n|ein|aim|[iîy][nm]|[uù]n)(?![{_V}nmh]) AE N|AE
(?:o[nm])(?![{_V}nm]) AO N|OW N|AO
ez(?!\w) EY
er(?!\w) EY|EH R
ets?(?!\w) EH
ai[st]?(?!\w)|aient(?!\w) EH|EY
a[iî]|e[iî] EH
ay(?=[{_V}]) EY Y
eu[xst]?(?!\w)|e[uû] ER|UH
es?(?!\w) -|AH
é(?:es?)?s?(?!\w)|é EY
[èêë] EH
e(?=[^{_V}\W][hlr]?[{_V}]) AH|-
e EH
[aàâ] AA
ti(?=on|el|al) S Y
[iïy](?=[{_V}]) Y|IY
[iîïy] IY
[oôö] AO|OW
u(?=i) W
[uùûü] UW|IY
ch SH
ph F
th T
gn N Y
qu K
gu(?=[eiyéèê]) G
ge(?=[aoâô]) ZH
g(?=[eiyéèê]) ZH
j ZH
ç S
sc(?=[eiyéèê]) S
cc(?=[eiéè]) K S
c(?=[eiyéèê]) S
(?<=[{_V}])s(?=[{_V}]) Z
ss S
[dtpsxzg]+(?!\w) -
h -
(?<=^e)x(?=[{_V}]) G Z
x K S
cc K
([bdfglmnprt])\1 =
[cq]k|c|q K
w W
[bdfgklmnprstvz] =
"""
_LIAISON = {"s": "Z", "x": "Z", "z": "Z", "t": "T", "d": "T", "n": "N"}
_STARTS_WITH_VOWEL = re.compile(rf"\W*h?[{_V}]", re.IGNORECASE)
_FRENCH = Spelling(_TABLE, lambda texts: -1)


def read_french(word: str, following: str) -> tuple[tuple[Said, ...], ...]:
    """Return the ways to say `word` before the word `following`: last letters sound before a vowel."""
    ways = _FRENCH.read(word)
    linked = _LIAISON.get(word[-1:].lower())
    if not ways or linked is None or not _STARTS_WITH_VOWEL.match(following) or ways[0][-1].phones[-1] == linked:
        return ways
    *before, last = ways[0]
    return (*ways, (*before, last._replace(phones=(*last.phones, linked))))
