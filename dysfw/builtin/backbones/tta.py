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

LEAST, MOST = 0.5, 2.0  # scale of a view
MOST_SCALES = 16
Scale = Annotated[float, Field(ge=LEAST, le=MOST)]
CHUNK = 2**28  # bytes of views that go through the trunk in one call


class Tta(Backbone):
    """Test-time augmentation: a trunk's embeddings of several views of each crop, averaged.

    An embedding follows chance details of a crop; what its views share is more of the face. GestaltMatcher-Arc (Hustinx et al.,
    WACV 2023) so takes each face as it is and mirrored, in colour and in grey, through an ensemble of trunks. Costs as many
    times the trunk's own time as there are views.

    of: the trunk, which may be a ``concat``. flip: every view mirrored as well, which makes a crop and its mirror image the
    same to the heads: leave it off where the side matters. scales: of the views, about the crop's centre, 1 to 16 of them, each
    0.5 to 2; above 1 the face is larger, below 1 more is shown, mirrored at the crop's edge; None: the crop as it is alone.
    unit: bring each view's embedding to length 1 before they are averaged, so that all count the same.
    """

    def __init__(self, of: Backbone, flip: bool = True, scales: list[Scale] | None = None, unit: bool = True) -> None:
        chosen = [1.0] if scales is None else scales
        if not 1 <= len(chosen) <= MOST_SCALES or not all(LEAST <= scale <= MOST for scale in chosen):
            raise ValueError(f"scales must be 1 to {MOST_SCALES} numbers from {LEAST} to {MOST}, found {scales}")
        if len(set(chosen)) < len(chosen):
            raise ValueError(f"scales must differ, found {scales}")
        self._of, self._flip, self._scales, self._unit = of, flip, tuple(chosen), unit

    @property
    def input_size(self) -> int:
        return self._of.input_size

    @property
    def dim(self) -> int:
        return self._of.dim

    @property
    def alignment(self) -> Alignment | None:
        """The trunk's."""
        return self._of.alignment

    def embed(self, crops: UInt8) -> Float32:
        size = self.input_size
        if crops.dtype != np.uint8 or crops.shape[1:] != (size, size, 3):
            raise ValueError(f"crops must be uint8 [N, {size}, {size}, 3], found {crops.dtype} {list(crops.shape)}")
        views = len(self._scales) * (2 if self._flip else 1)
        together = max(1, CHUNK // max(1, views * crops[:1].nbytes))
        parts = [self._averaged(crops[i : i + together]) for i in range(0, max(1, len(crops)), together)]
        return np.concatenate(parts)

    def weights(self) -> tuple[Weights, ...]:
        """The trunk's."""
        return self._of.weights()

    def _averaged(self, crops: UInt8) -> Float32:
        views = [_zoomed(crops, scale) for scale in self._scales]
        if self._flip:
            views += [view[:, :, ::-1] for view in views]
        found = self._of.embed(np.concatenate(views)).reshape(len(views), len(crops), self.dim)
        average: Float32 = (l2_normalize(found) if self._unit else found).mean(axis=0)
        return average


def _zoomed(crops: UInt8, scale: float) -> UInt8:
    """uint8 [N, S, S, 3], each crop enlarged about its centre."""
    if scale == 1:
        return crops
    size = crops.shape[1]
    edge = size / 2 * (1 - 1 / scale)
    around = np.array([[1 / scale, 0.0, edge], [0.0, 1 / scale, edge]])
    zoomed = np.empty_like(crops)
    for view, crop in zip(zoomed, crops, strict=True):
        view[:] = warp(crop, around, size)
    return zoomed
