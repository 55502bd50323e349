"""Spanish spelling, as in America and in Castile."""

from __future__ import annotations

from collections.abc import Sequence

from shenqu.speech.languages.rules import Spelling, bare_end

_TABLE = r"""
ch CH
ll Y|JH
rr R
qu(?=[eiéí]) K
qu K W
gu(?=[eiéí]) G
gü G W
g(?=[eiéí]) HH
j HH
c(?=[eiéí]) S|TH
z S|TH
cc(?=[eiéí]) K S|K TH
c K
ñ N Y
^x S
x K S
h -
v B
uy$ W IY
y(?=[aeiouáéíóú]) Y|JH
ai|ái|ay|áy AY
ei|éi|ey|éy EY
oi|ói|oy|óy OY
au|áu AW
eu|éu EH W
ou OW
[iy](?=[aeouáéóú]) Y
u(?=[aeioáéíó]) W
[aá] AA
[eé] EH
[iíy] IY
[oó] AO|OW
[uúü] UW
w W
[bdfgklmnprst] =
"""


def _stressed(texts: Sequence[str]) -> int:
    return -2 if bare_end(texts)[-1:] in set("aeiouns") else -1


SPANISH = Spelling(_TABLE, _stressed)
