"""The stage cache: results of stages by key, in one SQLite file that several processes share.

Nothing depends on it. If an entry is missing or damaged, the disk is full, or the file has another format, a warning is given
and the results are computed again. Entries contain faces and embeddings, so the folder is private to the user.
"""

from __future__ import annotations

import contextlib
import hashlib
import sqlite3
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from filelock import FileLock, Timeout

from ..errors import DysfwError
from ..util.text import count

FORMAT = 1
FILE = "stages.sqlite"
SUFFIXES = ("", "-wal", "-shm", "-journal")
LOCK = "lock"
LOCK_TIMEOUT = 30.0  # s that a process waits for another one to write
TOUCH_INTERVAL = 3600  # s between updates of the time of use of an entry, since reading should rarely write
EVICTION_TARGET = 0.9  # fraction of the limit that is filled after old entries were deleted
MAX_ENTRY_SIZE = 64 * 2**20  # bytes
CHECKSUM_SIZE = 16  # bytes, before the value of each entry

SCHEMA = """
CREATE TABLE IF NOT EXISTS entries (key BLOB PRIMARY KEY, stage TEXT NOT NULL, used INTEGER NOT NULL, value BLOB NOT NULL);
CREATE INDEX IF NOT EXISTS by_use ON entries (used);
"""


@dataclass(frozen=True, slots=True)
class Contents:
    """What a stage cache contains.

    Attributes:
        folder: The folder.
        entries: Number of entries by stage.
        bytes: Bytes by stage.
        size: Size of the files, bytes.
        limit: Maximum size, bytes.
    """

    folder: Path
    entries: Mapping[str, int]
    bytes: Mapping[str, int]
    size: int
    limit: int


