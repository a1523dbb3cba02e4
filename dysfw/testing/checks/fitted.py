"""Checks that fitted components share: their state in a bundle, and the probabilities of heads and fusions."""

from __future__ import annotations

import json
from collections.abc import Mapping

import numpy as np
from safetensors.numpy import load, save

from ...bundle.states import pack_states, unpack_states
from ...contracts.components import Evidence, Fusion, Head
from ...types import Float32, State
from ..outcome import ContractViolationError, require


def through_a_bundle(state: State) -> State:
    """Serialise a state as a bundle does, and read it again.

    Args:
        state: What a component's ``state()`` returned.

    Returns:
        The state as a bundle would restore it.

    Raises:
        ContractViolationError: If a bundle cannot hold the state.
    """
    require(
        isinstance(state, State),
        "a dysfw.types.State from state()",
        found=type(state).__name__,
        why="the contract requires it",
    )
    for name, array in state.arrays.items():
        require(
            isinstance(array, np.ndarray) and array.dtype.kind in "biuf",
            f"an array of numbers for {name}",
            found=f"{type(array).__name__} of {getattr(array, 'dtype', 'no dtype')}",
            why="bundles hold numbers only; other arrays would have to be pickled",
        )
        require("/" not in name, "names of arrays without /", found=name, why="bundles store them as part/name")
    arrays = pack_states({"part": state.arrays})
    return unpack_states(load(save(arrays)) if arrays else {}, {"part": _as_json(state.values)})["part"]


def _as_json(values: Mapping[str, object]) -> dict[str, object]:
    try:
        text = json.dumps(dict(values), allow_nan=False)
    except (TypeError, ValueError) as error:
        raise ContractViolationError(
            "state values that are plain JSON (numbers, texts, lists, mappings)", str(error), "bundles hold no pickles"
        ) from None
    restored: dict[str, object] = json.loads(text)
    require(
        restored == dict(values),
        "state values that JSON restores unchanged",
        found=f"{dict(values)} became {restored}",
        why="bundles store them as JSON",
    )
    return restored


def reject_empty_state(component: Head | Fusion | Evidence) -> None:
    """Require that ``restore`` raises ValueError for an empty state.

    Args:
        component: A component that was built and prepared but not fitted.

    Raises:
        ContractViolationError: If it does not.
    """
    try:
        component.restore(State({}))
    except ValueError:
        return
    except Exception as error:
        raise ContractViolationError(
            "ValueError for an empty state", repr(error), "dysfw reports a damaged bundle by it"
        ) from None
    raise ContractViolationError("ValueError for an empty state", "no error", "a damaged bundle must not give results")


def require_probabilities(probabilities: Float32, shape: tuple[int, int]) -> None:
    """Require rows of probabilities.

    Args:
        probabilities: The array to check.
        shape: Expected numbers of images and classes.

    Raises:
        ContractViolationError: If the shape or dtype is another, or a row is no distribution.
    """
    require(
        probabilities.shape == shape and probabilities.dtype == np.float32,
        f"float32 {list(shape)}: images, classes",
        found=f"{probabilities.dtype} {list(probabilities.shape)}",
        why="the contract requires it",
    )
    sums = probabilities.sum(1)
    require(
        np.isfinite(probabilities).all() and (probabilities >= 0).all() and np.allclose(sums, 1, atol=1e-4),
        "values from 0 to 1, each row summing to 1",
        found=f"values from {probabilities.min():.3g} to {probabilities.max():.3g}, "
        f"rows summing to {sums.min():.3g} to {sums.max():.3g}",
        why="fusions multiply and average them as probabilities",
    )
