"""What SOURCE names: a folder, a pattern, a manifest or an address, and the photographs in it, in a lasting order."""

from __future__ import annotations

import glob
import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath

from ..errors import DysfwError
from ..imaging.decode import EXTENSIONS
from ..util.tables import read_rows
from ..util.text import closest, listed
from .item import BatchItem
from .remote import MAGIC, is_address, list_addresses, system_of

MANIFESTS = (".csv", ".parquet")
COLUMNS = ("path", "patient", "label", "source")
MAX_BYTES = 64 * 2**30
GONE = 32  # photographs one after the other that are there and could not be read: the trouble is with their disk or service


@dataclass(slots=True)
class Listing:
    """ignored: how many files were no photographs, known once all entries have been taken."""

    text: str
    ignored: int = field(default=0)

    def entries(self) -> Iterator[BatchItem]:
        """Raises DysfwError where there is nothing at SOURCE, or it cannot be read."""
        text, path = self.text, Path(self.text).expanduser()
        if is_address(text):
            yield from self._addresses(text)
        elif path.is_dir():
            yield from self._folder(path)
        elif path.is_file() and path.suffix.lower() in MANIFESTS:
            yield from _manifest(path)
        elif path.is_file():
            yield BatchItem(str(path), path.name)
        elif MAGIC.search(text):
            yield from self._pattern(str(path))
        else:
            raise DysfwError(
                f"there is nothing at {text}",
                hint="SOURCE is a folder, a pattern in quotes, a manifest with a column path, or an address such as s3://…",
            )

    def is_there(self) -> bool:
        """Whether the source itself can still be reached."""
        if is_address(self.text):
            try:
                system, path = system_of(self.text)
                return bool(MAGIC.search(path)) or bool(system.exists(path))
            except Exception:  # whatever the service says, it is not there
                return False
        root = Path(self.text).expanduser()
        while MAGIC.search(str(root)):
            root = root.parent
        return root.exists()

    @property
    def manifest(self) -> Path | None:
        """One that lies in the folder, and is not read where the folder is the source."""
        if is_address(self.text):
            return None
        found = (Path(self.text).expanduser() / f"manifest{suffix}" for suffix in MANIFESTS)
        return next((path for path in found if path.is_file()), None)

    def _folder(self, folder: Path) -> Iterator[BatchItem]:
        for name in self._images(_walked(folder, "")):
            yield BatchItem(str(folder / name), name)

    def _pattern(self, pattern: str) -> Iterator[BatchItem]:
        # not Path.glob: that takes no absolute patterns
        found = sorted(name for name in glob.iglob(pattern, recursive=True) if not Path(name).is_dir())  # noqa: PTH207
        for name in self._images(iter(found)):
            yield BatchItem(name, name)

    def _addresses(self, source: str) -> Iterator[BatchItem]:
        for address in self._images(list_addresses(source)):
            yield BatchItem(address, address)

    def _images(self, names: Iterator[str]) -> Iterator[str]:
        for name in names:
            if PurePosixPath(name).suffix.lower() in EXTENSIONS:
                yield name
            else:
                self.ignored += 1


def _walked(folder: Path, inside: str) -> Iterator[str]:
    """Names of the files in a folder and those in it, sorted within each, hidden ones left out; never all of them in memory."""
    try:
        with os.scandir(folder) as found:
            entries = sorted((e for e in found if not e.name.startswith(".")), key=lambda e: e.name)
    except OSError as error:
        raise DysfwError(f"cannot list {folder}: {error.strerror or error}") from None
    for item in entries:
        if item.is_dir(follow_symlinks=False):
            yield from _walked(Path(item.path), f"{inside}{item.name}/")
        elif _is_file(item):
            yield inside + item.name


def _is_file(item: os.DirEntry[str]) -> bool:
    """A link that leads nowhere counts: what it stands for is missing, which somebody ought to know."""
    try:
        return item.is_file() or (item.is_symlink() and not item.is_dir())
    except OSError:  # a link that leads to itself
        return True


def _manifest(path: Path) -> Iterator[BatchItem]:
    def check(found: Sequence[str]) -> None:
        if "path" not in found:
            message = f"{path} has no column 'path' (found: {listed(found)}){closest('path', found)}"
            raise DysfwError(message, hint=f"optional: {listed(COLUMNS[1:])}. In CSV, commas separate columns.")

    for number, cells, problem in read_rows(path, "manifest", COLUMNS, check, MAX_BYTES):
        name = cells["path"]
        if problem or not name:
            raise DysfwError(f"{path}: row {number}: {problem or 'path is empty'}")
        image = name if is_address(name) else str(path.parent / name)
        yield BatchItem(image, name, cells["patient"], cells["label"], cells["source"])
