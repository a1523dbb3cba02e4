"""What stages have computed, by key, in one SQLite file that several processes share.

Nothing depends on it: an entry that is missing or damaged, a disk that is full and a file that another dysfw wrote only mean
that the work is done again, and are told. Entries hold faces and embeddings, so the folder is this user's alone.
"""

from __future__ import annotations

import contextlib
import hashlib
import sqlite3
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from filelock import FileLock, Timeout

from ..errors import DysfwError
from ..util.text import count

FORMAT = 1
FILE = "stages.sqlite"
BESIDE = ("", "-wal", "-shm", "-journal")
LOCK = "lock"
PATIENCE = 30.0  # s that one process waits for another's writing
TOUCH = 3600  # s: so much later a use is written down again, and no sooner: reading should not write
ROOM = 0.9  # of the limit: what is left when entries had to go
LARGEST = 64 * 2**20  # bytes of one entry
CHECK = 16  # bytes of the checksum that stands before every entry

SCHEMA = """
CREATE TABLE IF NOT EXISTS entries (key BLOB PRIMARY KEY, stage TEXT NOT NULL, used INTEGER NOT NULL, value BLOB NOT NULL);
CREATE INDEX IF NOT EXISTS by_use ON entries (used);
"""


@dataclass(frozen=True, slots=True)
class Contents:
    """entries and bytes by stage; size: of the file, bytes; limit: bytes."""

    folder: Path
    entries: Mapping[str, int]
    bytes: Mapping[str, int]
    size: int
    limit: int


