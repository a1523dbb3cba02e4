"""Two questions in a row: is the person affected at all, and if so, by which condition?"""

from __future__ import annotations

import numpy as np

from ...contracts.components import Head, Layer, SupportsLayers
from ...contracts.layers import TwoStage, two_stage
from ...types import Float32, Int64, State
from ...util.text import closest, listed
from ...util.unaffected import find_unaffected

AFFECTED, CONDITION = "affected", "condition"


class TwoStageHead(Head):
    """A head that knows the unaffected from everybody else, and another that knows the conditions from one another.

    The probability of a condition is that of being affected, by ``affected``, times that of the condition among the affected, by
    ``condition``. The first learns from all affected patients together, of whom there are many more than of any one condition; the
    second is not taught what the unaffected look like. affected: any head; it learns two classes that weigh the same, and what it
    says is brought to the shares that all heads assume, the unaffected being as common as any one condition (a recipe's
    ``prior`` says how common they are). condition: any head. unaffected: the label of those without a condition; None takes the
    only one that is called unaffected, control, normal or healthy.

    Raises ValueError where no label, or more than one, could be meant, and where fewer than two conditions remain.
    """

    def __init__(self, affected: Head, condition: Head, unaffected: str | None = None) -> None:
        self._affected, self._condition = affected, condition
        self._asked = unaffected
        self._index: int | None = None

    def prepare(self, labels: tuple[str, ...]) -> None:
        name = self._asked or find_unaffected(labels)
        if name is None:
            raise ValueError(
                f"none of the labels {listed(labels)} is plainly that of the unaffected; say which: unaffected: LABEL"
            )
        if name not in labels:
            raise ValueError(f"unaffected: no label is called {name!r} (there are {listed(labels)}){closest(name, labels)}")
        if len(labels) < 3:
            raise ValueError(f"a gate needs two conditions beside the unaffected, found the labels {listed(labels)}")
        self._index = labels.index(name)
        self._affected.prepare(("affected", "unaffected"))
        self._condition.prepare(tuple(label for label in labels if label != name))

    def fit(self, x: Float32, y: Int64, classes: int, groups: Int64) -> None:
        index = self._place()
        affected = y != index
        if affected.all():
            raise ValueError("a gate learns from unaffected persons too, and none of these photographs shows one")
        self._affected.fit(x, (~affected).astype(np.int64), 2, groups)
        self._condition.fit(x[affected], y[affected] - (y[affected] > index), classes - 1, groups[affected])

    def predict(self, x: Float32) -> Float32:
        index = self._place()
        return two_stage(self._affected.predict(x), self._condition.predict(x), index)

    def layers(self) -> tuple[Layer, ...]:
        """See ``dysfw.contracts.components.Layered``."""
        return (TwoStage(_layers_of(self._affected), _layers_of(self._condition), self._place()),)

    def state(self) -> State:
        parts = {AFFECTED: self._affected.state(), CONDITION: self._condition.state()}
        arrays = {f"{name}.{key}": array for name, part in parts.items() for key, array in part.arrays.items()}
        return State(arrays, {name: dict(part.values) for name, part in parts.items()})

    def restore(self, state: State) -> None:
        for name, head in ((AFFECTED, self._affected), (CONDITION, self._condition)):
            values = state.values.get(name)
            if not isinstance(values, dict):
                raise ValueError(f"state of another kind of head: it says nothing of {name!r}")
            own = {k.removeprefix(f"{name}."): array for k, array in state.arrays.items() if k.startswith(f"{name}.")}
            head.restore(State(own, values))

    def _place(self) -> int:
        if self._index is None:
            raise ValueError("this head was not told its labels: prepare(labels) comes first")
        return self._index


def _layers_of(head: Head) -> tuple[Layer, ...]:
    if not isinstance(head, SupportsLayers):
        raise ValueError(f"the head {type(head).__name__} inside a gate is not made of layers")
    return head.layers()
