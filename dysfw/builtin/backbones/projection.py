"""The backbone ``neck``."""

from __future__ import annotations

from pathlib import Path

from ...contracts.components import Backbone
from ...imaging.alignment import Alignment
from ...types import Float32, UInt8, Weights
from ...util.files import sha256_of
from ...weights.projection_head import read_projection_head
from ...weights.weight_file import read_metadata


class Projection(Backbone):
    """What a trunk was pretrained to tell, in place of its own embedding: by the linear layer that ``dysfw pretrain`` writes
    beside it.

    Measures that were learned from thousands of faces are fewer than the numbers of an embedding, and so need fewer patients to
    be weighed. of: the trunk. weights: the weight file that holds the neck, or, in a recipe, the name of one that a
    plugin brings. Raises ValueError where it holds none, or one for another trunk.
    """

    def __init__(self, of: Backbone, weights: Path) -> None:
        if not weights.is_file():
            raise ValueError(f"weights must be the path of a safetensors file, found {str(weights)!r}")
        projection = read_projection_head(weights)
        if projection is None:
            raise ValueError(f"{weights} holds no neck; `dysfw pretrain` writes one beside a trunk")
        if projection.weight.shape[1] != of.dim:
            raise ValueError(f"the neck in {weights} takes {projection.weight.shape[1]} numbers, the trunk gives {of.dim}")
        self._of, self._projection = of, projection
        licence = read_metadata(weights).get("licence") or "unstated"
        self._weights = Weights(weights.name, sha256_of(weights), licence, weights.name)

    @property
    def input_size(self) -> int:
        return self._of.input_size

    @property
    def dim(self) -> int:
        return len(self._projection.bias)

    @property
    def alignment(self) -> Alignment | None:
        """The trunk's."""
        return self._of.alignment

    def embed(self, crops: UInt8) -> Float32:
        return self._projection(self._of.embed(crops))

    def weights(self) -> tuple[Weights, ...]:
        """The trunk's, and its own where that is another file."""
        own = self._of.weights()
        return own if any(one.sha256 == self._weights.sha256 for one in own) else (*own, self._weights)
