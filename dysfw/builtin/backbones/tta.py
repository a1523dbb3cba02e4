"""The backbone ``tta``."""

from __future__ import annotations

from typing import Annotated

import numpy as np
from pydantic import Field

from ...contracts.components import Backbone
from ...imaging.alignment import Alignment
from ...imaging.warp import warp
from ...types import Float32, UInt8, Weights
from .l2_normalize import l2_normalize

MIN_SCALE, MAX_SCALE = 0.5, 2.0
MAX_SCALES = 16
Scale = Annotated[float, Field(ge=MIN_SCALE, le=MAX_SCALE)]
MAX_BATCH_BYTES = 2**28  # of the views that the backbone embeds in one call


class Tta(Backbone):
    """Test-time augmentation: averages a backbone's embeddings over several views of each crop.

    Averaging reduces the influence of incidental details of a crop. The backbone's run time is multiplied by the number of
    views. GestaltMatcher-Arc (Hustinx et al., WACV 2023) averages over the original and the flipped face, in colour and grey.

    Args:
        of: The backbone; may be a ``concat``.
        flip: Whether to add a mirrored copy of each view. A crop and its mirror image then have the same embedding; set it to
            false if the side matters.
        scales: 1 to 16 scales of the views about the crop's centre, each 0.5 to 2. Above 1 the face is larger; below 1 the
            crop is extended by reflection. Null uses the crop as it is.
        unit: Whether to scale each view's embedding to length 1 before averaging.
    """

    def __init__(self, of: Backbone, flip: bool = True, scales: list[Scale] | None = None, unit: bool = True) -> None:
        chosen = [1.0] if scales is None else scales
        if not 1 <= len(chosen) <= MAX_SCALES or not all(MIN_SCALE <= scale <= MAX_SCALE for scale in chosen):
            raise ValueError(f"scales must be 1 to {MAX_SCALES} numbers from {MIN_SCALE} to {MAX_SCALE}, found {scales}")
        if len(set(chosen)) < len(chosen):
            raise ValueError(f"scales must differ, found {scales}")
        self._of, self._flip, self._scales, self._unit = of, flip, tuple(chosen), unit

    @property
    def input_size(self) -> int:
        """Input size of the backbone, px."""
        return self._of.input_size

    @property
    def dim(self) -> int:
        """Length of the backbone's embedding."""
        return self._of.dim

    @property
    def alignment(self) -> Alignment | None:
        """Alignment of the backbone."""
        return self._of.alignment

    def embed(self, crops: UInt8) -> Float32:
        """Embed all views of each crop and average them."""
        size = self.input_size
        if crops.dtype != np.uint8 or crops.shape[1:] != (size, size, 3):
            raise ValueError(f"crops must be uint8 [N, {size}, {size}, 3], found {crops.dtype} {list(crops.shape)}")
        views = len(self._scales) * (2 if self._flip else 1)
        batch_size = max(1, MAX_BATCH_BYTES // max(1, views * crops[:1].nbytes))
        batches = [self._embed_batch(crops[i : i + batch_size]) for i in range(0, max(1, len(crops)), batch_size)]
        return np.concatenate(batches)

    def weights(self) -> tuple[Weights, ...]:
        """Weight files of the backbone."""
        return self._of.weights()

    def load(self) -> None:
        """Load the backbone."""
        self._of.load()

    def runtimes(self) -> tuple[str, ...]:
        """What executes the backbone."""
        return self._of.runtimes()

    def _embed_batch(self, crops: UInt8) -> Float32:
        views = [_zoom(crops, scale) for scale in self._scales]
        if self._flip:
            views += [view[:, :, ::-1] for view in views]
        embeddings = self._of.embed(np.concatenate(views)).reshape(len(views), len(crops), self.dim)
        average: Float32 = (l2_normalize(embeddings) if self._unit else embeddings).mean(axis=0)
        return average


def _zoom(crops: UInt8, scale: float) -> UInt8:
    """Scale crops uint8 [N, S, S, 3] about their centres."""
    if scale == 1:
        return crops
    size = crops.shape[1]
    edge = size / 2 * (1 - 1 / scale)
    transform = np.array([[1 / scale, 0.0, edge], [0.0, 1 / scale, edge]])
    zoomed = np.empty_like(crops)
    for view, crop in zip(zoomed, crops, strict=True):
        view[:] = warp(crop, transform, size)
    return zoomed
