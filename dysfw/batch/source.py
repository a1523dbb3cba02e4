"""The images of a batch's source: a folder, a pattern, a manifest or an address."""

from __future__ import annotations

import glob
import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath

from ..data.findings import Finding
from ..data.manifest import open_manifest
from ..decoding.folders import Skipped, has_image_name, images_in, is_system_file
from ..errors import DysfwError
from ..tables.read import TABLES, is_table
from ..tables.remarks import RowsByKey
from ..util.paths import local_path
from ..util.text import count
from .item import BatchItem
from .remote import WILDCARD, is_address, list_addresses, open_file_system

MAX_BYTES = 64 * 2**30
MAX_CONSECUTIVE_UNREADABLE = 32  # existing images; more than that means that the disk or service fails


@dataclass(slots=True)
class Listing:
    """Lists the images at a source, always in the same order.

    Attributes:
        text: The source: a folder, a pattern, a manifest, an image or an address.
        skipped: What was left out, complete after all entries are listed.
        findings: What was recognised or changed in a manifest, complete after all entries are listed.
    """

    text: str
    skipped: Skipped = field(default_factory=Skipped)
    findings: list[Finding] = field(default_factory=list)

    def entries(self) -> Iterator[BatchItem]:
        """List the images.

        Yields:
            The images, in order.

        Raises:
            DysfwError: The source does not exist or cannot be read.
        """
        text, path = self.text, local_path(self.text)
        if is_address(text):
            yield from self._addresses(text)
        elif path.is_dir():
            yield from self._folder(path)
        elif path.is_file() and is_table(path):
            yield from self._manifest(path)
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
        root = local_path(self.text)
        while WILDCARD.search(str(root)) and not root.exists():
            root = root.parent
        return root.exists()

    @property
    def manifest(self) -> Path | None:
        """A manifest in the source folder, which is not read unless it is the source itself; None if there is none."""
        if is_address(self.text):
            return None
        paths = (local_path(self.text) / f"manifest{suffix}" for suffix in TABLES)
        return next((path for path in paths if path.is_file()), None)

    def _folder(self, folder: Path) -> Iterator[BatchItem]:
        for name in images_in(folder, self.skipped):
            yield BatchItem(str(folder / name), name)
        for name in self.skipped.examples.get("unlisted", ()):  # its row says why, so that the table is not taken for complete
            yield BatchItem(str(folder / name), name)

    def _pattern(self, pattern: str) -> Iterator[BatchItem]:
        # Path.glob rejects absolute patterns.
        names = sorted(name for name in glob.iglob(pattern, recursive=True) if not Path(name).is_dir())  # noqa: PTH207
        # Only what the wildcards stand for can be a system folder: people may keep their photos in one.
        found = WILDCARD.search(pattern)
        fixed = len(Path(os.path.dirname(pattern[: found.start()])).parts) if found else 0  # noqa: PTH120  # keeps "a" of "a/"
        for name in self._images((name, any(map(is_system_file, Path(name).parts[fixed:]))) for name in names):
            yield BatchItem(name, name)

    def _addresses(self, source: str) -> Iterator[BatchItem]:
        for address in self._images(list_addresses(source)):
            yield BatchItem(address, address)

    def _images(self, names: Iterable[tuple[str, bool]]) -> Iterator[str]:
        """The images among names, each with whether it is that of a system file."""
        for name, is_system in names:
            if is_system:
                self.skipped.add("system", name)
            elif has_image_name(PurePosixPath(name).name):
                yield name
            else:
                self.skipped.add("others", name)

    def _manifest(self, path: Path) -> Iterator[BatchItem]:
        manifest = open_manifest(path, MAX_BYTES, labelled=False, is_address=is_address)
        invalid = RowsByKey()
        for row in manifest.rows():
            if row.problem:
                invalid[row.problem].add(row.number)
            elif not invalid:
                yield BatchItem(row.image, row.name, row.values["patient"], row.values["label"], row.values["source"])
        if invalid:
            lines = "\n".join(f"  {rows}: {problem}" for problem, rows in invalid.items())
            raise DysfwError(f"{count(len(invalid), 'problem')} in {path}:\n{lines}")
        if error := manifest.none_there():
            raise error
        self.findings += manifest.findings()
