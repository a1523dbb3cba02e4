"""Lets phantoms agree to composites, which patients have to be asked for."""

from __future__ import annotations

import csv
import io
from pathlib import Path

from dysfw.plugin import DysfwError, atomic_write

from .dataset import MANIFEST

COLUMN = "composite_consent"


def add_consent(folder: Path) -> None:
    """Add the column ``composite_consent`` with yes in every row to the manifest of a data set, unless it is there.

    Args:
        folder: The finished data set. Its other files and its fingerprint stay.

    Raises:
        DysfwError: The manifest cannot be read or written.
    """
    path = folder / MANIFEST
    try:
        with path.open(encoding="utf-8", newline="") as file:
            header, *rows = csv.reader(file)
        if COLUMN in header:
            return
        text = io.StringIO()
        writer = csv.writer(text, lineterminator="\n")
        writer.writerow([*header, COLUMN])
        writer.writerows([*row, "yes"] for row in rows)
        with atomic_write(path) as unfinished:
            unfinished.write_text(text.getvalue(), "utf-8")
    except OSError as error:
        raise DysfwError(f"cannot change {path}: {error.strerror or error}", hint="run the same command again") from None


def manifest_without_consent(folder: Path) -> bytes:
    """The manifest of a data set as it was drawn, before ``add_consent``."""
    content = (folder / MANIFEST).read_bytes()
    if not content.partition(b"\n")[0].endswith(f",{COLUMN}".encode()):
        return content
    text = io.StringIO()
    rows = csv.reader(io.StringIO(content.decode("utf-8"), newline=""))
    csv.writer(text, lineterminator="\n").writerows(row[:-1] for row in rows)
    return text.getvalue().encode()
