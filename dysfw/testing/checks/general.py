"""What components of every kind owe."""

from __future__ import annotations

import contextlib
import inspect
import io
import re
from typing import Any

import numpy as np

from ...errors import DysfwError
from ...recipe.signature import SUPPLIED
from ...types import Weights
from ...util.text import error_text, listed, shown
from ..audit_hook import NETWORK, PICKLE, audited
from ..outcome import ContractViolation, require
from ..subject import Subject
from .harness import run_harness, same


def can_be_built(subject: Subject) -> None:
    missing = [
        name
        for name, parameter in inspect.signature(subject.component).parameters.items()
        if parameter.default is parameter.empty and name not in subject.arguments
    ]
    require(
        not missing,
        "every parameter to have a default, or the check to be given one",
        found=f"no value for {listed(missing)}",
        why="what cannot be built cannot be checked; give parameters to the check, or a recipe to `dysfw check`",
    )
    arguments = subject.arguments
    try:
        subject.component(**arguments)
    except Exception as error:
        raise ContractViolation("to be built with these parameters", error_text(error), "nothing else can be checked") from None


def is_documented(subject: Subject) -> None:
    text = subject.component.__doc__ or ""
    require(text.strip(), "a docstring", found="none", why="listings, the reference and editors show it")
    told = [name for name in subject.signature.names if name not in SUPPLIED and not re.search(rf"\b{name}\b", text)]
    require(
        not told,
        "a docstring that explains every parameter",
        found=f"nothing about {listed(told)}",
        why="recipes are written from it",
    )


def names_its_weights(subject: Subject) -> None:
    weights = subject.make().weights()
    require(isinstance(weights, tuple), "weights() to give a tuple", found=type(weights).__name__, why="the contract")
    for one in weights:
        require(isinstance(one, Weights), "a dysfw.types.Weights", found=type(one).__name__, why="the contract")
        require(
            re.fullmatch(r"[0-9a-f]{64}", one.sha256),
            f"a sha256 of {one.name or 'each weight file'}, 64 lower-case hexadecimal digits",
            found=repr(one.sha256),
            why="a bundle checks by it that the weights are those it was trained with",
        )
        empty = [name for name in ("name", "licence", "source") if not getattr(one, name)]
        require(
            not empty,
            'name, licence (an SPDX id, or "unstated") and source of every weight file',
            found=f"nothing for {listed(empty)}",
            why="model cards list them",
        )


def refuses_wrong_parameters_in_words(subject: Subject) -> None:
    """Each parameter gets a value that can hardly be right. It may be accepted, or refused with a sentence."""
    for name, wrong in _wrong_values(subject):
        try:
            subject.component(**subject.arguments | {name: wrong})
        except (ValueError, DysfwError) as error:
            require(
                name in str(error) or repr(wrong).strip("'") in str(error),
                f"a sentence that names the parameter {name} or what was found",
                found=f"{error_text(error)}, for {name}={wrong!r}",
                why="the user reads it beside a line of the recipe, and must see what is wrong there",
            )
        except Exception as error:
            raise ContractViolation(
                f"ValueError with a sentence for {name}={wrong!r}, or no error",
                error_text(error),
                "other errors are reported as faults of the component, not of the recipe",
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
            try:  # what the annotation itself forbids never reaches the constructor
                subject.signature.plain.model_validate(plain | {name: value})
            except ValueError:
                continue
            wrong.append((name, value))
    return wrong


def writes_nothing_to_its_inputs(subject: Subject) -> None:
    task = run_harness(subject)
    inputs = task.inputs(writable=True)
    before = [array.copy() for array in task.arrays(inputs)]
    task.run(task.ready(), inputs)
    for old, new in zip(before, task.arrays(inputs), strict=True):
        require(
            np.array_equal(old, new),
            "inputs left as they were",
            found=f"{np.count_nonzero(old != new):,} of {old.size:,} numbers changed",
            why="the same arrays go to other components, and into the report",
        )


def says_the_same_twice(subject: Subject) -> None:
    task = run_harness(subject)
    inputs = task.inputs()
    first = task.run(task.one, inputs)
    same(first, task.run(task.one, inputs), "the same input twice to give the same", "a result that changes cannot be checked")
    same(
        first,
        task.run(task.ready(), inputs),
        "two of it, made alike, to give the same",
        "a bundle must give the same answer tomorrow, in another process",
    )


def may_be_shared_by_threads(subject: Subject) -> None:
    from concurrent.futures import ThreadPoolExecutor

    task = run_harness(subject)
    one = task.one
    different = [tuple(_turned(part, places) for part in task.inputs()) for places in range(4)]
    alone = [task.run(one, inputs) for inputs in different]
    with ThreadPoolExecutor(4) as pool:
        together = list(pool.map(lambda inputs: task.run(one, inputs), different))
    for expected, result in zip(alone, together, strict=True):
        same(expected, result, "four threads to get what one gets", "a server answers several people at once")


def _turned(part: Any, places: int) -> Any:  # noqa: ANN401  # an array or a list
    """The same in another order, so that each thread has its own."""
    if isinstance(part, np.ndarray):
        turned = np.roll(part, places, axis=0)
        turned.setflags(write=False)
        return turned
    return [*part[places % len(part) :], *part[: places % len(part)]]


def stays_off_the_network(subject: Subject) -> None:
    used = [f"{event} {about}" for event, about in _seen(subject) if event in NETWORK]
    require(
        not used,
        "no use of the network",
        found=listed(used, 3),
        why="faces are biometric data, and clinics' machines are often offline: weights come through dysfw.weights",
    )


def reads_no_pickle(subject: Subject) -> None:
    used = [about for event, about in _seen(subject) if event == PICKLE]
    require(
        not used,
        "nothing unpickled",
        found=f"the classes {listed(dict.fromkeys(used), 4)}",
        why="a pickle runs code when it is read: weights go into safetensors or npz without pickles",
    )


def prints_nothing(subject: Subject) -> None:
    _seen(subject)
    said = subject.kept["said"].getvalue()
    require(
        not said, "nothing printed", found=shown(said), why="programs read what `dysfw run --json` prints: it would be no JSON"
    )


def _seen(subject: Subject) -> list[tuple[str, str]]:
    """What happened while one was made, fitted and used. What it printed meanwhile is kept as "said"."""
    if "seen" not in subject.kept:
        task = run_harness(subject)
        inputs = task.inputs()
        said = subject.kept["said"] = io.StringIO()
        with audited() as seen, contextlib.redirect_stdout(said):
            component = task.ready()
            with contextlib.suppress(Exception):  # perhaps for what was seen; that it fails is told by the other checks
                task.run(component, inputs)
        subject.kept["seen"] = seen
    found: list[tuple[str, str]] = subject.kept["seen"]
    return found


CHECKS = (
    can_be_built,
    is_documented,
    names_its_weights,
    refuses_wrong_parameters_in_words,
    says_the_same_twice,
    writes_nothing_to_its_inputs,
    may_be_shared_by_threads,
    stays_off_the_network,
    reads_no_pickle,
    prints_nothing,
)
