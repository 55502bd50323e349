"""German spelling."""

from __future__ import annotations

from collections.abc import Sequence

from shenqu.speech.languages.rules import Spelling, bare_end

_V = "aeiouyäöü"
_TABLE = rf"""
tsch CH
sch SH
chs K S
^ch(?=[aoulr]) K
(?<=[aou])ch HH|K
ch SH|HH
ck K
ph F
th T
pf P F
qu K V
t?zz?|ts T S
dt T
(?<=^ge)st|(?<=^be)st|(?<=^ver)st|^st|(?<=-)st SH T
(?<=^ge)sp|(?<=^be)sp|(?<=^ver)sp|^sp SH P
ss|ß S
s(?=[{_V}]) Z
^ein(?=g) AY N
^un(?=g) UH N
^hin(?=g) HH IH N
^an(?=ge) AA N
ng NG
n(?=k) NG
ti(?=on) T S Y
ig(?!\w) IH K|IH SH
äu|eu|oi OY
[ae][iy] AY
au AW
ieh?|ih IY
a[ah] AA
ä[h] EH
e[eh] EY
o[oh] OW
öh ER
üh UW|IY
uh UW
^er(?=[^{_V}]) EH R
(?<=^[vzh])er(?=[^{_V}\W]) EH R
(?<=[^{_V}])er(?=n?s?(?!\w)) ER|EH R
(?<=[^{_V}])e(?=[lmnst]{{0,2}}(?!\w)) AH|EH
(?<=^[bg])e(?=[^{_V}\W]) AH|EH
(?<=[^{_V}])er(?=[^{_V}\W]) EH R|ER
ä EH
ö ER
[üy] UW|IY
a AA|AH
e EH|EY
i IH|IY
o AO|OW
u UH|UW
h(?=[{_V}]) HH
h -
w V
^v F
v F|V
j Y
([bdfgklmnprt])\1 =
b(?=[st]?(?!\w)) P
d(?=s?(?!\w)) T
g(?=[st]?(?!\w)) K
c(?=[eiä]) T S
c K
x K S
r(?![{_V}]) R|-
[bdfgklmnprst] =
"""
_UNSTRESSED = ("be", "ge", "er", "ver", "zer", "ent", "emp")


def _stressed(texts: Sequence[str]) -> int:
    return 1 if len(texts) > 2 and bare_end(texts).startswith(_UNSTRESSED) else 0


GERMAN = Spelling(
    _TABLE, _stressed, onsets="SH-P SH-T SH-R SH-L SH-M SH-N SH-V P-F T-S S-V K-N G-N K-V S-P S-T S-K F-L"
)
