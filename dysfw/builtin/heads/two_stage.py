"""The head ``two_stage``."""

from __future__ import annotations

import numpy as np

from ...contracts.components import Head, Layer, SupportsLayers
from ...contracts.layers import TwoStage, two_stage
from ...types import Float32, Int64, State
from ...util.text import closest, listed
from ...util.unaffected import find_unaffected

AFFECTED, CONDITION = "affected", "condition"


class TwoStageHead(Head):
    """Combines two heads: one separates affected from unaffected, the other the conditions of the affected.

    The probability of a condition is the probability of being affected times that of the condition among the affected. The
    first head is trained on all affected patients together, who are many more than those of one condition; the second only on
    affected patients. As in all heads, probabilities assume that the unaffected are as common as any one condition; use the
    recipe's ``prior`` to change this.

    Args:
        affected: Head for affected and unaffected, as two balanced classes.
        condition: Head for the conditions among the affected.
        unaffected: Label of people without a condition. Null uses the only label called unaffected, control, normal or healthy.
    """

    def __init__(self, affected: Head, condition: Head, unaffected: str | None = None) -> None:
        self._affected, self._condition = affected, condition
        self._unaffected = unaffected
        self._index: int | None = None

    def prepare(self, labels: tuple[str, ...]) -> None:
        """Receive the labels.

        Raises:
            ValueError: The label of the unaffected is missing or ambiguous, or there are fewer than two conditions.
        """
        name = self._unaffected or find_unaffected(labels)
        if name is None:
            raise ValueError(
                f"cannot tell which of the labels {listed(labels)} means unaffected; set it with unaffected: LABEL"
            )
        if name not in labels:
            raise ValueError(f"unaffected: no label is called {name!r} (there are {listed(labels)}){closest(name, labels)}")
        if len(labels) < 3:
            raise ValueError(
                f"two_stage needs at least two conditions besides the unaffected, found the labels {listed(labels)}"
            )
        self._index = labels.index(name)
        self._affected.prepare(("affected", "unaffected"))
        self._condition.prepare(tuple(label for label in labels if label != name))

    def fit(self, x: Float32, y: Int64, classes: int, groups: Int64) -> None:
        """Fit both heads."""
        index = self._unaffected_index()
        affected = y != index
        if affected.all():
            raise ValueError("two_stage needs images of unaffected people, but there are none in the training data")
        self._affected.fit(x, (~affected).astype(np.int64), 2, groups)
        self._condition.fit(x[affected], y[affected] - (y[affected] > index), classes - 1, groups[affected])

    def predict(self, x: Float32) -> Float32:
        """Predict probabilities."""
        index = self._unaffected_index()
        return two_stage(self._affected.predict(x), self._condition.predict(x), index)

    def layers(self) -> tuple[Layer, ...]:
        """Return the layers that compute ``predict``."""
        return (TwoStage(_layers_of(self._affected), _layers_of(self._condition), self._unaffected_index()),)

    def state(self) -> State:
        """Return the fitted state of both heads."""
        parts = {AFFECTED: self._affected.state(), CONDITION: self._condition.state()}
        arrays = {f"{name}.{key}": array for name, part in parts.items() for key, array in part.arrays.items()}
        return State(arrays, {name: dict(part.values) for name, part in parts.items()})

    def restore(self, state: State) -> None:
        """Restore the fitted state of both heads."""
        for name, head in ((AFFECTED, self._affected), (CONDITION, self._condition)):
            values = state.values.get(name)
            if not isinstance(values, dict):
                raise ValueError(f"state of another kind of head: it has no values for {name!r}")
            arrays = {k.removeprefix(f"{name}."): array for k, array in state.arrays.items() if k.startswith(f"{name}.")}
            head.restore(State(arrays, values))

    def _unaffected_index(self) -> int:
        if self._index is None:
            raise ValueError("this head has no labels yet; call prepare(labels) first")
        return self._index


def _layers_of(head: Head) -> tuple[Layer, ...]:
    if not isinstance(head, SupportsLayers):
        raise ValueError(f"the head {type(head).__name__} inside two_stage does not support layers()")
    return head.layers()
