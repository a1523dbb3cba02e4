"""Facts that are remembered for later runs, and the hashes among them."""

import hashlib
import os
import time

import pytest

from dysfw.util import remembered
from dysfw.util.remembered import MIN_SIZE, forget, known_sha256, recall, remember

HOUR = 3600


@pytest.fixture(autouse=True)
def cache(tmp_path, monkeypatch):
    """Another cache, and a process that knows nothing."""
    monkeypatch.setenv("DYSFW_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr(remembered, "_digests", {})
    return tmp_path / "cache" / "facts"


@pytest.fixture
def reads(monkeypatch):
    """Paths of the files that were hashed."""
    paths = []
    original = remembered.sha256_of
    monkeypatch.setattr(remembered, "sha256_of", lambda path: [paths.append(path), original(path)][1])
    return paths


@pytest.fixture
def file(tmp_path, monkeypatch):
    """A file that has not changed for an hour. Its status cannot be set back, so the clock is moved on."""
    path = tmp_path / "weights"
    path.write_bytes(b"1" * MIN_SIZE)
    now = time.time
    monkeypatch.setattr(remembered.time, "time", lambda: now() + HOUR)
    return path


def sha256(path):
    return hashlib.sha256(path.read_bytes()).hexdigest()


def test_an_unchanged_file_is_read_once_also_by_the_next_process(file, reads, monkeypatch):
    assert {known_sha256(file) for _ in range(3)} == {sha256(file)}
    monkeypatch.setattr(remembered, "_digests", {})
    assert known_sha256(file) == sha256(file)
    assert reads == [file]


def test_a_change_of_the_same_size_and_time_is_noticed(file, reads):
    status = file.stat()
    known_sha256(file)
    file.write_bytes(b"2" * MIN_SIZE)
    os.utime(file, ns=(status.st_atime_ns, status.st_mtime_ns))
    assert known_sha256(file) == sha256(file)
    other = file.with_name("other")
    other.write_bytes(b"3" * MIN_SIZE)
    os.utime(other, ns=(status.st_atime_ns, status.st_mtime_ns))
    other.replace(file)
    assert known_sha256(file) == sha256(file)
    assert len(reads) == 3


def test_a_file_that_has_just_changed_is_read_each_time(tmp_path, reads):
    path = tmp_path / "new"
    path.write_bytes(b"1" * MIN_SIZE)
    assert known_sha256(path) == known_sha256(path) == sha256(path)
    os.utime(path, (time.time() + HOUR,) * 2)  # another clock
    assert known_sha256(path) == known_sha256(path) == sha256(path)
    assert len(reads) == 4


def test_damaged_facts_are_found_out_again(file, reads, cache, monkeypatch):
    known_sha256(file)
    (fact,) = cache.iterdir()
    for content in (b"", b"\xff\n", fact.read_bytes()[:-1]):
        fact.write_bytes(content)
        monkeypatch.setattr(remembered, "_digests", {})
        assert known_sha256(file) == sha256(file)
    assert len(reads) == 4


@pytest.mark.parametrize("stated", ["off", "/proc/nothing"])
def test_without_a_cache_everything_works(file, monkeypatch, stated):
    monkeypatch.setenv("DYSFW_CACHE", stated)
    assert known_sha256(file) == sha256(file)
    remember("a", "1")
    forget("a")
    assert recall("a") is None


def test_facts_are_kept_until_they_are_forgotten(cache):
    assert recall("a") is None
    remember("a", "1")
    remember("a", "2")
    remember("b", "3")
    forget("b")
    assert (recall("a"), recall("b")) == ("2", None)
    assert cache.stat().st_mode & 0o077 == 0
    assert len(list(cache.iterdir())) == 1
