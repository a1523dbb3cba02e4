"""Named arrays in a safetensors file that is written atomically and checked by its sha256 when it is read."""

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
class ArrayFile:
    """The content of a file.

    Attributes:
        arrays: Arrays by name.
        values: Further values, which must be JSON.
    """

    arrays: Mapping[str, Array]
    values: Mapping[str, Any]


def write_array_file(path: Path, content: ArrayFile) -> None:
    """Write a file under a temporary name, flush it to the disk, and rename it to ``path``.

    Args:
        path: The file to write or replace.
        content: Arrays and values.

    Raises:
        DysfwError: The file cannot be written, for example because the disk is full. An existing file is unchanged.
    """
    arrays = {name: np.asarray(array, order="C") for name, array in content.arrays.items()}
    values = json.dumps(content.values)
    try:
        with atomic_write(path) as unfinished:
            save_file(arrays, unfinished, {"values": values, "sha256": _digest(arrays, values)})
    except (OSError, SafetensorError) as error:
        raise DysfwError(
            f"cannot write {path}: {error}", hint="free disk space or choose another folder, then run the command again"
        ) from None


def read_array_file(path: Path) -> ArrayFile:
    """Read a file and verify its sha256.

    Raises:
        FileNotFoundError: There is no such file.
        ValueError: The file is damaged; the message says how.
    """
    if not path.is_file():
        raise FileNotFoundError(path)
    try:
        with safe_open(path, framework="numpy") as file:
            metadata = file.metadata() or {}
            arrays = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118  # it is no mapping
    except (SafetensorError, OSError) as error:
        raise ValueError(f"it is incomplete or not a safetensors file ({error})") from None
    values = metadata.get("values", "")
    if metadata.get("sha256") != _digest(arrays, values):
        raise ValueError("its content has changed since it was written (the sha256 differs)")
    return ArrayFile(arrays, json.loads(values))


def _digest(arrays: Mapping[str, Array], values: str) -> str:
    digest = hashlib.sha256(values.encode())
    for name, array in sorted(arrays.items()):
        digest.update(f"{name} {array.dtype} {list(array.shape)}\n".encode())
        digest.update(array.reshape(-1).view(np.uint8).data)
    return digest.hexdigest()
