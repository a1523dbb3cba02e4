"""The images of a batch's source: a folder, a pattern, a manifest or an address."""

from __future__ import annotations

import glob
import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath

from ..decoding.formats import image_extensions
from ..errors import DysfwError
from ..util.tables import read_rows
from ..util.text import closest, listed
from .item import BatchItem
from .remote import WILDCARD, is_address, list_addresses, open_file_system

MANIFESTS = (".csv", ".parquet")
COLUMNS = ("path", "patient", "label", "source")
MAX_BYTES = 64 * 2**30
MAX_CONSECUTIVE_UNREADABLE = 32  # existing images; more than that means that the disk or service fails


@dataclass(slots=True)
class Listing:
    """Lists the images at a source, always in the same order.

    Attributes:
        text: The source: a folder, a pattern, a manifest, an image or an address.
        ignored: Number of files that are not images, known after all entries are listed.
    """

    text: str
    ignored: int = field(default=0)

    def entries(self) -> Iterator[BatchItem]:
        """List the images.

        Yields:
            The images, in order.

        Raises:
            DysfwError: The source does not exist or cannot be read.
        """
        text, path = self.text, Path(self.text).expanduser()
        if is_address(text):
            yield from self._addresses(text)
        elif path.is_dir():
            yield from self._folder(path)
        elif path.is_file() and path.suffix.lower() in MANIFESTS:
            yield from _manifest(path)
        elif path.is_file():
            yield BatchItem(str(path), path.name)
        elif WILDCARD.search(text):
            yield from self._pattern(str(path))
        else:
            raise DysfwError(
                f"no such file or folder: {text}",
                hint="SOURCE is a folder, a pattern in quotes, a manifest with a column path, or an address such as s3://…",
            )

    def is_there(self) -> bool:
        """Return whether the source itself can still be reached."""
        if is_address(self.text):
            try:
                system, path = open_file_system(self.text)
                return bool(WILDCARD.search(path)) or bool(system.exists(path))
            except Exception:  # any error of the service means that it cannot be reached
                return False
        root = Path(self.text).expanduser()
        while WILDCARD.search(str(root)):
            root = root.parent
        return root.exists()

    @property
    def manifest(self) -> Path | None:
        """A manifest in the source folder, which is not read unless it is the source itself; None if there is none."""
        if is_address(self.text):
            return None
        paths = (Path(self.text).expanduser() / f"manifest{suffix}" for suffix in MANIFESTS)
        return next((path for path in paths if path.is_file()), None)

    def _folder(self, folder: Path) -> Iterator[BatchItem]:
        for name in self._images(_walk(folder, "")):
            yield BatchItem(str(folder / name), name)

    def _pattern(self, pattern: str) -> Iterator[BatchItem]:
        # Path.glob rejects absolute patterns.
        names = sorted(name for name in glob.iglob(pattern, recursive=True) if not Path(name).is_dir())  # noqa: PTH207
        for name in self._images(iter(names)):
            yield BatchItem(name, name)

    def _addresses(self, source: str) -> Iterator[BatchItem]:
        for address in self._images(list_addresses(source)):
            yield BatchItem(address, address)

    def _images(self, names: Iterator[str]) -> Iterator[str]:
        for name in names:
            if PurePosixPath(name).suffix.lower() in image_extensions():
                yield name
            else:
                self.ignored += 1


def _walk(folder: Path, prefix: str) -> Iterator[str]:
    """Names of the files in a folder and its subfolders, sorted within each, without hidden files; never all in memory."""
    try:
        with os.scandir(folder) as listing:
            entries = sorted((e for e in listing if not e.name.startswith(".")), key=lambda e: e.name)
    except OSError as error:
        raise DysfwError(f"cannot list {folder}: {error.strerror or error}") from None
    for item in entries:
        if item.is_dir(follow_symlinks=False):
            yield from _walk(Path(item.path), f"{prefix}{item.name}/")
        elif _is_file(item):
            yield prefix + item.name


def _is_file(item: os.DirEntry[str]) -> bool:
    """Whether an entry is a file. A broken link is one: its row in the table reports the missing image."""
    try:
        return item.is_file() or (item.is_symlink() and not item.is_dir())
    except OSError:  # a link to itself
        return True


def _manifest(path: Path) -> Iterator[BatchItem]:
    def check(columns: Sequence[str]) -> None:
        if "path" not in columns:
            message = f"{path} has no column 'path' (columns: {listed(columns)}){closest('path', columns)}"
            raise DysfwError(message, hint=f"optional: {listed(COLUMNS[1:])}. In CSV, commas separate columns.")

    for number, cells, problem in read_rows(path, "manifest", COLUMNS, check, MAX_BYTES):
        name = cells["path"]
        if problem or not name:
            raise DysfwError(f"{path}: row {number}: {problem or 'path is empty'}")
        image = name if is_address(name) else str(path.parent / name)
        yield BatchItem(image, name, cells["patient"], cells["label"], cells["source"])
