"""The projection head in a weight file: a linear layer from the backbone's embedding to what it was trained to predict."""

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

WEIGHT, BIAS, ABOUT = "neck.weight", "neck.bias", "neck"  # two tensors, and a key of the metadata
IDENTITY, MEASURES = "identity", "measures"


@dataclass(frozen=True, slots=True, eq=False)
class ProjectionHead:
    """A linear layer on the embeddings of a backbone.

    Attributes:
        weight: float32 [M, dim].
        bias: float32 [M].
        outputs: "identity" for a vector by which identities are distinguished, or "measures" for measures that are each
            predicted from the embedding of one region.
        rows: For measures: region, name and the share of variance explained (R²) in validation identities, for each output.
    """

    weight: Float32
    bias: Float32
    outputs: str
    rows: tuple[tuple[str, str, float], ...] = ()

    def __call__(self, embeddings: Float32) -> Float32:
        """Apply the layer.

        Args:
            embeddings: float32 [N, dim].

        Returns:
            float32 [N, M].
        """
        projected: Float32 = embeddings @ self.weight.T + self.bias
        return projected

    def of(self, region: str) -> ProjectionHead:
        """Select the measures that are predicted from one region. A head for identities stays as it is.

        Args:
            region: The region.

        Returns:
            The head for crops of this region.

        Raises:
            ValueError: It has no measures of this region.
        """
        if self.outputs != MEASURES:
            return self
        selected = np.array([n for n, (name, _, _) in enumerate(self.rows) if name == region], np.int64)
        if not len(selected):
            raise ValueError(f"the projection head predicts nothing from the region {region!r}")
        rows = tuple(self.rows[n] for n in selected)
        return ProjectionHead(self.weight[selected], self.bias[selected], self.outputs, rows)

    def tensors(self) -> dict[str, npt.NDArray[np.generic]]:
        """Return the tensors by their names in a weight file."""
        return {WEIGHT: self.weight, BIAS: self.bias}

    def about(self) -> str:
        """Return the description for the metadata of a weight file, as JSON."""
        return json.dumps({"gives": self.outputs, "rows": self.rows})


def read_projection_head(path: Path) -> ProjectionHead | None:
    """Read the projection head in a weight file.

    Args:
        path: The weight file.

    Returns:
        The projection head; None if the file has none.

    Raises:
        ValueError: The file or its projection head is damaged.
    """
    tensors = read_weights(path, (WEIGHT, BIAS))
    return projection_head_of(tensors, read_metadata(path)) if WEIGHT in tensors and BIAS in tensors else None


def projection_head_of(tensors: Mapping[str, npt.NDArray[Any]], metadata: Mapping[str, str]) -> ProjectionHead:
    """Create the projection head from the content of a weight file.

    Args:
        tensors: The tensors by name, with those of the projection head.
        metadata: The metadata.

    Returns:
        The projection head.

    Raises:
        ValueError: It is damaged.
    """
    weight, bias = tensors[WEIGHT].astype(np.float32), tensors[BIAS].astype(np.float32)
    try:
        about = json.loads(metadata[ABOUT])
        outputs, rows = about["gives"], tuple((str(r), str(m), float(s)) for r, m, s in about["rows"])
    except (ValueError, TypeError, LookupError):
        raise ValueError("the description of the projection head is damaged") from None
    if weight.ndim != 2 or bias.shape != weight.shape[:1] or (outputs == MEASURES and len(rows) != len(bias)):
        raise ValueError(
            f"the parts of the projection head do not fit together: weight {weight.shape}, bias {bias.shape}, {len(rows)} rows"
        )
    return ProjectionHead(weight, bias, outputs, rows)