class StageCache:
    """The cache in a folder.

    Args:
        folder: The folder, which is created if necessary.
        limit: Maximum size, bytes. The least recently used entries are deleted first.
        warn: Called with each warning, once.

    Attributes:
        damaged: Number of damaged entries found.
        stored: Number of entries that were stored, by stage.
    """

    def __init__(self, folder: Path, limit: int, warn: Callable[[str], None]) -> None:
        self.folder, self.limit = folder, limit
        self.damaged = 0
        self.stored: Counter[str] = Counter()
        self._warn_user, self._warnings = warn, set[str]()
        self._lock = threading.Lock()
        self._file: sqlite3.Connection | None = None
        with self._best_effort():
            folder.mkdir(0o700, parents=True, exist_ok=True)
            if folder.stat().st_mode & 0o077:
                self._warn(
                    f"nothing is cached, since other users can read {folder} and cached data describe faces; "
                    "run chmod 700 on it"
                )
            else:
                with FileLock(folder / LOCK, LOCK_TIMEOUT):  # two processes must not both create the file
                    self._file = self._connect()

    @property
    def is_open(self) -> bool:
        """Whether entries are kept: not after an error, such as a full disk."""
        return self._file is not None

    def get(self, key: bytes) -> bytes | None:
        """Get an entry.

        Args:
            key: Its key.

        Returns:
            Its value; None if it is missing or damaged.
        """
        with self._best_effort():
            if self._file is None:
                return None
            row = self._file.execute("SELECT value, used FROM entries WHERE key = ?", (key,)).fetchone()
            if row is None:
                return None
            value, now = bytes(row[0]), int(time.time())
            if value[:CHECKSUM_SIZE] != _checksum(key, value[CHECKSUM_SIZE:]):
                self.damaged += 1
                self._file.execute("DELETE FROM entries WHERE key = ?", (key,))
                return None
            if now - row[1] > TOUCH_INTERVAL:
                self._file.execute("UPDATE entries SET used = ? WHERE key = ?", (now, key))
            return value[CHECKSUM_SIZE:]
        return None

    def put(self, stage: str, entries: Mapping[bytes, bytes]) -> None:
        """Store entries, all or none.

        Args:
            stage: The stage that computed them.
            entries: Value by key.
        """
        now = int(time.time())
        rows = [
            (key, stage, now, _checksum(key, value) + value) for key, value in entries.items() if len(value) <= MAX_ENTRY_SIZE
        ]
        if not rows:
            return
        with self._best_effort():
            if self._file is None:
                return
            self._make_room(sum(len(row[3]) for row in rows))
            self._file.execute("BEGIN IMMEDIATE")
            try:
                self._file.executemany("INSERT OR REPLACE INTO entries VALUES (?, ?, ?, ?)", rows)
            except BaseException:
                if self._file.in_transaction:  # if the disk is full, SQLite has rolled it back already
                    self._file.execute("ROLLBACK")
                raise
            self._file.execute("COMMIT")
            self.stored[stage] += len(rows)

    def contents(self) -> Contents:
        """Summarise the contents.

        Returns:
            The contents.

        Raises:
            DysfwError: The file cannot be read.
        """
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
        """Warn about damaged entries, and close the file."""
        if self.damaged:
            self._warn(f"{count(self.damaged, 'damaged entry', 'damaged entries')} in {self.folder} had to be computed again")
        with self._lock:
            if self._file is not None:
                self._file.close()
                self._file = None

    def _connect(self) -> sqlite3.Connection | None:
        file = sqlite3.connect(self.folder / FILE, timeout=LOCK_TIMEOUT, isolation_level=None, check_same_thread=False)
        (self.folder / FILE).chmod(0o600)
        (version,) = file.execute("PRAGMA user_version").fetchone()
        if version not in (0, FORMAT):
            file.close()
            self._warn(
                f"nothing is cached, since the cache in {self.folder} has format {version} and this dysfw uses {FORMAT}; "
                "`dysfw cache clear` deletes it"
            )
            return None
        if not version:
            file.execute("PRAGMA auto_vacuum = INCREMENTAL")
        # Allows readers during writing. A power cut may lose the last entries, but never corrupts one.
        file.execute("PRAGMA journal_mode = WAL")
        file.execute("PRAGMA synchronous = NORMAL")
        file.executescript(f"{SCHEMA} PRAGMA user_version = {FORMAT};")
        return file

    def _make_room(self, needed: int) -> None:
        """Delete the least recently used entries until ``needed`` bytes fit."""
        assert self._file is not None  # noqa: S101  # checked by put()
        pages, size, free = (
            self._file.execute(f"PRAGMA {n}").fetchone()[0] for n in ("page_count", "page_size", "freelist_count")
        )
        used = (pages - free) * size
        if used + needed <= self.limit:
            return
        over, oldest = used + needed - self.limit * EVICTION_TARGET, []
        for key, length in self._file.execute("SELECT key, LENGTH(value) FROM entries ORDER BY used"):
            oldest.append((key,))
            over -= length
            if over <= 0:
                break
        self._file.executemany("DELETE FROM entries WHERE key = ?", oldest)
        self._file.execute("PRAGMA incremental_vacuum").fetchall()

    @contextlib.contextmanager
    def _best_effort(self) -> Iterator[None]:
        """Turn any error of the cache into a warning, and continue without the cache."""
        with self._lock:
            try:
                yield
            except sqlite3.Error as error:
                self._disable(str(error))
            except Timeout:
                self._disable("another process has locked it for too long")
            except NotImplementedError:
                self._disable("its file system has no locks")
            except OSError as error:
                self._disable(error.strerror or str(error))

    def _disable(self, reason: str) -> None:
        full = "full" in reason or "No space" in reason
        remedy = (
            "free space, or reduce DYSFW_CACHE_SIZE"
            if full
            else "`dysfw cache clear` deletes it; DYSFW_CACHE sets another folder"
        )
        self._warn(f"continuing without the cache, since {self.folder} cannot be used ({reason}): {remedy}")
        if self._file is not None:
            with contextlib.suppress(sqlite3.Error):
                self._file.close()
            self._file = None

    def _warn(self, text: str) -> None:
        if text not in self._warnings:
            self._warnings.add(text)
            self._warn_user(text)


def clear(folder: Path) -> int:
    """Delete the cache in a folder, but no other files.

    Args:
        folder: The folder.

    Returns:
        Number of bytes freed.

    Raises:
        DysfwError: A file cannot be deleted.
    """
    freed = 0
    for path in _files(folder):
        try:
            freed += path.stat().st_size
            path.unlink(missing_ok=True)
        except OSError as error:
            raise DysfwError(f"cannot delete {path}: {error.strerror or error}") from None
    return freed


def _files(folder: Path) -> list[Path]:
    return [path for suffix in SUFFIXES if (path := folder / f"{FILE}{suffix}").is_file()]


def _checksum(key: bytes, value: bytes) -> bytes:
    return hashlib.blake2b(value, digest_size=CHECKSUM_SIZE, key=key).digest()
