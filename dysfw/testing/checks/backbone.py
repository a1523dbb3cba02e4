"""Checks of backbones."""

from __future__ import annotations

from typing import Any

import numpy as np

from ...contracts.components import Backbone
from ...imaging.alignment import Alignment
from ...types import UInt8
from ..outcome import ContractViolationError, require
from ..subject import Subject
from .harness import BATCH_TOLERANCE, harness_of, require_equal

MIN_DIFFERENCE = 1e-3  # relative to the largest element of the embeddings


def returns_embeddings_of_the_declared_shape(subject: Subject) -> None:
    """Embeddings are finite float32 arrays [N, dim]."""
    backbone, crops = _backbone(subject), _crops(subject)
    side, dim = backbone.input_size, backbone.dim
    require(
        side > 0 and dim > 0,
        "input_size and dim above 0",
        found=f"{side} and {dim}",
        why="they set the size of crops and heads",
    )
    embeddings = backbone.embed(crops)
    require(
        embeddings.shape == (3, dim) and embeddings.dtype == np.float32,
        f"float32 [3, {dim}] for three crops",
        found=f"{embeddings.dtype} {list(embeddings.shape)}",
        why="heads expect dim features",
    )
    require(
        np.isfinite(embeddings).all(),
        "finite values",
        found=embeddings,
        why="an image fails if its embedding is not finite",
    )


def distinguishes_crops(subject: Subject) -> None:
    """Embeddings of different crops differ."""
    embeddings = _backbone(subject).embed(_crops(subject))
    difference = float(np.abs(embeddings[0] - embeddings[1]).max() / (np.abs(embeddings).max() or 1))
    require(
        difference > MIN_DIFFERENCE,
        f"embeddings of different crops that differ by more than {MIN_DIFFERENCE} of the largest value",
        found=f"{difference:.2g}",
        why="a head cannot learn from constant embeddings",
    )


def accepts_no_crops(subject: Subject) -> None:
    """An empty batch gives an empty array."""
    embeddings = _backbone(subject).embed(_crops(subject)[:0])
    require(
        embeddings.shape == (0, _backbone(subject).dim),
        "float32 [0, dim] for no crops",
        found=list(embeddings.shape),
        why="batches can be empty",
    )


def embeds_each_crop_independently(subject: Subject) -> None:
    """An embedding does not depend on the other crops of the batch."""
    backbone, crops = _backbone(subject), _crops(subject)
    why = "an image's result must not depend on the rest of its batch"
    embeddings = backbone.embed(crops)
    single = np.concatenate([backbone.embed(crops[i : i + 1]) for i in range(len(crops))])
    reversed_ = backbone.embed(crops[::-1])[::-1]
    require_equal([embeddings], [single], "the same embeddings one by one", why, BATCH_TOLERANCE)
    require_equal([embeddings], [reversed_], "the same embeddings in another order", why, BATCH_TOLERANCE)


def rejects_invalid_crops(subject: Subject) -> None:
    """Crops of another shape or dtype raise ValueError."""
    backbone, crops = _backbone(subject), _crops(subject)
    side = backbone.input_size
    invalid: dict[str, Any] = {"that are not square": crops[:, : side // 2], "of dtype float32": crops.astype(np.float32)}
    for what, wrong in invalid.items():
        try:
            backbone.embed(wrong)
        except ValueError:
            continue
        except Exception as error:
            raise ContractViolationError(
                f"ValueError for crops {what}", repr(error), "dysfw uses it to check a recipe's crop.size"
            ) from None
        raise ContractViolationError(
            f"ValueError for crops {what}", "an embedding", "pixels of another range give another embedding"
        )


def declares_its_alignment(subject: Subject) -> None:
    """``alignment`` is an Alignment or None, or raises ValueError."""
    try:
        alignment = _backbone(subject).alignment
    except ValueError:
        return  # a combination of backbones may have no single alignment
    require(
        alignment is None or isinstance(alignment, Alignment),
        "an Alignment or None as alignment",
        found=alignment,
        why="crops are aligned by it",
    )


def _backbone(subject: Subject) -> Backbone:
    assert isinstance(subject.instance, Backbone)  # noqa: S101
    return subject.instance


def _crops(subject: Subject) -> UInt8:
    crops: UInt8 = harness_of(subject).inputs()[0]
    return crops


CHECKS = (
    returns_embeddings_of_the_declared_shape,
    distinguishes_crops,
    accepts_no_crops,
    embeds_each_crop_independently,
    rejects_invalid_crops,
    declares_its_alignment,
)
