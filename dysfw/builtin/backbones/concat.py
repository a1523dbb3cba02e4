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

# The filter with which crops are cut. On 336 crops of phantoms, resized crops differ from crops cut at the smaller size by 1.1
# to 1.8 of 255 (root mean square). This moves dlib's embedding by 0.02; two people are 0.6 apart.
FILTER = Pillow.Resampling.BICUBIC
Share = Annotated[float, Field(gt=0)]


class Concat(Backbone):
    """Concatenates the embeddings of several backbones: an ensemble that a head sees as one backbone.

    Crops are cut at the largest input size and resized for the other backbones.

    Heads that standardise each dimension ignore ``shares``: in them a backbone counts by the length of its embedding. All
    built-in heads standardise, except gallery heads with ``metric: plain``.

    Args:
        of: The backbones; at least two.
        unit: Whether to scale each backbone's embedding to length 1, so that they contribute on the same scale.
        shares: Relative weight of each backbone, above 0; null weights all equally. With ``unit`` these are the shares of
            each backbone's cosine similarity in that of the whole embedding, which has length 1. Requires ``unit: true``.
    """

    def __init__(self, of: list[Backbone], unit: bool = True, shares: list[Share] | None = None) -> None:
        if len(of) < 2:
            raise ValueError(f"of must name two backbones or more, found {len(of)}")
        if shares is not None and not unit:
            raise ValueError("shares require unit: true; remove shares or set unit: true")
        if shares is not None and (len(shares) != len(of) or not all(0 < share < np.inf for share in shares)):
            raise ValueError(f"shares must be {len(of)} numbers above 0, one for each backbone, found {shares}")
        self._of, self._unit = tuple(of), unit
        weights = np.array(shares or [1.0] * len(of))
        self._factors = np.sqrt(weights / weights.sum()).astype(np.float32)

    @property
    def input_size(self) -> int:
        """Largest input size of the backbones, px."""
        return max(backbone.input_size for backbone in self._of)

    @property
    def dim(self) -> int:
        """Total length of the embeddings."""
        return sum(backbone.dim for backbone in self._of)

    @property
    def alignment(self) -> Alignment | None:
        """The alignment that all backbones share.

        Raises:
            ValueError: The backbones have different alignments.
        """
        alignments = [backbone.alignment for backbone in self._of]
        if any(one != alignments[0] for one in alignments):
            names = ", ".join(f"{type(b).__name__}: {_name_of(one)}" for b, one in zip(self._of, alignments, strict=True))
            raise ValueError(
                f"the backbones were trained with different alignments ({names}); set crop: {{align: …}} to "
                f"one of {', '.join(ALIGNMENTS)}, or to true for level eyes only"
            )
        return alignments[0]

    def embed(self, crops: UInt8) -> Float32:
        """Embed crops with each backbone and concatenate the embeddings."""
        size = self.input_size
        if crops.dtype != np.uint8 or crops.shape[1:] != (size, size, 3):
            raise ValueError(f"crops must be uint8 [N, {size}, {size}, 3], found {crops.dtype} {list(crops.shape)}")
        embeddings = [backbone.embed(_resize(crops, backbone.input_size)) for backbone in self._of]
        if self._unit:
            embeddings = [factor * l2_normalize(x) for factor, x in zip(self._factors, embeddings, strict=True)]
        return np.concatenate(embeddings, axis=1)

    def weights(self) -> tuple[Weights, ...]:
        """Weight files of all backbones, without duplicates."""
        return tuple({one.sha256: one for backbone in self._of for one in backbone.weights()}.values())

    def load(self) -> None:
        """Load the backbones, one after the other."""
        for backbone in self._of:
            backbone.load()

    def runtimes(self) -> tuple[str, ...]:
        """What executes the backbones, without duplicates."""
        return tuple(dict.fromkeys(name for backbone in self._of for name in backbone.runtimes()))


def _name_of(alignment: Alignment | None) -> str:
    names = [name for name, one in ALIGNMENTS.items() if one == alignment]
    return names[0] if names else "level eyes" if alignment is None else "custom"


def _resize(crops: UInt8, size: int) -> UInt8:
    if crops.shape[1] == size:
        return crops
    resized = np.empty((len(crops), size, size, 3), np.uint8)
    for i, crop in enumerate(crops):
        resized[i] = np.asarray(Pillow.fromarray(np.ascontiguousarray(crop)).resize((size, size), FILTER))
    return resized
