"""Where weight files are: inside a plugin, in this user's store, or in the Hugging Face hub's cache."""

from __future__ import annotations

import contextlib
import os
import shutil
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from ..errors import DysfwError
from ..registry.hookspecs import WeightsSpec
from ..util.files import packaged_file, sha256_of
from .hub import cached_file, stated_sha256

Condition = Literal["here", "missing", "damaged"]


@dataclass(frozen=True, slots=True)
class Found:
    """path: None where the file is missing. sha256: what the file should have; "" where nobody says. problem: what is wrong
    with a file that is damaged."""

    condition: Condition
    path: Path | None
    sha256: str
    problem: str = ""


def store_folder() -> Path:
    """DYSFW_HOME/weights, or else dysfw/weights in the user's cache folder. Raises DysfwError for a user without a home."""
    own, cache = os.environ.get("DYSFW_HOME"), os.environ.get("XDG_CACHE_HOME")
    try:
        home = Path(own).expanduser() if own else Path(cache or "~/.cache").expanduser() / "dysfw"
    except RuntimeError:  # a user without a home, as in some containers
        raise DysfwError("there is no home folder to keep weights in", hint="set DYSFW_HOME to a folder for them") from None
    return home / "weights"


def stored_path(spec: WeightsSpec) -> Path:
    """Where the store keeps a file that is fetched: by its hash, so that another version is another file."""
    return store_folder() / spec.sha256[:16] / spec.file.rpartition("/")[2]


def look(spec: WeightsSpec, *, thoroughly: bool = False) -> Found:
    """What there is of a weight file on this machine. thoroughly: hash it, and do not only compare its size."""
    path = _path(spec)
    if path is None:
        return Found("missing", None, spec.sha256)
    wanted = spec.sha256 or (stated_sha256(path) if spec.hub else "")
    size = path.stat().st_size
    if spec.exact_bytes and size != spec.exact_bytes:
        return Found("damaged", path, wanted, f"it has {size:,} bytes instead of {spec.size:,}")
    if thoroughly and wanted and (own := sha256_of(path)) != wanted:
        return Found("damaged", path, wanted, f"its sha256 is {own} instead of {wanted}")
    return Found("here", path, wanted)


def _path(spec: WeightsSpec) -> Path | None:
    if spec.ships:
        return packaged_file(spec.file)
    if spec.sha256 and (path := stored_path(spec)).is_file():
        return path
    return cached_file(spec.hub, spec.file, spec.revision) if spec.hub else None


@contextlib.contextmanager
def explained(folder: Path) -> Iterator[None]:
    """Turns what the system says of the store into what the user can do."""
    try:
        yield
    except (OSError, NotImplementedError) as error:  # the latter: a file system that knows no locks
        raise DysfwError(
            f"cannot write weights to {folder}: {getattr(error, 'strerror', None) or error}",
            hint="make room there or allow writing, or name another folder with the environment variable DYSFW_HOME",
        ) from None


def make_folder(folder: Path) -> None:
    """The folder in the store, which is made for this user alone; whoever shares it afterwards keeps it shared."""
    store_folder().mkdir(0o700, parents=True, exist_ok=True)
    folder.mkdir(exist_ok=True)


def import_file(spec: WeightsSpec, source: Path) -> Path:
    """Take a file that the user has brought into the store, if it is the right one. Raises DysfwError where it is not."""
    if not source.is_file():
        raise DysfwError(f"no such file: {source}")
    size, own = source.stat().st_size, sha256_of(source)
    if own != spec.sha256:
        expected = f"{spec.size:,} bytes, sha256 {spec.sha256}" if spec.exact_bytes else f"sha256 {spec.sha256}"
        raise DysfwError(f"{source} ({size:,} bytes, sha256 {own}) is not {spec.file}, which has {expected}")
    target = stored_path(spec)
    with explained(target.parent):
        make_folder(target.parent)
        with tempfile.TemporaryDirectory(dir=target.parent) as scratch:
            shutil.copyfile(source, Path(scratch) / target.name)
            (Path(scratch) / target.name).replace(target)
    return target
