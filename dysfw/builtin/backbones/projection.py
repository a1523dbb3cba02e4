"""The backbone ``projection``."""

from __future__ import annotations

from pathlib import Path

from ...contracts.components import Backbone
from ...imaging.alignment import Alignment
from ...types import Float32, UInt8, Weights
from ...util.remembered import known_sha256
from ...weights.projection_head import read_projection_head
from ...weights.weight_file import read_metadata


class Projection(Backbone):
    """Projects a backbone's embedding onto the attributes it was pretrained to predict.

    The projection head is a linear layer that ``dysfw pretrain`` stores in the weight file. Attributes learned from thousands
    of faces are fewer than the dimensions of an embedding, so a head needs fewer patients to weight them.

    Args:
        of: The backbone.
        weights: Weight file that contains the projection head, or, in a recipe, the name of weights that a plugin registers.

    Raises:
        ValueError: The file contains no projection head, or one for another embedding length.
    """

    def __init__(self, of: Backbone, weights: Path) -> None:
        if not weights.is_file():
            raise ValueError(f"weights must be the path of a safetensors file, found {str(weights)!r}")
        projection = read_projection_head(weights)
        if projection is None:
            raise ValueError(f"{weights} contains no projection head; `dysfw pretrain` writes one with the backbone")
        if projection.weight.shape[1] != of.dim:
            raise ValueError(
                f"the projection head in {weights} expects embeddings of length {projection.weight.shape[1]}, "
                f"but the backbone's have length {of.dim}"
            )
        self._of, self._projection = of, projection
        licence = read_metadata(weights).get("licence") or "unstated"
        self._weights = Weights(weights.name, known_sha256(weights), licence, weights.name)

    @property
    def input_size(self) -> int:
        """Input size of the backbone, px."""
        return self._of.input_size

    @property
    def dim(self) -> int:
        """Number of attributes."""
        return len(self._projection.bias)

    @property
    def alignment(self) -> Alignment | None:
        """Alignment of the backbone."""
        return self._of.alignment

    def embed(self, crops: UInt8) -> Float32:
        """Embed crops with the backbone and project the embeddings."""
        return self._projection(self._of.embed(crops))

    def weights(self) -> tuple[Weights, ...]:
        """Weight files of the backbone, and that of the projection head if it is another file."""
        of_backbone = self._of.weights()
        if any(one.sha256 == self._weights.sha256 for one in of_backbone):
            return of_backbone
        return (*of_backbone, self._weights)

    def load(self) -> None:
        """Load the backbone."""
        self._of.load()

    def runtimes(self) -> tuple[str, ...]:
        """What executes the backbone."""
        return self._of.runtimes()
