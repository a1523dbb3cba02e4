"""The images in a folder and its subfolders: one rule for data sets, batches and single images."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath

from ..errors import DysfwError
from ..util.text import count
from .formats import image_extensions, is_image_file

MAX_EXAMPLES = 10
# What storage systems, operating systems and office programs put beside people's files: thumbnails, recycle bins, locks.
SYSTEM_NAMES = frozenset({
    "@eadir", "@tmp", "@recycle", "@recently-snapshot", "@transcode", "@__thumb", "#recycle", "#snapshot", "#thumbnails",
    "__macosx", "$recycle.bin", "recycler", "system volume information", "lost+found", "network trash folder",
    "temporary items", "thumbs.db", "ehthumbs.db", "ehthumbs_vista.db", "desktop.ini", "icon\r",
})  # fmt: skip
SYSTEM_BEGINNINGS = ("synophoto_thumb", "synophoto_film", "synoindex_", "~$", ".", "~wrl")


@dataclass(slots=True)
class Skipped:
    """What was left out of a folder.

    Attributes:
        system: Hidden files, and what storage systems add; a folder counts as one.
        others: Files whose names are not those of images.
        repeated: Links to what was listed already.
        examples: Names of the first few of each, by the attribute's name.
    """

    system: int = 0
    others: int = 0
    repeated: int = 0
    examples: dict[str, list[str]] = field(default_factory=dict)

    def add(self, kind: str, name: str) -> None:
        """Count a file or a folder.

        Args:
            kind: "system", "others" or "repeated".
            name: Its name within the folder.
        """
        setattr(self, kind, getattr(self, kind) + 1)
        names = self.examples.setdefault(kind, [])
        if len(names) < MAX_EXAMPLES:
            names.append(name)

    def sentences(self) -> dict[str, str]:
        """Say what was left out and why, by kind."""
        texts = {
            "others": f"{count(self.others, 'file')} without an image extension",
            "system": f"{count(self.system, 'hidden or system file')} (thumbnails, recycle bins and the like)",
            "repeated": f"{count(self.repeated, 'link')} to images that are listed already",
        }
        return {kind: text for kind, text in texts.items() if getattr(self, kind)}


def has_image_name(name: str) -> bool:
    """Return whether a file's name has the extension of an image format."""
    return PurePosixPath(name).suffix.lower() in image_extensions()


def is_system_file(name: str) -> bool:
    """Return whether a file or folder is hidden, or made by a storage system and not by a person.

    Args:
        name: Its name, without the folders above it.
    """
    folded = name.casefold()
    return folded in SYSTEM_NAMES or folded.startswith(SYSTEM_BEGINNINGS)


def images_in(folder: Path, skipped: Skipped) -> Iterator[str]:
    """List the images in a folder and its subfolders, including linked ones.

    Real folders come first, sorted; then what is reached only through links. So no folder and no linked file is listed twice,
    and links in a circle end. A link to a missing file is listed: reading it reports why.

    Args:
        folder: The folder.
        skipped: Receives what is left out.

    Yields:
        Names within the folder, with "/" between folders.

    Raises:
        DysfwError: A folder cannot be listed.
    """
    extensions = image_extensions()
    for name in files_in(folder, skipped):
        if PurePosixPath(name).suffix.lower() in extensions or is_image_file(folder / name):
            yield name
        else:
            skipped.add("others", name)


def files_in(folder: Path, skipped: Skipped) -> Iterator[str]:
    """List the files in a folder and its subfolders like ``images_in``, whatever their names."""
    seen: set[tuple[int, int]] = set()  # folders, and files behind links, by device and number
    links: list[tuple[str, str]] = []  # path and name of each link that was met
    yield from _walk(str(folder), "", seen, links, skipped)
    to_files = []
    for path, name in links:  # grows while linked folders are walked
        if os.path.isdir(path):  # noqa: PTH112
            yield from _walk(path, f"{name}/", seen, links, skipped)
        else:
            to_files.append((path, name))
    for path, name in to_files:  # last, when all folders are known
        if _is_new(path, seen):
            yield name
        else:
            skipped.add("repeated", name)


def _walk(path: str, prefix: str, seen: set[tuple[int, int]], links: list[tuple[str, str]], skipped: Skipped) -> Iterator[str]:
    """The real files below a folder; links are collected. Only one folder's entries are in memory at a time."""
    try:
        status = os.stat(path)  # noqa: PTH116
        key = (status.st_dev, status.st_ino)
        if key in seen:
            skipped.add("repeated", prefix.rstrip("/"))
            return
        seen.add(key)
        with os.scandir(path) as listing:
            entries = sorted(listing, key=lambda entry: entry.name)
    except OSError as error:
        raise DysfwError(f"cannot list {path}: {error.strerror or error}") from None
    for entry in entries:
        name = prefix + entry.name
        if is_system_file(entry.name):
            skipped.add("system", name)
        elif entry.is_symlink():
            links.append((entry.path, name))
        elif entry.is_dir(follow_symlinks=False):
            yield from _walk(entry.path, f"{name}/", seen, links, skipped)
        else:
            yield name


def _is_new(path: str, seen: set[tuple[int, int]]) -> bool:
    """Whether the file behind a link was not listed yet. Broken links are new: reading them reports why."""
    target = Path(os.path.realpath(path))
    try:
        status, parent = target.stat(), target.parent.stat()
    except OSError:
        return True
    key = status.st_dev, status.st_ino
    # A store of files without an extension, or in a hidden folder, holds images that only links name.
    listed = has_image_name(target.name) or not has_image_name(path)
    if key in seen or ((parent.st_dev, parent.st_ino) in seen and listed and not is_system_file(target.name)):
        return False
    seen.add(key)
    return True
