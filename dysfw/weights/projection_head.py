"""The linear layer beside a trunk in a weight file: from the trunk's embedding to what it was trained to tell."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from ..types import Float32
from .weight_file import read_metadata, read_weights

WEIGHT, BIAS, ABOUT = "neck.weight", "neck.bias", "neck"  # two tensors and a text
IDENTITY, MEASURES = "identity", "measures"


@dataclass(frozen=True, slots=True, eq=False)
class ProjectionHead:
    """weight: float32 [M, dim]; bias: float32 [M]. gives: "identity", a vector by which persons are told apart, or "measures",
    each read off one region's embedding. rows: of measures, (region, measure, share of its variance that was read rightly in
    persons who took no part)."""

    weight: Float32
    bias: Float32
    outputs: str
    rows: tuple[tuple[str, str, float], ...] = ()

    def __call__(self, embeddings: Float32) -> Float32:
        """float32 [N, dim] -> float32 [N, M]"""
        found: Float32 = embeddings @ self.weight.T + self.bias
        return found

    def of(self, region: str) -> ProjectionHead:
        """For crops of one region: the measures that are read off it, if it gives measures. Raises ValueError where it has none
        of that region."""
        if self.outputs != MEASURES:
            return self
        mine = np.array([n for n, (name, _, _) in enumerate(self.rows) if name == region], np.int64)
        if not len(mine):
            raise ValueError(f"the neck reads nothing off the region {region!r}")
        return ProjectionHead(self.weight[mine], self.bias[mine], self.outputs, tuple(self.rows[n] for n in mine))

    def tensors(self) -> dict[str, npt.NDArray[np.generic]]:
        """As a weight file holds them."""
        return {WEIGHT: self.weight, BIAS: self.bias}

    def about(self) -> str:
        """The text beside them, JSON."""
        return json.dumps({"gives": self.outputs, "rows": self.rows})


def read_projection_head(path: Path) -> ProjectionHead | None:
    """The neck in a weight file; None where it has none. Raises ValueError where the file or its neck is damaged."""
    tensors = read_weights(path, (WEIGHT, BIAS))
    return projection_head_of(tensors, read_metadata(path)) if WEIGHT in tensors and BIAS in tensors else None


def projection_head_of(tensors: Mapping[str, npt.NDArray[Any]], metadata: Mapping[str, str]) -> ProjectionHead:
    """From a weight file's content. Files of before necks gave measures do not say what theirs gives: identity."""
    weight, bias = tensors[WEIGHT].astype(np.float32), tensors[BIAS].astype(np.float32)
    try:
        about = json.loads(metadata.get(ABOUT, "{}"))
        outputs, rows = about.get("gives", IDENTITY), tuple((str(r), str(m), float(s)) for r, m, s in about.get("rows", ()))
    except (ValueError, TypeError, AttributeError):
        raise ValueError("the text about the neck is damaged") from None
    if weight.ndim != 2 or bias.shape != weight.shape[:1] or (outputs == MEASURES and len(rows) != len(bias)):
        raise ValueError(f"the neck's parts do not fit together: weight {weight.shape}, bias {bias.shape}, {len(rows)} rows")
    return ProjectionHead(weight, bias, outputs, rows)
