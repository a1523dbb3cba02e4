"""The weight file that pretraining writes: backbone, projection head and metadata."""

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
class WeightsInfo:
    """What users choose about a weight file.

    Attributes:
        licence: An SPDX id.
        about: What users of the weights should know.
        bits: Bits per number of matrices and filters, 8 or 32.
    """

    licence: str = "unstated"
    about: str = ""
    bits: Bits = 32


def write_backbone(
    path: Path, net: nn.Module, projection: ProjectionHead | None, recipe: Recipe, *, data: str, info: WeightsInfo
) -> None:
    """Write a weight file.

    Args:
        path: The file to write.
        net: The part of the backbone that a weight file contains.
        projection: The projection head, if there is one.
        recipe: The recipe that was trained.
        data: Fingerprint of the training images.
        info: Licence, description and precision.

    Raises:
        DysfwError: The file cannot be written.
    """
    tensors: dict[str, npt.NDArray[np.generic]] = {
        name: tensor.detach().cpu().contiguous().numpy() for name, tensor in net.state_dict().items()
    }
    if projection:
        tensors |= projection.tensors()
    config = recipe.pretrain
    metadata = {
        "format": FORMAT,
        "recipe": dump_document(portable_recipe(recipe)),
        "recipe_fingerprint": recipe.fingerprint,
        "steps": str(config.steps if config else 0),
        "data": data,
        "licence": info.licence,
        "about": info.about,
        "dysfw": __version__,
    }
    if projection:
        metadata[ABOUT] = projection.about()
    write_weights(path, tensors, metadata, info.bits)


def portable_recipe(recipe: Recipe) -> dict[str, object]:
    """Return the recipe in a form that works on every machine: full names, no folders, no device."""
    document = {"version": RECIPE_FORMAT, "name": recipe.name, "seed": recipe.seed}
    document |= {key: value for key, value in recipe.to_dict().items() if key in ("crop", "pretrain")}
    return document | {kind: node.portable() for kind, node in recipe.nodes.items()}
