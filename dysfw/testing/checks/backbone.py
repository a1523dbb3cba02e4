"""What backbones owe."""

from __future__ import annotations

from typing import Any

import numpy as np

from ...contracts.components import Backbone
from ...imaging.alignment import Alignment
from ...types import UInt8
from ..outcome import ContractViolation, require
from ..subject import Subject
from .harness import IN_A_BATCH, run_harness, same

LEAST_DIFFERENCE = 1e-3  # of the largest number of an embedding


def gives_embeddings_as_the_contract_says(subject: Subject) -> None:
    backbone, crops = _backbone(subject), _crops(subject)
    side, dim = backbone.input_size, backbone.dim
    require(
        side > 0 and dim > 0, "input_size and dim above 0", found=f"{side} and {dim}", why="crops and heads are made by them"
    )
    rows = backbone.embed(crops)
    require(
        rows.shape == (3, dim) and rows.dtype == np.float32,
        f"float32 [3, {dim}] for three crops",
        found=f"{rows.dtype} {list(rows.shape)}",
        why="heads are made for dim numbers",
    )
    require(np.isfinite(rows).all(), "finite numbers", found=rows, why="an embedding that is none fails its image")


def tells_crops_apart(subject: Subject) -> None:
    rows = _backbone(subject).embed(_crops(subject))
    gap = float(np.abs(rows[0] - rows[1]).max() / (np.abs(rows).max() or 1))
    require(
        gap > LEAST_DIFFERENCE,
        f"embeddings of different crops to differ by {LEAST_DIFFERENCE} of the largest number",
        found=f"{gap:.2g}",
        why="nothing can be learned from it",
    )


def takes_no_crops(subject: Subject) -> None:
    rows = _backbone(subject).embed(_crops(subject)[:0])
    require(
        rows.shape == (0, _backbone(subject).dim),
        "float32 [0, dim] for no crops",
        found=list(rows.shape),
        why="batches can be empty",
    )


def sees_each_crop_by_itself(subject: Subject) -> None:
    backbone, crops, why = _backbone(subject), _crops(subject), "a photograph's result must not depend on its neighbours"
    rows = backbone.embed(crops)
    alone = np.concatenate([backbone.embed(crops[i : i + 1]) for i in range(len(crops))])
    same([rows], [alone], "the same one by one", why, IN_A_BATCH)
    same([rows], [backbone.embed(crops[::-1])[::-1]], "the same in another order", why, IN_A_BATCH)


def refuses_crops_of_another_sort(subject: Subject) -> None:
    backbone, crops = _backbone(subject), _crops(subject)
    side = backbone.input_size
    others: dict[str, Any] = {"not square": crops[:, : side // 2], "of float": crops.astype(np.float32)}
    for what, wrong in others.items():
        try:
            backbone.embed(wrong)
        except ValueError:
            continue
        except Exception as error:
            raise ContractViolation(
                f"ValueError for crops {what}", repr(error), "a recipe's crop.size is checked by asking"
            ) from None
        raise ContractViolation(
            f"ValueError for crops {what}", "an embedding", "pixels of another range give another embedding"
        )


def says_how_its_faces_lay(subject: Subject) -> None:
    try:
        found = _backbone(subject).alignment
    except ValueError:
        return  # it has no one answer, and says so
    require(
        found is None or isinstance(found, Alignment), "alignment: an Alignment or None", found=found, why="crops follow it"
    )


def _backbone(subject: Subject) -> Backbone:
    assert isinstance(subject.one, Backbone)  # noqa: S101
    return subject.one


def _crops(subject: Subject) -> UInt8:
    crops: UInt8 = run_harness(subject).inputs()[0]
    return crops


CHECKS = (
    gives_embeddings_as_the_contract_says,
    tells_crops_apart,
    takes_no_crops,
    sees_each_crop_by_itself,
    refuses_crops_of_another_sort,
    says_how_its_faces_lay,
)
