import sqlite3
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from dysfw.cache.store import FILE, FORMAT, StageCache, clear
from dysfw.errors import DysfwError

KEY, OTHER = b"k" * 32, b"o" * 32


@pytest.fixture
def folder(tmp_path) -> Path:
    return tmp_path / "stages"


@pytest.fixture
def told() -> list[str]:
    return []


@pytest.fixture
def cache(folder, told):
    cache = StageCache(folder, 10 * 2**20, told.append)
    yield cache
    cache.close()


def test_what_was_put_comes_back_also_in_another_process(cache, folder):
    cache.put("faces", {KEY: b"value"})
    assert (cache.get(KEY), cache.get(OTHER)) == (b"value", None)
    code = f"from dysfw.cache.store import *; c = StageCache(Path({str(folder)!r}), 2**30, print); print(c.get(b'k' * 32))"
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert ran.stdout.strip() == "b'value'"


def test_only_its_owner_can_read_it(cache, folder):
    cache.put("faces", {KEY: b"value"})
    assert folder.stat().st_mode & 0o777 == 0o700
    assert all(path.stat().st_mode & 0o077 == 0 for path in folder.glob("stages*"))


def test_a_folder_that_others_may_read_is_not_used(folder, told):
    folder.mkdir(mode=0o755)
    folder.chmod(0o755)
    cache = StageCache(folder, 2**20, told.append)
    cache.put("faces", {KEY: b"value"})
    assert cache.get(KEY) is None
    assert told == [f"others may read {folder}, and what is cached tells of faces: nothing is cached. chmod 700 it"]
    assert not (folder / FILE).exists()


@pytest.mark.parametrize("spoilt", [b"", b"x" * 21, b"\0" * 5])
def test_a_damaged_entry_is_not_believed_and_is_reported(cache, folder, told, spoilt):
    cache.put("faces", {KEY: b"value", OTHER: b"another"})
    with sqlite3.connect(folder / FILE) as file:
        file.execute("UPDATE entries SET value = ? WHERE key = ?", (spoilt, KEY))
    file.close()
    assert (cache.get(KEY), cache.get(OTHER)) == (None, b"another")
    cache.put("faces", {KEY: b"again"})
    assert cache.get(KEY) == b"again"
    cache.close()
    assert told == [f"not believed, and computed again: 1 damaged entry in {folder}"]


def test_an_entry_under_another_key_is_not_believed(cache, folder):
    cache.put("faces", {KEY: b"value"})
    with sqlite3.connect(folder / FILE) as file:
        file.execute("UPDATE entries SET key = ?", (OTHER,))
    file.close()
    assert cache.get(OTHER) is None


@pytest.mark.parametrize("content", [b"no database at all" * 100, b"SQLite format 3\0" + b"\xff" * 5000])
def test_a_file_that_is_no_cache_is_told_and_work_goes_on(folder, told, content):
    folder.mkdir(mode=0o700)
    (folder / FILE).write_bytes(content)
    cache = StageCache(folder, 2**20, told.append)
    cache.put("faces", {KEY: b"value"})
    assert cache.get(KEY) is None
    assert len(told) == 1
    assert "`dysfw cache clear` deletes it" in told[0]
    assert clear(folder) == len(content)


def test_a_file_of_another_version_is_left_alone(cache, folder, told):
    cache.put("faces", {KEY: b"value"})
    cache.close()
    with sqlite3.connect(folder / FILE) as file:
        file.execute(f"PRAGMA user_version = {FORMAT + 6}")
    file.close()
    later = StageCache(folder, 2**20, told.append)
    later.put("faces", {KEY: b"other"})
    assert later.get(KEY) is None
    assert told == [
        f"the cache in {folder} is of format 7, and this dysfw has 1: it is left alone, and nothing is cached. "
        "`dysfw cache clear` deletes it"
    ]
    with sqlite3.connect(folder / FILE) as file:
        assert file.execute("SELECT COUNT(*) FROM entries").fetchone() == (1,)
    file.close()


def test_it_stays_below_its_limit_and_what_was_longest_unused_goes_first(folder, told):
    cache = StageCache(folder, 2 * 2**20, told.append)
    keys = [f"{n:032}".encode() for n in range(40)]
    for n, key in enumerate(keys):
        cache.put("embeddings", {key: bytes(100_000)})
        with sqlite3.connect(folder / FILE) as file:  # as if a day lay between them
            file.execute("UPDATE entries SET used = ? WHERE key = ?", (n * 86_400, key))
        file.close()
        cache.get(keys[0])  # used again and again
    held = cache.contents()
    assert held.bytes["embeddings"] < 2 * 2**20
    kept = [n for n, key in enumerate(keys) if cache.get(key)]
    assert kept[0] == 0
    assert kept[1:] == list(range(40 - len(kept) + 1, 40))
    assert len(kept) >= 10
    cache.close()
    assert sum(path.stat().st_size for path in folder.glob("stages*")) < 3 * 2**20
    assert told == []


def test_threads_and_processes_write_at_once_and_lose_nothing(cache, folder, told):
    code = (
        "import sys; from dysfw.cache.store import *; c = StageCache(Path(sys.argv[1]), 2**30, print)\n"
        "for n in range(150): c.put('faces', {f'{sys.argv[2]}-{n:030}'.encode(): b'x' * 500})"
    )
    processes = [
        subprocess.Popen([sys.executable, "-c", code, str(folder), f"p{n}"], stdout=subprocess.PIPE, text=True)
        for n in range(3)
    ]
    threads = [
        threading.Thread(target=lambda t=t: [cache.put("faces", {f"t{t}-{n:030}".encode(): b"y"}) for n in range(150)])
        for t in range(3)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [process.communicate()[0] for process in processes] == ["", "", ""]
    assert cache.contents().entries == {"faces": 900}
    assert told == []


def test_a_full_disk_is_told_once_and_work_goes_on(cache, told):
    cache._file.execute("PRAGMA max_page_count = 12")  # SQLite itself then says that the disk is full
    for n in range(20):
        cache.put("embeddings", {f"{n:032}".encode(): bytes(50_000)})
    assert len(told) == 1
    assert "full" in told[0]
    assert "make room, or lower DYSFW_CACHE_SIZE" in told[0]


def test_a_folder_that_cannot_be_made_is_told(tmp_path, told):
    (tmp_path / "file").write_text("")
    cache = StageCache(tmp_path / "file" / "stages", 2**20, told.append)
    cache.put("faces", {KEY: b"value"})
    assert len(told) == 1
    assert "the work goes on without it" in told[0]


def test_clearing_deletes_the_cache_and_nothing_else(cache, folder):
    cache.put("faces", {KEY: b"value"})
    cache.close()
    (folder / "notes.txt").write_text("mine")
    assert clear(folder) > 0
    assert not (folder / FILE).exists()
    assert (folder / "notes.txt").read_text() == "mine"


def test_a_file_that_is_damaged_inside_is_said_to_be_so(cache, folder):
    cache.put("faces", {n.to_bytes(16, "big"): bytes(4000) for n in range(400)})
    cache.close()
    with (folder / FILE).open("r+b") as file:
        for place in range(8192, (folder / FILE).stat().st_size, 4096):
            file.seek(place)
            file.write(b"\xff" * 200)
    with pytest.raises(DysfwError, match=r"is damaged .*malformed"):
        StageCache(folder, 2**30, lambda text: None).contents()
