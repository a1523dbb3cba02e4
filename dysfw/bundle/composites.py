"""The composites of a bundle: average faces of the training patients of a condition, one file for all of them."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from safetensors import SafetensorError, safe_open

from ..errors import DysfwError
from ..types import UInt8
from .contents import COMPOSITES, CompositeEntry


@dataclass(frozen=True, slots=True, eq=False)
class Composite:
    """The average face of a condition's training patients.

    Attributes:
        pixels: uint8 [S, S, 3], sRGB.
        patients: Number of patients, who have equal weights.
    """

    pixels: UInt8
    patients: int

    @property
    def entry(self) -> CompositeEntry:
        """What the manifest of a bundle says of it."""
        digest = hashlib.sha256(np.ascontiguousarray(self.pixels).data).hexdigest()
        return CompositeEntry(patients=self.patients, px=self.pixels.shape[0], sha256=digest)


def tensor_of(label: str) -> str:
    """Name of a condition's tensor in the file."""
    return f"composite/{label}"


class StoredComposites(Mapping[str, Composite]):
    """The composites of a bundle on disk, by label. Each is read when it is asked for."""

    def __init__(self, folder: Path, entries: Mapping[str, CompositeEntry]) -> None:
        """Create the mapping; nothing is read.

        Args:
            folder: The bundle.
            entries: What its manifest says of its composites, by label.
        """
        self._path = folder / COMPOSITES
        self._entries = entries

    def __getitem__(self, label: str) -> Composite:
        """Read the composite of a condition.

        Raises:
            KeyError: The condition has none.
            DysfwError: The bundle is damaged.
        """
        entry = self._entries[label]
        try:
            with safe_open(self._path, "np") as file:
                pixels = np.asarray(file.get_tensor(tensor_of(label)))
        except (SafetensorError, OSError) as error:
            raise _damaged(self._path, f"the composite of {label!r} cannot be read ({error})") from None
        composite = Composite(pixels, entry.patients)
        if pixels.dtype != np.uint8 or pixels.ndim != 3 or composite.entry != entry:
            raise _damaged(self._path, f"the composite of {label!r} is not the one that its manifest names")
        return composite

    def __iter__(self) -> Iterator[str]:
        """The labels, in the order of the manifest."""
        return iter(self._entries)

    def __len__(self) -> int:
        """Number of composites."""
        return len(self._entries)


def _damaged(path: Path, reason: str) -> DysfwError:
    return DysfwError(f"the bundle {path.parent} is damaged: {reason}", hint="copy or train it again")
