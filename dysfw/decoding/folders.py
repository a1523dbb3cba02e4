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
        unlisted: Folders that cannot be listed.
        examples: Names of the first few of each, by the attribute's name; of the folders that cannot be listed, all.
    """

    system: int = 0
    others: int = 0
    repeated: int = 0
    unlisted: int = 0
    examples: dict[str, list[str]] = field(default_factory=dict)

    def add(self, kind: str, name: str) -> None:
        """Count a file or a folder.

        Args:
            kind: "system", "others", "repeated" or "unlisted".
            name: Its name within the folder.
        """
        setattr(self, kind, getattr(self, kind) + 1)
        names = self.examples.setdefault(kind, [])
        if len(names) < MAX_EXAMPLES or kind == "unlisted":
            names.append(name)

    def sentences(self) -> dict[str, str]:
        """Say what was left out and why, by kind."""
        texts = {
            "others": f"{count(self.others, 'file')} without an image extension",
            "system": f"{count(self.system, 'hidden or system file')} (thumbnails, recycle bins and the like)",
            "repeated": f"{count(self.repeated, 'link')} to images that are listed already",
            "unlisted": f"{count(self.unlisted, 'folder')} that cannot be listed",
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


def leads_back(link: str, root: Path) -> bool:
    """Return whether a link leads to a folder that holds a data set, or that is listed in it anyway.

    Args:
        link: A link to a folder.
        root: The folder of the data set. What it has in hidden folders is not listed, so links may lead there.
    """
    target, top = Path(os.path.realpath(link)), Path(os.path.realpath(root))
    if not target.is_relative_to(top):
        return top.is_relative_to(target)
    return not any(map(is_system_file, target.relative_to(top).parts))


def images_in(folder: Path, skipped: Skipped, root: Path | None = None) -> Iterator[str]:
    """List the images in a folder and its subfolders, including linked ones.

    Real folders come first, sorted; then what is reached only through links. So no folder and no linked file is listed twice,
    and links in a circle end. A link to a missing file is listed: reading it reports why. Folders that cannot be listed are
    left out.

    Args:
        folder: The folder.
        skipped: Receives what is left out.
        root: The folder of a data set of which ``folder`` is a part; links to other parts of it are left out. None if it is no
            part.

    Yields:
        Names within the folder, with "/" between folders.

    Raises:
        DysfwError: The folder itself cannot be listed, and is no part of a data set.
    """
    extensions = image_extensions()
    for name in files_in(folder, skipped, root):
        if PurePosixPath(name).suffix.lower() in extensions or is_image_file(folder / name):
            yield name
        else:
            skipped.add("others", name)


def files_in(folder: Path, skipped: Skipped, root: Path | None = None) -> Iterator[str]:
    """List the files in a folder and its subfolders like ``images_in``, whatever their names."""
    seen: set[tuple[int, int]] = set()  # folders, and files behind links, by device and number
    links: list[tuple[str, str]] = []  # path and name of each link that was met
    try:
        yield from _walk(str(folder), "", seen, links, skipped)
    except OSError as error:
        if not root:
            raise DysfwError(f"cannot list {folder}: {error.strerror or error}") from None
        skipped.add("unlisted", "")
    to_files = []
    for path, name in links:  # grows while linked folders are walked
        if not os.path.isdir(path):  # noqa: PTH112
            to_files.append((path, name))
        elif root and leads_back(path, root):
            skipped.add("repeated", name)
        else:
            yield from _walk(path, f"{name}/", seen, links, skipped)
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
    except OSError:
        if not prefix:
            raise
        skipped.add("unlisted", prefix.rstrip("/"))
        return
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
