"""What is kept between runs: found again, held to a limit, made anew where what made it has changed."""

import hashlib

import numpy as np
import pytest

from shenqu.cache import ArrayCache, SoundCache, TextCache, code_of, content_key, remembered
from shenqu.media.files import sha256_of


def keys(count):
    return [hashlib.sha256(bytes([number])).hexdigest() for number in range(count)]


def test_what_was_made_once_is_not_made_again(tmp_path):
    memory, made = ArrayCache(tmp_path), []

    def make():
        made.append(1)
        return np.arange(3.0)

    first, second = (remembered(memory, content_key("a"), make) for _ in range(2))
    assert np.array_equal(first, second) and len(made) == 1


def test_what_is_damaged_is_made_again(tmp_path):
    memory, key = ArrayCache(tmp_path), content_key("a")
    memory[key] = np.arange(3.0)
    (tmp_path / f"{key}.npy").write_bytes(b"half of it")
    assert remembered(memory, key, lambda: np.ones(2)).tolist() == [1.0, 1.0]
    assert memory[key].tolist() == [1.0, 1.0]


def test_the_shelf_is_held_to_its_limit_and_what_was_used_last_stays(tmp_path, monkeypatch):
    monkeypatch.setattr(TextCache, "_most_bytes", 100_000)
    memory = TextCache(tmp_path)
    for key in keys(200):
        memory[key] = bytes(1000)
        memory.tidy()
        # A look costs time, so it is not taken every time: two parts in 64 too many are likely, a quarter is not.
        assert sum(path.stat().st_size for path in tmp_path.iterdir()) < 125_000
    assert keys(200)[-1] in memory and keys(200)[0] not in memory


def test_small_things_are_stored_without_a_look_at_all_others(tmp_path, monkeypatch):
    looks = []
    monkeypatch.setattr(TextCache, "prune", lambda _: looks.append(1))
    memory = TextCache(tmp_path)
    for key in keys(250):
        memory[key] = bytes(100)
        memory.tidy()
    assert len(looks) < 10


def test_shelves_lie_side_by_side(tmp_path, monkeypatch):
    monkeypatch.setenv("SHENQU_CACHE", str(tmp_path))
    for shelf in (ArrayCache(), SoundCache()):
        shelf[content_key("a")] = np.ones(1)
        assert len(shelf) == 1
    assert sorted(path.name for path in tmp_path.iterdir()) == ["sounds", "units"]


@pytest.mark.parametrize(("one", "other"), [(("a", "b"), ("ab",)), ((b"a",), (b"b",)), ((), ("",))])
def test_other_parts_make_another_key(one, other):
    assert content_key(*one) != content_key(*other)


def test_the_code_of_a_package_has_a_name():
    assert code_of("music") == code_of("music") != code_of("dsp")


def test_the_hash_of_a_file_follows_what_is_in_it(tmp_path):
    path = tmp_path / "a"
    for data in (b"one", b"another"):
        path.write_bytes(data)
        assert sha256_of(path) == hashlib.sha256(data).hexdigest()
