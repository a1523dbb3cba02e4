"""The backbone ``concat``."""

from __future__ import annotations

from typing import Annotated

import numpy as np
from PIL import Image as Pillow
from pydantic import Field

from ...contracts.components import Backbone
from ...imaging.alignment import ALIGNMENTS, Alignment
from ...types import Float32, UInt8, Weights
from .l2_normalize import l2_normalize

# As crops are cut. On 336 crops of phantoms, reduced ones differ from those cut at the smaller size by 1.1 to 1.8 of 255 (root
# mean square), which moves dlib's embedding by 0.02, where two people are 0.6 apart.
FILTER = Pillow.Resampling.BICUBIC
Share = Annotated[float, Field(gt=0)]


class Concat(Backbone):
    """Several trunks as one: their embeddings one after another, for an ensemble that heads see as a single trunk.

    of: the trunks, two or more. Crops come at the largest of their input sizes; a trunk that takes smaller ones gets them
    reduced. unit: bring each trunk's embedding to length 1, so that none drowns the others by its scale. shares: how much each
    trunk counts, above 0, in proportion; None: all the same. With ``unit`` they are the shares of the trunks' own cosines in
    the cosine of the whole, which has length 1; without it they may not be given.

    Heads that standardise each number do not see the shares: for them a trunk counts by how many numbers it has. All do but
    those that keep cases and are told ``metric: plain``.
    """

    def __init__(self, of: list[Backbone], unit: bool = True, shares: list[Share] | None = None) -> None:
        if len(of) < 2:
            raise ValueError(f"of must name two backbones or more, found {len(of)}")
        if shares is not None and not unit:
            raise ValueError("shares are parts of a cosine, which needs unit: true; leave shares out, or unit")
        if shares is not None and (len(shares) != len(of) or not all(0 < share < np.inf for share in shares)):
            raise ValueError(f"shares must be {len(of)} numbers above 0, one for each backbone, found {shares}")
        self._of, self._unit = tuple(of), unit
        parts = np.array(shares or [1.0] * len(of))
        self._factors = np.sqrt(parts / parts.sum()).astype(np.float32)

    @property
    def input_size(self) -> int:
        """The largest of the trunks'."""
        return max(backbone.input_size for backbone in self._of)

    @property
    def dim(self) -> int:
        return sum(backbone.dim for backbone in self._of)

    @property
    def alignment(self) -> Alignment | None:
        """The one on which the trunks agree. Raises ValueError where they do not."""
        found = [backbone.alignment for backbone in self._of]
        if any(one != found[0] for one in found):
            told = ", ".join(f"{type(backbone).__name__} {_called(one)}" for backbone, one in zip(self._of, found, strict=True))
            raise ValueError(
                f"the trunks were trained on faces placed differently ({told}); choose with crop: {{align: …}}, "
                f"one of {', '.join(ALIGNMENTS)}, or true for level eyes alone"
            )
        return found[0]

    def embed(self, crops: UInt8) -> Float32:
        size = self.input_size
        if crops.dtype != np.uint8 or crops.shape[1:] != (size, size, 3):
            raise ValueError(f"crops must be uint8 [N, {size}, {size}, 3], found {crops.dtype} {list(crops.shape)}")
        parts = [backbone.embed(_reduced(crops, backbone.input_size)) for backbone in self._of]
        if self._unit:
            parts = [factor * l2_normalize(part) for factor, part in zip(self._factors, parts, strict=True)]
        return np.concatenate(parts, axis=1)

    def weights(self) -> tuple[Weights, ...]:
        """All trunks', each file once."""
        return tuple({one.sha256: one for backbone in self._of for one in backbone.weights()}.values())


def _called(alignment: Alignment | None) -> str:
    names = [name for name, one in ALIGNMENTS.items() if one == alignment]
    return names[0] if names else "with level eyes" if alignment is None else "in its own way"


def _reduced(crops: UInt8, size: int) -> UInt8:
    """The crops at a smaller size; as they are where it is their own."""
    if crops.shape[1] == size:
        return crops
    reduced = np.empty((len(crops), size, size, 3), np.uint8)
    for i, crop in enumerate(crops):
        reduced[i] = Pillow.fromarray(np.ascontiguousarray(crop)).resize((size, size), FILTER)
    return reduced
