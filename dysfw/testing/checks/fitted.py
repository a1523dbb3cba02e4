"""What heads and fusions owe alike: probabilities, and a state that goes into a bundle and comes back."""

from __future__ import annotations

import json
from collections.abc import Mapping

import numpy as np
from safetensors.numpy import load, save

from ...bundle.states import packed, unpacked
from ...contracts.components import Fusion, Head
from ...types import Float32, State
from ..outcome import ContractViolation, require


def through_a_bundle(state: State) -> State:
    """As a bundle gives it back. Raises BrokenError for what none can hold."""
    require(isinstance(state, State), "state() to give a dysfw.types.State", found=type(state).__name__, why="the contract")
    for name, array in state.arrays.items():
        require(
            isinstance(array, np.ndarray) and array.dtype.kind in "biuf",
            f"an array of numbers for {name}",
            found=f"{type(array).__name__} of {getattr(array, 'dtype', 'no dtype')}",
            why="bundles hold numbers only: other arrays would have to be pickled",
        )
        require("/" not in name, "names of arrays without /", found=name, why="bundles keep them by part/name")
    arrays = packed({"part": state.arrays})
    return unpacked(load(save(arrays)) if arrays else {}, {"part": _as_json(state.values)})["part"]


def _as_json(values: Mapping[str, object]) -> dict[str, object]:
    try:
        text = json.dumps(dict(values), allow_nan=False)
    except (TypeError, ValueError) as error:
        raise ContractViolation(
            "values of the state to be plain JSON (numbers, texts, lists, mappings)", str(error), "bundles keep no pickles"
        ) from None
    back: dict[str, object] = json.loads(text)
    require(
        back == dict(values), "values that JSON gives back as they were", found=f"{dict(values)} became {back}", why="bundles"
    )
    return back


def refuses_an_empty_state(component: Head | Fusion) -> None:
    """Raise BrokenError unless it does, with ValueError."""
    try:
        component.restore(State({}))
    except ValueError:
        return
    except Exception as error:
        raise ContractViolation("ValueError for an empty state", repr(error), "damaged bundles are told by it") from None
    raise ContractViolation("ValueError for an empty state", "no error", "a damaged bundle must not give probabilities")


def are_probabilities(found: Float32, shape: tuple[int, int]) -> None:
    """Raise BrokenError unless they are, of so many photographs and classes."""
    require(
        found.shape == shape and found.dtype == np.float32,
        f"float32 {list(shape)}: photographs, classes",
        found=f"{found.dtype} {list(found.shape)}",
        why="the contract",
    )
    sums = found.sum(1)
    require(
        np.isfinite(found).all() and (found >= 0).all() and np.allclose(sums, 1, atol=1e-4),
        "numbers from 0 to 1, each row summing to 1",
        found=f"numbers from {found.min():.3g} to {found.max():.3g}, rows summing to {sums.min():.3g} to {sums.max():.3g}",
        why="they are probabilities, and fusions multiply and average them",
    )
