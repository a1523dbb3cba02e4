"""The backbone ``neck``."""

from __future__ import annotations

from pathlib import Path

from ...alignment import Alignment
from ...components import Backbone
from ...files import sha256_of
from ...neck import read_neck
from ...types import Float32, UInt8, Weights
from ...weightfile import read_metadata


class NeckBackbone(Backbone):
    """What a trunk was pretrained to tell, in place of its own embedding: by the linear layer that ``dysfw pretrain`` writes
    beside it.

    Measures that were learned from thousands of faces are fewer than the numbers of an embedding, and so need fewer patients to
    be weighed. of: the trunk. weights: the weight file that holds the neck, or, in a recipe, the name of one that a
    plugin brings. Raises ValueError where it holds none, or one for another trunk.
    """

    def __init__(self, of: Backbone, weights: Path) -> None:
        if not weights.is_file():
            raise ValueError(f"weights must be the path of a safetensors file, found {str(weights)!r}")
        neck = read_neck(weights)
        if neck is None:
            raise ValueError(f"{weights} holds no neck; `dysfw pretrain` writes one beside a trunk")
        if neck.weight.shape[1] != of.dim:
            raise ValueError(f"the neck in {weights} takes {neck.weight.shape[1]} numbers, the trunk gives {of.dim}")
        self._of, self._neck = of, neck
        licence = read_metadata(weights).get("licence") or "unstated"
        self._weights = Weights(weights.name, sha256_of(weights), licence, weights.name)

    @property
    def input_size(self) -> int:
        return self._of.input_size

    @property
    def dim(self) -> int:
        return len(self._neck.bias)

    @property
    def alignment(self) -> Alignment | None:
        """The trunk's."""
        return self._of.alignment

    def embed(self, crops: UInt8) -> Float32:
        return self._neck(self._of.embed(crops))

    def weights(self) -> tuple[Weights, ...]:
        """The trunk's, and its own where that is another file."""
        own = self._of.weights()
        return own if any(one.sha256 == self._weights.sha256 for one in own) else (*own, self._weights)
