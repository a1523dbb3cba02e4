"""Frozen data sets: shipped specs whose images never change, so that results of different people can be compared."""

from __future__ import annotations

import csv
import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from pathlib import Path

import yaml

from dysfw.plugin import DysfwError, Progress, sha256_of

from .consent import manifest_without_consent
from .dataset import MANIFEST


@dataclass(frozen=True, slots=True)
class Frozen:
    """Hashes of a frozen data set.

    Attributes:
        manifest: SHA-256 of the manifest.
        images: SHA-256 over the names and contents of all images; see ``images_hash``.
    """

    manifest: str
    images: str


@cache
def frozen_specs() -> Mapping[str, Frozen]:
    """Return the hashes of the frozen data sets by the name of their spec."""
    loaded = yaml.safe_load((files(__package__) / "frozen.yaml").read_text("utf-8"))
    return {name: Frozen(**hashes) for name, hashes in loaded.items()}


def images_hash(folder: Path, progress: Progress) -> str:
    """Hash all images of a data set, in the order of the manifest.

    Args:
        folder: The data set.
        progress: Receives the progress.

    Returns:
        SHA-256 of the lines "SHA-256 of the image, two spaces, its path", as ``sha256sum`` writes them.

    Raises:
        DysfwError: An image cannot be read.
    """
    with (folder / MANIFEST).open(encoding="utf-8", newline="") as file:
        paths = [row["path"] for row in csv.DictReader(file)]
    total = hashlib.sha256()
    try:
        for path in progress.track(paths, "comparing with the frozen data set", len(paths), "images"):
            total.update(f"{sha256_of(folder / path)}  {path}\n".encode())
    except OSError as error:
        raise DysfwError(
            f"cannot read {error.filename}: {error.strerror}", hint="delete the data set, and draw it again"
        ) from None
    return total.hexdigest()


def compare(name: str, folder: Path, progress: Progress) -> str:
    """Compare a data set with the frozen one.

    Args:
        name: Name of its spec, one of ``frozen_specs``.
        folder: The data set.
        progress: Receives the progress.

    Returns:
        A sentence that says whether they are the same.

    Raises:
        DysfwError: A file cannot be read.
    """
    expected = frozen_specs()[name]
    if hashlib.sha256(manifest_without_consent(folder)).hexdigest() != expected.manifest:
        return f"{folder / MANIFEST} is not that of the frozen data set {name}: do not compare results with those of others"
    if images_hash(folder, progress) == expected.images:
        return f"this is the frozen data set {name}: manifest and images are the same to the bit"
    return (
        f"the patients are those of the frozen data set {name}, but the images are not the same to the bit, as on another kind "
        "of processor or with another version of numpy; say so beside your results"
    )
