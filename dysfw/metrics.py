"""Scores of probabilities against the truth. scikit-learn computes what it has."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated

import numpy as np
from pydantic import BaseModel, ConfigDict, Field

from .types import Float32, Int64

Share = Annotated[float, Field(ge=0, le=1)]


class Scores(BaseModel):
    """images: N. chance: balanced accuracy of guessing, 1/K. top: share of images whose condition is among the first n, for
    each n of 1, 2, 3, 5, 10, 30 below K. confusion: counts in the labels' order; rows are the truth, columns what was
    ranked first."""

    model_config = ConfigDict(frozen=True, extra="forbid")
    images: int
    chance: Share
    accuracy: Share
    balanced_accuracy: Share
    top: dict[int, Share]
    confusion: list[list[int]]


def scores(probabilities: Float32, y: Int64) -> Scores:
    """probabilities float32 [N, K] and truth int [N], N >= 1."""
    from sklearn.metrics import confusion_matrix, recall_score  # a second to import, which only training needs

    classes = probabilities.shape[1]
    order = np.argsort(-probabilities, axis=1, kind="stable")
    rank = np.argmax(order == y[:, None], axis=1)
    return Scores(
        images=len(y),
        chance=1 / classes,
        accuracy=float((rank == 0).mean()),
        # over the classes in y; balanced_accuracy_score is the same, but warns of predictions that are not in y
        balanced_accuracy=float(recall_score(y, order[:, 0], labels=np.unique(y), average="macro")),
        top={n: float((rank < n).mean()) for n in top_sizes(classes)},
        confusion=confusion_matrix(y, order[:, 0], labels=range(classes)).tolist(),
    )


def top_sizes(classes: int) -> Sequence[int]:
    return [n for n in (1, 2, 3, 5, 10, 30) if n < classes]
