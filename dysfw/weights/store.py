"""Finds weight files on this machine: in a plugin, in the user's store, or in the cache of the Hugging Face hub."""

from __future__ import annotations

import contextlib
import shutil
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from ..errors import DysfwError
from ..registry.hookspecs import WeightsSpec
from ..util.atomic import replace_file
from ..util.files import packaged_file, sha256_of
from ..util.remembered import known_sha256
from .folders import store_folder
from .hub import cached_file, stated_sha256

Condition = Literal["here", "missing", "damaged"]


@dataclass(frozen=True, slots=True)
class FileStatus:
    """Status of a weight file on this machine.

    Attributes:
        condition: "here", "missing" or "damaged".
        path: The file; None if it is missing.
        sha256: The hash that the file should have; "" if unknown.
        problem: What is wrong with a damaged file.
    """

    condition: Condition
    path: Path | None
    sha256: str
    problem: str = ""


def stored_path(spec: WeightsSpec) -> Path:
    """Return the path of a file in the store. It contains the hash, so that versions do not overwrite each other."""
    return store_folder() / spec.sha256[:16] / spec.file.rpartition("/")[2]


def file_status(spec: WeightsSpec, *, verify_hash: bool = False, trust_known: bool = False) -> FileStatus:
    """Check a weight file on this machine.

    Args:
        spec: The weights.
        verify_hash: Whether to check the hash, rather than to compare the size only.
        trust_known: Whether an unchanged file need not be read again; see ``dysfw.util.remembered.known_sha256``.

    Returns:
        The status.
    """
    path = _path(spec)
    if path is None:
        return FileStatus("missing", None, spec.sha256)
    expected = spec.sha256 or (stated_sha256(path) if spec.hub else "")
    size = path.stat().st_size
    if spec.exact_bytes and size != spec.exact_bytes:
        return FileStatus("damaged", path, expected, f"it has {size:,} bytes instead of {spec.size:,}")
    digest = known_sha256 if trust_known else sha256_of
    if verify_hash and expected and (actual := digest(path)) != expected:
        return FileStatus("damaged", path, expected, f"its sha256 is {actual} instead of {expected}")
    return FileStatus("here", path, expected)


def _path(spec: WeightsSpec) -> Path | None:
    if spec.ships:
        return packaged_file(spec.file)
    with contextlib.suppress(DysfwError):  # without a home folder there is no store, and so no file in it
        if spec.sha256 and (path := stored_path(spec)).is_file():
            return path
    return cached_file(spec.hub, spec.file, spec.revision) if spec.hub else None


@contextlib.contextmanager
def explained_errors(folder: Path) -> Iterator[None]:
    """Turn errors of the operating system while writing to the store into errors that say what to do.

    Args:
        folder: The folder that is written to.

    Yields:
        Nothing.

    Raises:
        DysfwError: The folder cannot be written.
    """
    try:
        yield
    except (OSError, NotImplementedError) as error:  # NotImplementedError: a file system without locks
        raise DysfwError(
            f"cannot write weights to {folder}: {getattr(error, 'strerror', None) or error}",
            hint="free space there or allow writing, or set the environment variable DYSFW_HOME to another folder",
        ) from None


def make_folder(folder: Path) -> None:
    """Create a folder in the store. A new store is private to the user; the permissions of an existing one stay.

    Args:
        folder: The folder.
    """
    store_folder().mkdir(0o700, parents=True, exist_ok=True)
    folder.mkdir(exist_ok=True)


def import_file(spec: WeightsSpec, source: Path) -> Path:
    """Copy a file that the user downloaded into the store.

    Args:
        spec: The weights.
        source: The file.

    Returns:
        The path in the store.

    Raises:
        DysfwError: The file is missing or not the right one, or the store cannot be written.
    """
    if not source.is_file():
        raise DysfwError(f"no such file: {source}")
    size, actual = source.stat().st_size, sha256_of(source)
    if actual != spec.sha256:
        expected = f"{spec.size:,} bytes, sha256 {spec.sha256}" if spec.exact_bytes else f"sha256 {spec.sha256}"
        raise DysfwError(f"{source} ({size:,} bytes, sha256 {actual}) is not {spec.file}, which has {expected}")
    target = stored_path(spec)
    with explained_errors(target.parent):
        make_folder(target.parent)
        with tempfile.TemporaryDirectory(dir=target.parent) as scratch:
            shutil.copyfile(source, Path(scratch) / target.name)
            replace_file(Path(scratch) / target.name, target)
    return target
