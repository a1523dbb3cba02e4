"""The file that pretraining makes: the trunk's tensors as its backbone loads them, the neck, and what they are, as text."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
from torch import nn

from .. import __version__
from ..recipe.document import dump_document
from ..recipe.model import FORMAT as RECIPE_FORMAT
from ..recipe.model import Recipe
from ..weights.projection_head import ABOUT, ProjectionHead
from ..weights.weight_file import Bits, write_weights

FORMAT = "dysfw.weights/1"


@dataclass(frozen=True, slots=True)
class Label:
    """What a weight file says of itself. licence: an SPDX id. about: what its users should know. bits: 8 or 32."""

    licence: str = "unstated"
    about: str = ""
    bits: Bits = 32


def write_backbone(
    path: Path, net: nn.Module, projection: ProjectionHead | None, recipe: Recipe, *, data: str, label: Label
) -> None:
    """net: the part of the trunk that a file holds. data: fingerprint of the photographs. Raises DysfwError."""
    tensors: dict[str, npt.NDArray[np.generic]] = {
        name: tensor.detach().cpu().contiguous().numpy() for name, tensor in net.state_dict().items()
    }
    if projection:
        tensors |= projection.tensors()
    keys = recipe.pretrain
    metadata = {
        "format": FORMAT,
        "recipe": dump_document(portable(recipe)),
        "recipe_fingerprint": recipe.fingerprint,
        "steps": str(keys.steps if keys else 0),
        "data": data,
        "licence": label.licence,
        "about": label.about,
        "dysfw": __version__,
    }
    if projection:
        metadata[ABOUT] = projection.about()
    write_weights(path, tensors, metadata, label.bits)


def portable(recipe: Recipe) -> dict[str, object]:
    """The recipe as it can be read anywhere: full names, no folders, no device."""
    kept = {"version": RECIPE_FORMAT, "name": recipe.name, "seed": recipe.seed}
    kept |= {key: value for key, value in recipe.to_dict().items() if key in ("crop", "pretrain")}
    return kept | {kind: node.portable() for kind, node in recipe.nodes.items()}
