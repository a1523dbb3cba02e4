"""Finds the files that a manifest names, although it was written on another system.

Backslashes, another Unicode normal form and another case of letters are tried, in this order, and only if the file is not there
as written. A name that then fits several files is not used. Nothing is guessed from a part of a path: for that there are
suggestions.
"""

from __future__ import annotations

import os
import re
import unicodedata
from collections import OrderedDict
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

from ..decoding.folders import has_image_name
from ..util.paths import expand_home, is_file_address, local_path

DRIVE = re.compile(r"[A-Za-z]:[\\/]")
MAX_FOLDERS = 256  # whose names are kept in memory
# How a file was found, as findings call it.
BACKSLASHES = "with backslashes between folders"
NORMAL_FORM = "in another Unicode normal form than the files"
LETTER_CASE = "in another case than the files"


class Located(NamedTuple):
    """Where an image of a manifest is.

    Attributes:
        path: The file; if it is missing, the path that was tried.
        exists: Whether there is such a file.
        how: How the name differs from the file's; "" if it does not.
        problem: Why a missing file was not found, if more than that is known.
    """

    path: str
    exists: bool
    how: str = ""
    problem: str = ""


@dataclass(slots=True)
class Locator:
    """Finds files by the names in a manifest.

    Attributes:
        folder: The folder of the manifest, where relative paths start.
    """

    folder: Path
    _names: OrderedDict[str, dict[str, list[str]]] = field(default_factory=OrderedDict)

    def locate(self, text: str) -> Located:
        """Find a file.

        Args:
            text: A path with slashes or backslashes, relative to the manifest or absolute, or an address such as
                ``file:///photos/a%20b.jpg``.
        """
        path = os.path.join(self.folder, text)  # noqa: PTH118  # several times as fast, for millions of rows
        if os.path.exists(path):  # noqa: PTH110
            return Located(path, True)
        if is_file_address(text):
            address = local_path(text)
            return Located(str(address), address.exists())
        if text.startswith("~") and (home := expand_home(Path(text))) != Path(text):
            return Located(str(home), home.exists())
        if DRIVE.match(text) or text.startswith("\\\\"):
            return Located(path, False, problem="a path on another (Windows) machine")
        return self._similar(text)

    def _similar(self, text: str) -> Located:
        """The one file whose name differs only in backslashes, normal form or case."""
        slashed = text.replace("\\", "/")
        whole = Path(slashed)
        here = Path(whole.anchor) if whole.is_absolute() else self.folder
        differs = ""
        for part in whole.parts[1:] if whole.is_absolute() else whole.parts:
            if part in (".", "..") or os.path.exists(here / part):  # noqa: PTH110
                here /= part
                continue
            similar = self._entries(here).get(_folded(part), [])
            same_form = [name for name in similar if _normal(name) == _normal(part)]
            chosen = same_form or similar
            if len(chosen) != 1:
                problem = f"several files differ only in case or Unicode form: {', '.join(chosen)}" if chosen else ""
                return Located(str(self.folder / slashed), False, problem=problem)
            differs = LETTER_CASE if not same_form else differs or NORMAL_FORM
            here /= chosen[0]
        backslashes = BACKSLASHES if slashed != text else ""
        return Located(str(here), True, " and ".join(filter(None, (backslashes, differs))))

    def _entries(self, folder: Path) -> dict[str, list[str]]:
        """Names in a folder by their folded form."""
        key = str(folder)
        if key not in self._names:
            try:
                names = os.listdir(folder)  # noqa: PTH208  # names are enough
            except OSError:
                names = []
            entries: dict[str, list[str]] = {}
            for name in names:
                entries.setdefault(_folded(name), []).append(name)
            self._names[key] = entries
            if len(self._names) > MAX_FOLDERS:
                self._names.popitem(last=False)
        self._names.move_to_end(key)
        return self._names[key]

    def suggestion(self, text: str, located: Located) -> str:
        """Say what is likely wrong with a name of which no file was found.

        Args:
            text: The name in the manifest.
            located: What ``locate`` returned for it.

        Returns:
            A sentence without its full stop.
        """
        parts = [part for part in re.split(r"[\\/]+", text) if part and not DRIVE.match(part + "/")]
        for parent in list(self.folder.resolve().parents)[:2]:
            if parts and (parent / Path(*parts)).is_file():
                return (
                    f"{Path(*parts)} exists in {parent}, but paths start at the folder of the manifest: move the manifest there"
                )
        for start in range(1, len(parts)):
            shorter = Path(*parts[start:])
            if (self.folder / shorter).is_file():
                return f"{shorter} exists in {self.folder}: write paths relative to that folder"
        if located.problem:
            return located.problem
        if not has_image_name(text):
            stem = Path(text.replace("\\", "/")).name
            entries = self._entries(Path(located.path).parent)
            similar = [name for names in entries.values() for name in names if Path(name).stem == stem and has_image_name(name)]
            if similar:
                return f"{similar[0]} exists: add the extension"
        child = next((sub.name for sub in self._subfolders() if parts and (sub / Path(*parts)).is_file()), None)
        if child:
            return f"{Path(*parts)} exists in the folder {child}: write {child}/ before it"
        return f"paths are relative to {self.folder.absolute()}"

    def _subfolders(self) -> list[Path]:
        try:
            return sorted(entry for entry in self.folder.iterdir() if entry.is_dir())[:MAX_FOLDERS]
        except OSError:
            return []


def _normal(name: str) -> str:
    return unicodedata.normalize("NFC", name)


def _folded(name: str) -> str:
    return unicodedata.normalize("NFC", unicodedata.normalize("NFD", name).casefold())