class StageCache:
    """The cache in a folder, which is made. limit: bytes that the file may have; the entries longest unused go first. tell: is
    told, once each, what does not work.
    """

    def __init__(self, folder: Path, limit: int, tell: Callable[[str], None]) -> None:
        self.folder, self.limit = folder, limit
        self.damaged = 0
        self._tell, self._told = tell, set[str]()
        self._lock = threading.Lock()
        self._file: sqlite3.Connection | None = None
        with self._at_best():
            folder.mkdir(0o700, parents=True, exist_ok=True)
            if folder.stat().st_mode & 0o077:
                self._say(f"others may read {folder}, and what is cached tells of faces: nothing is cached. chmod 700 it")
            else:
                with FileLock(folder / LOCK, PATIENCE):  # two processes cannot both set the file up
                    self._file = self._connect()

    def get(self, key: bytes) -> bytes | None:
        """What was put under a key; None where there is nothing, or nothing that can be believed."""
        with self._at_best():
            if self._file is None:
                return None
            row = self._file.execute("SELECT value, used FROM entries WHERE key = ?", (key,)).fetchone()
            if row is None:
                return None
            value, now = bytes(row[0]), int(time.time())
            if value[:CHECK] != _checksum(key, value[CHECK:]):
                self.damaged += 1
                self._file.execute("DELETE FROM entries WHERE key = ?", (key,))
                return None
            if now - row[1] > TOUCH:
                self._file.execute("UPDATE entries SET used = ? WHERE key = ?", (now, key))
            return value[CHECK:]
        return None

    def put(self, stage: str, entries: Mapping[bytes, bytes]) -> None:
        """Keep them, all or none."""
        now = int(time.time())
        rows = [(key, stage, now, _checksum(key, value) + value) for key, value in entries.items() if len(value) <= LARGEST]
        if not rows:
            return
        with self._at_best():
            if self._file is None:
                return
            self._make_room(sum(len(row[3]) for row in rows))
            self._file.execute("BEGIN IMMEDIATE")
            try:
                self._file.executemany("INSERT OR REPLACE INTO entries VALUES (?, ?, ?, ?)", rows)
            except BaseException:
                if self._file.in_transaction:  # a full disk has rolled it back already
                    self._file.execute("ROLLBACK")
                raise
            self._file.execute("COMMIT")

    def contents(self) -> Contents:
        """Raises DysfwError where the file cannot be read."""
        if self._file is None:
            raise DysfwError(f"the cache in {self.folder} cannot be used", hint="`dysfw cache clear` deletes it")
        with self._lock, self._readable():
            query = "SELECT stage, COUNT(*), SUM(LENGTH(value)) FROM entries GROUP BY stage ORDER BY stage"
            rows = self._file.execute(query).fetchall()
        size = sum(path.stat().st_size for path in _files(self.folder))
        return Contents(self.folder, {r[0]: r[1] for r in rows}, {r[0]: r[2] for r in rows}, size, self.limit)

    @contextlib.contextmanager
    def _readable(self) -> Iterator[None]:
        try:
            yield
        except sqlite3.Error as error:
            raise DysfwError(
                f"the cache in {self.folder} is damaged ({error})", hint="`dysfw cache clear` deletes it"
            ) from None

    def close(self) -> None:
        """Tell what had to be computed again, and let go of the file."""
        if self.damaged:
            self._say(
                f"not believed, and computed again: {count(self.damaged, 'damaged entry', 'damaged entries')} in {self.folder}"
            )
        with self._lock:
            if self._file is not None:
                self._file.close()
                self._file = None

    def _connect(self) -> sqlite3.Connection | None:
        file = sqlite3.connect(self.folder / FILE, timeout=PATIENCE, isolation_level=None, check_same_thread=False)
        (self.folder / FILE).chmod(0o600)
        (found,) = file.execute("PRAGMA user_version").fetchone()
        if found not in (0, FORMAT):
            file.close()
            self._say(
                f"the cache in {self.folder} is of format {found}, and this dysfw has {FORMAT}: it is left alone, and nothing "
                "is cached. `dysfw cache clear` deletes it"
            )
            return None
        if not found:
            file.execute("PRAGMA auto_vacuum = INCREMENTAL")
        # Readers and a writer at once. Losing the last moments to a power cut costs work, never a wrong entry.
        file.execute("PRAGMA journal_mode = WAL")
        file.execute("PRAGMA synchronous = NORMAL")
        file.executescript(f"{SCHEMA} PRAGMA user_version = {FORMAT};")
        return file

    def _make_room(self, needed: int) -> None:
        """Let the entries longest unused go until ``needed`` bytes fit."""
        assert self._file is not None  # noqa: S101  # put() has looked
        pages, size, free = (
            self._file.execute(f"PRAGMA {n}").fetchone()[0] for n in ("page_count", "page_size", "freelist_count")
        )
        taken = (pages - free) * size
        if taken + needed <= self.limit:
            return
        over, oldest = taken + needed - self.limit * ROOM, []
        for key, length in self._file.execute("SELECT key, LENGTH(value) FROM entries ORDER BY used"):
            oldest.append((key,))
            over -= length
            if over <= 0:
                break
        self._file.executemany("DELETE FROM entries WHERE key = ?", oldest)
        self._file.execute("PRAGMA incremental_vacuum").fetchall()

    @contextlib.contextmanager
    def _at_best(self) -> Iterator[None]:
        """Whatever goes wrong with the cache is told, and the work goes on without."""
        with self._lock:
            try:
                yield
            except sqlite3.Error as error:
                self._without(str(error))
            except Timeout:
                self._without("another process has held it for long")
            except NotImplementedError:
                self._without("its file system knows no locks")
            except OSError as error:
                self._without(error.strerror or str(error))

    def _without(self, reason: str) -> None:
        full = "full" in reason or "No space" in reason
        remedy = (
            "make room, or lower DYSFW_CACHE_SIZE"
            if full
            else "`dysfw cache clear` deletes it; DYSFW_CACHE names another folder"
        )
        self._say(f"the cache in {self.folder} does not work ({reason}), and the work goes on without it: {remedy}")
        if self._file is not None:
            with contextlib.suppress(sqlite3.Error):
                self._file.close()
            self._file = None

    def _say(self, text: str) -> None:
        if text not in self._told:
            self._told.add(text)
            self._tell(text)


def clear(folder: Path) -> int:
    """Delete the cache in a folder, and nothing else there; how many bytes that freed. Raises DysfwError."""
    freed = 0
    for path in _files(folder):
        try:
            freed += path.stat().st_size
            path.unlink(missing_ok=True)
        except OSError as error:
            raise DysfwError(f"cannot delete {path}: {error.strerror or error}") from None
    return freed


def _files(folder: Path) -> list[Path]:
    return [path for end in BESIDE if (path := folder / f"{FILE}{end}").is_file()]


def _checksum(key: bytes, value: bytes) -> bytes:
    return hashlib.blake2b(value, digest_size=CHECK, key=key).digest()
