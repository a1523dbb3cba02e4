"""Files that no kill, full disk or bad sector turns into something believed: whole or not there, and checked on reading.

A file is safetensors: named arrays, and in its metadata plain JSON values and a sha256 over all of both.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from safetensors import SafetensorError, safe_open
from safetensors.numpy import save_file

from ...errors import DysfwError
from ...util.atomic import atomic_write

Array = npt.NDArray[np.generic]


@dataclass(frozen=True, slots=True, eq=False)
class Stored:
    """What a file holds. arrays: by name. values: JSON."""

    arrays: Mapping[str, Array]
    values: Mapping[str, Any]


def write_stored(path: Path, stored: Stored) -> None:
    """Write under another name, flush to the disk, and only then take the place of what ``path`` was before.

    Raises DysfwError where the system refuses (a full disk …); what was there before is then untouched.
    """
    arrays = {name: np.asarray(array, order="C") for name, array in stored.arrays.items()}
    values = json.dumps(stored.values)
    try:
        with atomic_write(path) as unfinished:
            save_file(arrays, unfinished, {"values": values, "sha256": _digest(arrays, values)})
    except (OSError, SafetensorError) as error:
        raise DysfwError(f"cannot write {path}: {error}", hint="make room or name another folder, then run it again") from None


def read_stored(path: Path) -> Stored:
    """Raises ValueError, with what is wrong, where the file is not as it was written; FileNotFoundError where there is none."""
    if not path.is_file():
        raise FileNotFoundError(path)
    try:
        with safe_open(path, framework="numpy") as file:
            metadata = file.metadata() or {}
            arrays = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118  # it is no mapping
    except (SafetensorError, OSError) as error:
        raise ValueError(f"it is incomplete or no such file ({error})") from None
    values = metadata.get("values", "")
    if metadata.get("sha256") != _digest(arrays, values):
        raise ValueError("its content is not what was written (the sha256 differs)")
    return Stored(arrays, json.loads(values))


def _digest(arrays: Mapping[str, Array], values: str) -> str:
    digest = hashlib.sha256(values.encode())
    for name, array in sorted(arrays.items()):
        digest.update(f"{name} {array.dtype} {list(array.shape)}\n".encode())
        digest.update(array.reshape(-1).view(np.uint8).data)
    return digest.hexdigest()
