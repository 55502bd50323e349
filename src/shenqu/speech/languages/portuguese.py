"""Portuguese spelling, as in Brazil and in Portugal."""

from __future__ import annotations

from collections.abc import Sequence

from shenqu.speech.languages.rules import Spelling, bare_end

_TABLE = r"""
lh L Y
nh N Y
ch SH
ss S
rr HH|R
^r HH|R
qu(?=[eiéíê]) K
qu K W
gu(?=[eiéíê]) G
gu(?=[aoáó]) G W
g(?=[eiéíê]) ZH
j ZH
s?c(?=[eiéíê]) S
s?ç S
c K
^x SH
(?<=e)x(?=[aeiou]) Z|SH
x SH|K S
z$ S|SH
z Z
(?<=[aeiouáéíóúâêôãõ])s(?=[aeiouáéíóúâêôãõ]) Z
s(?=$|[ptkcfq]) S|SH
t(?=i|í|e$|es$) CH|T
d(?=i|í|e$|es$) JH|D
h -
ão|am$ AW|AW N
ãe AY|AY N
õe OY|OY N
em$|en(?=s$) EY|EY N
em(?=[pb])|en(?![aeiouáéíóúh]) EY N|EH N
[aâã](?=[nm](?![aeiouáéíóúâêôãõh])) AH|AA
[oôõ](?=[nm](?![aeiouáéíóúâêôãõh])) OW
ã AH|AH N
õ OW
ou OW
(?<=^mu)i(?=t) IY N
^o$ UW
[eéê]i EY
[aá]i AY
[oó]i OY
[aá]u AW
[eéê]u EH W
[aá]l(?![aeiouáéíóúâêôãõh]) AW|AA L
[oóô]l(?![aeiouáéíóúâêôãõh]) OW|AO L
l(?![aeiouáéíóúâêôãõ]) W|L
i(?=[aeouáéóúãõ]) Y|IY
u(?=[aeioáéíóã]) W|UW
o(?=s?$) UW
e(?=s?$) IY|-
[aáàâ] AA|AH
[éeê] EH|EY
[iíy] IY
[oóô] AO|OW
[uúü] UW
w W
([bdfgmnptv])\1 =
[bdfgklmnprstv] =
"""


def _stressed(texts: Sequence[str]) -> int:
    return -2 if bare_end(texts).rstrip("sm")[-1:] in set("aeo") else -1


PORTUGUESE = Spelling(_TABLE, _stressed)
