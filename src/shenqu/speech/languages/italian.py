"""Italian spelling."""

from __future__ import annotations

from shenqu.speech.languages.rules import Spelling

_TABLE = r"""
c?ch K
g?gh G
gli(?=[aeou]) L Y
gl(?=i) L Y
gn N Y
sci(?=[aoueè]) SH
sc(?=[eièéì]) SH
c?ci(?=[aou]) CH
c?c(?=[eièéì]) CH
g?gi(?=[aou]) JH
g?g(?=[eièéì]) JH
c?qu K W
zz? T S|D Z
(?<=[aeiouàèéìòù])s(?=[aeiouàèéìòù]) Z|S
s(?=[bdglmnrv]) Z
([bdfglmnprstv])\1 =
cc? K
h -
j Y
ai AY
a[uo] AW
ei EY
oi OY
eu EH W
i(?=[aeouàèéòù]) Y|IY
u(?=[aeioàèéìò]) W|UW
[aà] AA
[eèé] EH|EY
[iìíy] IY
[oòó] AO|OW
[uùú] UW
w W
x K S
[bdfgklmnprstv] =
"""

ITALIAN = Spelling(_TABLE, lambda texts: -2, onsets="S-P S-T S-K S-F Z-B Z-D Z-G Z-L Z-M Z-N Z-R Z-V T-S D-Z")
