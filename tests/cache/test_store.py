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
def warnings() -> list[str]:
    return []


@pytest.fixture
def cache(folder, warnings):
    cache = StageCache(folder, 10 * 2**20, warnings.append)
    yield cache
    cache.close()


def test_an_entry_can_be_read_also_in_another_process(cache, folder):
    cache.put("faces", {KEY: b"value"})
    assert (cache.get(KEY), cache.get(OTHER)) == (b"value", None)
    code = f"from dysfw.cache.store import *; c = StageCache(Path({str(folder)!r}), 2**30, print); print(c.get(b'k' * 32))"
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert ran.stdout.strip() == "b'value'"


def test_only_the_owner_can_read_the_cache(cache, folder):
    cache.put("faces", {KEY: b"value"})
    assert folder.stat().st_mode & 0o777 == 0o700
    assert all(path.stat().st_mode & 0o077 == 0 for path in folder.glob("stages*"))


def test_a_folder_that_other_users_can_read_is_not_used(folder, warnings):
    folder.mkdir(mode=0o755)
    folder.chmod(0o755)
    cache = StageCache(folder, 2**20, warnings.append)
    cache.put("faces", {KEY: b"value"})
    assert cache.get(KEY) is None
    assert warnings == [
        f"nothing is cached, since other users can read {folder} and cached data describe faces; run chmod 700 on it"
    ]
    assert not (folder / FILE).exists()


@pytest.mark.parametrize("damaged", [b"", b"x" * 21, b"\0" * 5])
def test_a_damaged_entry_is_ignored_and_reported(cache, folder, warnings, damaged):
    cache.put("faces", {KEY: b"value", OTHER: b"another"})
    with sqlite3.connect(folder / FILE) as file:
        file.execute("UPDATE entries SET value = ? WHERE key = ?", (damaged, KEY))
    file.close()
    assert (cache.get(KEY), cache.get(OTHER)) == (None, b"another")
    cache.put("faces", {KEY: b"again"})
    assert cache.get(KEY) == b"again"
    cache.close()
    assert warnings == [f"1 damaged entry in {folder} had to be computed again"]


def test_an_entry_under_another_key_is_ignored(cache, folder):
    cache.put("faces", {KEY: b"value"})
    with sqlite3.connect(folder / FILE) as file:
        file.execute("UPDATE entries SET key = ?", (OTHER,))
    file.close()
    assert cache.get(OTHER) is None


@pytest.mark.parametrize("content", [b"no database at all" * 100, b"SQLite format 3\0" + b"\xff" * 5000])
def test_a_file_that_is_not_a_cache_causes_a_warning(folder, warnings, content):
    folder.mkdir(mode=0o700)
    (folder / FILE).write_bytes(content)
    cache = StageCache(folder, 2**20, warnings.append)
    cache.put("faces", {KEY: b"value"})
    assert cache.get(KEY) is None
    assert len(warnings) == 1
    assert "`dysfw cache clear` deletes it" in warnings[0]
    assert clear(folder) == len(content)


def test_a_file_of_another_format_is_not_changed(cache, folder, warnings):
    cache.put("faces", {KEY: b"value"})
    cache.close()
    with sqlite3.connect(folder / FILE) as file:
        file.execute(f"PRAGMA user_version = {FORMAT + 6}")
    file.close()
    later = StageCache(folder, 2**20, warnings.append)
    later.put("faces", {KEY: b"other"})
    assert later.get(KEY) is None
    assert warnings == [
        f"nothing is cached, since the cache in {folder} has format 7 and this dysfw uses 1; `dysfw cache clear` deletes it"
    ]
    with sqlite3.connect(folder / FILE) as file:
        assert file.execute("SELECT COUNT(*) FROM entries").fetchone() == (1,)
    file.close()


def test_the_least_recently_used_entries_are_deleted_at_the_limit(folder, warnings):
    cache = StageCache(folder, 2 * 2**20, warnings.append)
    keys = [f"{n:032}".encode() for n in range(40)]
    for n, key in enumerate(keys):
        cache.put("embeddings", {key: bytes(100_000)})
        with sqlite3.connect(folder / FILE) as file:  # one day between entries
            file.execute("UPDATE entries SET used = ? WHERE key = ?", (n * 86_400, key))
        file.close()
        cache.get(keys[0])  # used again and again
    contents = cache.contents()
    assert contents.bytes["embeddings"] < 2 * 2**20
    kept = [n for n, key in enumerate(keys) if cache.get(key)]
    assert kept[0] == 0
    assert kept[1:] == list(range(40 - len(kept) + 1, 40))
    assert len(kept) >= 10
    cache.close()
    assert sum(path.stat().st_size for path in folder.glob("stages*")) < 3 * 2**20
    assert warnings == []


def test_threads_and_processes_can_write_concurrently(cache, folder, warnings):
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
    assert warnings == []


def test_a_full_disk_causes_one_warning(cache, warnings):
    cache._file.execute("PRAGMA max_page_count = 12")  # SQLite then reports a full disk
    for n in range(20):
        cache.put("embeddings", {f"{n:032}".encode(): bytes(50_000)})
    assert len(warnings) == 1
    assert "full" in warnings[0]
    assert "free space, or reduce DYSFW_CACHE_SIZE" in warnings[0]


def test_a_folder_that_cannot_be_created_causes_a_warning(tmp_path, warnings):
    (tmp_path / "file").write_text("")
    cache = StageCache(tmp_path / "file" / "stages", 2**20, warnings.append)
    cache.put("faces", {KEY: b"value"})
    assert len(warnings) == 1
    assert "continuing without the cache" in warnings[0]


def test_clear_deletes_only_the_cache(cache, folder):
    cache.put("faces", {KEY: b"value"})
    cache.close()
    (folder / "notes.txt").write_text("mine")
    assert clear(folder) > 0
    assert not (folder / FILE).exists()
    assert (folder / "notes.txt").read_text() == "mine"


def test_a_damaged_file_is_an_error(cache, folder):
    cache.put("faces", {n.to_bytes(16, "big"): bytes(4000) for n in range(400)})
    cache.close()
    with (folder / FILE).open("r+b") as file:
        for place in range(8192, (folder / FILE).stat().st_size, 4096):
            file.seek(place)
            file.write(b"\xff" * 200)
    with pytest.raises(DysfwError, match=r"is damaged .*malformed"):
        StageCache(folder, 2**30, lambda text: None).contents()
