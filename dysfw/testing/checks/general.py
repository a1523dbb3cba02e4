"""Checks of components of every kind."""

from __future__ import annotations

import contextlib
import inspect
import io
import re
from typing import Any

import numpy as np

from ...errors import DysfwError
from ...recipe.docstrings import parameter_descriptions
from ...recipe.signature import SUPPLIED
from ...types import Weights
from ...util.text import error_text, listed, quoted
from ..audit_hook import NETWORK, PICKLE, audited
from ..outcome import ContractViolationError, require
from ..subject import Subject
from .harness import harness_of, require_equal


def can_be_built(subject: Subject) -> None:
    """The constructor accepts its defaults, or the parameters of the check."""
    missing = [
        name
        for name, parameter in inspect.signature(subject.component).parameters.items()
        if parameter.default is parameter.empty and name not in subject.arguments
    ]
    require(
        not missing,
        "a default for every parameter, or a value passed to the check",
        found=f"no value for {listed(missing)}",
        why="other checks need an instance; pass parameters to the check, or a recipe to `dysfw check`",
    )
    arguments = subject.arguments
    try:
        subject.component(**arguments)
    except Exception as error:
        raise ContractViolationError(
            "an instance with these parameters", error_text(error), "other checks need an instance"
        ) from None


def is_documented(subject: Subject) -> None:
    """The docstring describes the class and, in its section ``Args``, each parameter."""
    text = subject.component.__doc__ or ""
    require(text.strip(), "a docstring", found="none", why="listings, the reference and editors show it")
    described = parameter_descriptions(text, subject.signature.names)
    missing = [name for name in subject.signature.names if name not in SUPPLIED and not described.get(name)]
    require(
        not missing,
        "a docstring in Google style whose section Args describes every parameter",
        found=f"no description of {listed(missing)}",
        why="users write recipes with its help",
    )


def declares_its_weights(subject: Subject) -> None:
    """``weights()`` names each weight file with its hash, licence and source."""
    weights = subject.make().weights()
    require(isinstance(weights, tuple), "a tuple from weights()", found=type(weights).__name__, why="the contract requires it")
    for entry in weights:
        require(isinstance(entry, Weights), "a dysfw.types.Weights", found=type(entry).__name__, why="the contract requires it")
        require(
            re.fullmatch(r"[0-9a-f]{64}", entry.sha256),
            f"a sha256 of {entry.name or 'each weight file'}, 64 lower-case hexadecimal digits",
            found=repr(entry.sha256),
            why="a bundle uses it to check that the weights are those of its training",
        )
        empty = [name for name in ("name", "licence", "source") if not getattr(entry, name)]
        require(
            not empty,
            'name, licence (an SPDX identifier or "unstated") and source of every weight file',
            found=f"no {listed(empty)}",
            why="model cards list them",
        )


def explains_invalid_parameters(subject: Subject) -> None:
    """Values that are probably invalid are either accepted or rejected with a clear message."""
    for name, wrong in _wrong_values(subject):
        try:
            subject.component(**subject.arguments | {name: wrong})
        except (ValueError, DysfwError) as error:
            require(
                name in str(error) or repr(wrong).strip("'") in str(error),
                f"a message that names the parameter {name} or the value",
                found=f"{error_text(error)}, for {name}={wrong!r}",
                why="users must see what is wrong in their recipe",
            )
        except Exception as error:
            raise ContractViolationError(
                f"ValueError with a message for {name}={wrong!r}, or no error",
                error_text(error),
                "other errors are reported as bugs of the component, not as errors in the recipe",
            ) from None


def _wrong_values(subject: Subject) -> list[tuple[str, object]]:
    fields = subject.signature.plain.model_fields
    wrong: list[tuple[str, object]] = []
    for name, field in fields.items():
        if name in SUPPLIED:
            continue
        candidates: list[object] = []
        if field.annotation in (int, float):
            candidates = [-1_000_000]
        elif field.annotation is str:
            candidates = ["no such word"]
        plain = {n: v for n, v in subject.arguments.items() if n in fields}
        for value in candidates:
            try:  # values that the annotation forbids never reach the constructor
                subject.signature.plain.model_validate(plain | {name: value})
            except ValueError:
                continue
            wrong.append((name, value))
    return wrong


