"""Short texts in unnamed encodings: which one was meant."""

import random

import pytest

from shenqu.media.encodings import decode_text, find_encoding

# Lines that are no source of the lists of common signs: a news ticker's words, not a song's.
LINES = {
    "gb18030": "气象台预计明天白天多云转阴北风三四级最高气温十二度请市民出门注意保暖",
    "big5": "氣象局預計明天白天多雲轉陰北風三四級最高氣溫十二度請市民出門注意保暖",
    "cp949": "기상청은 내일 낮 동안 구름이 많고 북풍이 불며 최고 기온은 십이 도로 예상했습니다",
    "cp932": "気象庁によると明日の日中は曇りで北の風がやや強く最高気温は十二度の見込みです",
}


@pytest.mark.parametrize("encoding", LINES)
@pytest.mark.parametrize("length", [8, 16, 30])
def test_pieces_of_lines_come_back_in_their_encoding(encoding, length):
    letters = [letter for letter in LINES[encoding] if letter.strip()]
    starts = random.Random(7).choices(range(len(letters) - length + 1), k=40)
    pieces = [letters[start : start + length] for start in starts]
    told = [find_encoding([letter.encode(encoding) for letter in piece]) for piece in pieces]
    right = sum(
        [letter.encode(encoding).decode(guess, "replace") for letter in piece] == piece
        for guess, piece in zip(told, pieces, strict=True)
    )
    assert right >= 0.95 * len(pieces)


@pytest.mark.parametrize("text", ["Fröhliche Weihnacht überall", "Où est la clé de l'élève", "señor", "é"])
def test_accents_of_the_west(text):
    assert decode_text(text.encode("cp1252")) == text


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_what_says_what_it_is(encoding):
    assert decode_text("明山涌水".encode(encoding)) == "明山涌水"


@pytest.mark.parametrize("data", [b"", b"plain", bytes(range(256)), b"\xff" * 9, b"\x81"])
def test_any_bytes_have_some_reading(data):
    assert [data.decode(find_encoding([data]))]
