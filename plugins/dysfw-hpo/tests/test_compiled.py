"""Compiled tables in the cache."""

import subprocess
import sys

import numpy as np
import pytest
from dysfw_hpo.compiled import compiled

KEY = "a" * 64


def tables(calls):
    def compile_tables():
        calls.append(1)
        return {"numbers": np.arange(5, dtype=np.int32)}, {"ids": ["HP:0000343", "é"]}

    return compile_tables


def check(found):
    assert found[0]["numbers"].tolist() == [0, 1, 2, 3, 4]
    assert found[1] == {"ids": ["HP:0000343", "é"]}


@pytest.fixture
def cache(tmp_path, monkeypatch):
    monkeypatch.setenv("DYSFW_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache" / "hpo"


def test_tables_are_compiled_once(cache):
    calls = []
    for _ in range(2):
        check(compiled("tiny", KEY, tables(calls)))
    assert len(calls) == 1
    assert [path.name for path in cache.iterdir()] == [f"tiny-{'a' * 32}.npz"]
    assert cache.stat().st_mode & 0o77 == 0


def test_another_release_is_compiled_again(cache):
    calls = []
    compiled("tiny", KEY, tables(calls))
    compiled("tiny", "b" * 64, tables(calls))
    assert len(calls) == 2


@pytest.mark.parametrize("damage", [lambda b: b"", lambda b: b[: len(b) // 2], lambda b: b[:200] + b"xxxx" + b[204:]])
def test_a_damaged_file_is_replaced(cache, damage):
    calls = []
    compiled("tiny", KEY, tables(calls))
    (path,) = cache.iterdir()
    path.write_bytes(damage(path.read_bytes()))
    for _ in range(2):
        check(compiled("tiny", KEY, tables(calls)))
    assert len(calls) == 2


@pytest.mark.parametrize("setting", ["off", "/dev/null/nothing", "~nobody-has-this-name/x"])
def test_no_cache(monkeypatch, setting):
    monkeypatch.setenv("DYSFW_CACHE", setting)
    calls = []
    for _ in range(2):
        check(compiled("tiny", KEY, tables(calls)))
    assert len(calls) == 2


def test_no_home_folder(monkeypatch):
    for name, value in (("DYSFW_CACHE", ""), ("XDG_CACHE_HOME", ""), ("HOME", "/nonexistent")):
        monkeypatch.setenv(name, value)
    check(compiled("tiny", KEY, tables([])))


@pytest.mark.slow
def test_many_processes_at_once(cache):
    """Each of them finds or compiles the whole table, and no unfinished file is left."""
    code = (
        "import numpy as np; from dysfw_hpo.compiled import compiled\n"
        f"arrays, _ = compiled('big', '{KEY}', lambda: ({{'n': np.arange(10**6)}}, {{}}))\n"
        "assert arrays['n'].sum() == 10**6 * (10**6 - 1) // 2"
    )
    processes = [subprocess.Popen([sys.executable, "-c", code]) for _ in range(4)]
    assert [process.wait() for process in processes] == [0] * 4
    assert [path.name for path in cache.iterdir()] == [f"big-{'a' * 32}.npz"]