def leaves_its_inputs_unchanged(subject: Subject) -> None:
    """No input array is modified in place."""
    harness = harness_of(subject)
    inputs = harness.inputs(writable=True)
    before = [array.copy() for array in harness.arrays(inputs)]
    harness.run(harness.make_fitted(), inputs)
    for old, new in zip(before, harness.arrays(inputs), strict=True):
        require(
            np.array_equal(old, new),
            "unchanged inputs",
            found=f"{np.count_nonzero(old != new):,} of {old.size:,} values changed",
            why="other components and the report use the same arrays",
        )


def is_deterministic(subject: Subject) -> None:
    """The same input gives the same output, from one instance and from two."""
    harness = harness_of(subject)
    inputs = harness.inputs()
    first = harness.run(harness.fitted, inputs)
    second = harness.run(harness.fitted, inputs)
    require_equal(first, second, "the same output for the same input", "results must be reproducible")
    require_equal(
        first,
        harness.run(harness.make_fitted(), inputs),
        "the same output from two instances with the same parameters",
        "a bundle must give the same result later, in another process",
    )


def is_thread_safe(subject: Subject) -> None:
    """Four threads that share an instance get the same results as one."""
    from concurrent.futures import ThreadPoolExecutor

    harness = harness_of(subject)
    component = harness.fitted
    inputs_of_threads = [tuple(_rotated(part, places) for part in harness.inputs()) for places in range(4)]
    sequential = [harness.run(component, inputs) for inputs in inputs_of_threads]
    with ThreadPoolExecutor(4) as pool:
        concurrent = list(pool.map(lambda inputs: harness.run(component, inputs), inputs_of_threads))
    for expected, result in zip(sequential, concurrent, strict=True):
        require_equal(expected, result, "the same output in four threads as in one", "a server handles requests concurrently")


def _rotated(part: Any, places: int) -> Any:  # noqa: ANN401  # an array or a list
    """The elements in another order, so that each thread has its own input."""
    if isinstance(part, np.ndarray):
        rotated = np.roll(part, places, axis=0)
        rotated.setflags(write=False)
        return rotated
    return [*part[places % len(part) :], *part[: places % len(part)]]


def does_not_use_the_network(subject: Subject) -> None:
    """No network access while an instance is made, fitted and run."""
    used = [f"{event} {about}" for event, about in _audit_events(subject) if event in NETWORK]
    require(
        not used,
        "no network access",
        found=listed(used, 3),
        why="faces are biometric data, and clinical machines are often offline: get weights with dysfw.plugin.find_weights",
    )


def does_not_unpickle(subject: Subject) -> None:
    """Nothing is unpickled while an instance is made, fitted and run."""
    used = [about for event, about in _audit_events(subject) if event == PICKLE]
    require(
        not used,
        "nothing unpickled",
        found=f"the classes {listed(dict.fromkeys(used), 4)}",
        why="a pickle can run any code: store weights in safetensors, or npz without pickles",
    )


def prints_nothing(subject: Subject) -> None:
    """Nothing is written to stdout while an instance is made, fitted and run."""
    _audit_events(subject)
    printed = subject.shared["stdout"].getvalue()
    require(not printed, "nothing printed", found=quoted(printed), why="it would break the JSON of `dysfw run --json`")


def _audit_events(subject: Subject) -> list[tuple[str, str]]:
    """The audit events while an instance was made, fitted and run. Its stdout is shared as "stdout"."""
    if "events" not in subject.shared:
        harness = harness_of(subject)
        inputs = harness.inputs()
        stdout = subject.shared["stdout"] = io.StringIO()
        with audited() as events, contextlib.redirect_stdout(stdout):
            component = harness.make_fitted()
            with contextlib.suppress(Exception):  # other checks report it
                harness.run(component, inputs)
        subject.shared["events"] = events
    shared: list[tuple[str, str]] = subject.shared["events"]
    return shared


CHECKS = (
    can_be_built,
    is_documented,
    declares_its_weights,
    explains_invalid_parameters,
    is_deterministic,
    leaves_its_inputs_unchanged,
    is_thread_safe,
    does_not_use_the_network,
    does_not_unpickle,
    prints_nothing,
)
