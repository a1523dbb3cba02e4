"""Tables that take a second to compile and are kept in the user's private cache. Nothing depends on the cache.

Without a cache, with DYSFW_CACHE=off, or if a file is damaged, the tables are compiled again. Only what follows from public
data is kept: nothing of a patient.
"""

from __future__ import annotations

import contextlib
import json
import os
import tempfile
import zipfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

from dysfw.plugin import DysfwError, private_cache_folder, replace_file

FOLDER = "hpo"
TEXT = "text"  # the array that holds everything that is no array, as JSON
Sparse: TypeAlias = Any  # a sparse matrix: scipy has no types
Arrays = dict[str, npt.NDArray[Any]]
Tables = tuple[Arrays, dict[str, Any]]  # arrays, and plain JSON values


def compiled(name: str, key: str, compile_tables: Callable[[], Tables]) -> Tables:
    """Return tables from the cache, or compile and keep them.

    Args:
        name: What they are, such as "ontology".
        key: Hex digest over everything that they depend on.
        compile_tables: Compiles them.

    Returns:
        The tables.
    """
    folder = None
    with contextlib.suppress(DysfwError):
        folder = private_cache_folder(FOLDER)
    path = folder / f"{name}-{key[:32]}.npz" if folder else None
    if path and (known := _read(path)):
        return known
    tables = compile_tables()
    if path:
        with contextlib.suppress(OSError):
            _write(path, *tables)
    return tables


def _read(path: Path) -> Tables | None:
    """Read a file; None if there is none, or if it is damaged, which its checksums show."""
    try:
        with np.load(path, allow_pickle=False) as file:
            arrays = {key: file[key] for key in file.files}
        values = json.loads(arrays.pop(TEXT).tobytes())
    except (OSError, EOFError, KeyError, ValueError, zipfile.BadZipFile):
        return None
    return arrays, values


def _write(path: Path, arrays: Arrays, values: Mapping[str, Any]) -> None:
    """Write a file under a name of its own and rename it, so that several processes may do so at once."""
    path.parent.mkdir(0o700, parents=True, exist_ok=True)
    text = np.frombuffer(json.dumps(values, separators=(",", ":")).encode(), np.uint8)
    descriptor, unfinished = tempfile.mkstemp(dir=path.parent, prefix=f".{path.stem}-")
    try:
        with os.fdopen(descriptor, "wb") as file:
            np.savez(file, allow_pickle=False, **arrays, **{TEXT: text})
        replace_file(Path(unfinished), path)
    finally:
        Path(unfinished).unlink(missing_ok=True)
