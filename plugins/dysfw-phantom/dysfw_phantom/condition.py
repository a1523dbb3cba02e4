"""Phantom conditions: which terms a phantom of a condition has, how often and how strongly. One YAML file each."""

from __future__ import annotations

import functools
from collections.abc import Mapping
from importlib.resources import files
from pathlib import Path
from typing import Annotated

import numpy as np
from pydantic import AfterValidator, BeforeValidator, Field, model_validator

from dysfw.plugin import DysfwError, closest, listed, read_text

from .terms import find_term
from .yaml_reading import Keys, checked

LEAST = 0.25  # a term that is present has at least this part of its mean severity


def _known_term(word: str) -> str:
    """A validator must raise ValueError."""
    try:
        return find_term(word).id
    except DysfwError as error:
        raise ValueError(error.message) from None


def _with_spread(value: object) -> object:
    """A mean alone means no spread."""
    if isinstance(value, int | float) and not isinstance(value, bool):
        return float(value), 0.0
    return tuple(value) if isinstance(value, list) else value


Severity = Annotated[float, Field(ge=0, le=6)]
Years = Annotated[float, Field(ge=1, le=100)]


def _youngest_first(ages: tuple[float, float]) -> tuple[float, float]:
    if ages[0] > ages[1]:
        raise ValueError(f"found [{ages[0]:g}, {ages[1]:g}]; allowed: the youngest first")
    return ages


Ages = Annotated[tuple[Years, Years], AfterValidator(_youngest_first)]


class ConditionTerm(Keys):
    """A term of a condition. frequency: in which part of the patients. severity: mean and standard deviation, in standard
    deviations of natural variation."""

    term: Annotated[str, AfterValidator(_known_term)]
    label: str | None = None
    frequency: Annotated[float, Field(ge=0, le=1)]
    severity: Annotated[tuple[Severity, Severity], BeforeValidator(_with_spread)]

    @model_validator(mode="after")
    def _right_label(self) -> ConditionTerm:
        expected = find_term(self.term).label
        if self.label is not None and self.label.casefold() != expected.casefold():
            raise ValueError(f"{self.term} is {expected!r}, not {self.label!r}: which of the two is meant?")
        return self


class Source(Keys):
    """A published description."""

    authors: str
    title: str
    journal: str
    year: Annotated[int, Field(ge=1800, le=2100)]
    doi: Annotated[str, Field(pattern=r"^10\.\d{4,}/\S+$")] | None = None
    pmid: int | None = None


class Condition(Keys):
    """A phantom condition. age: youngest and oldest patient, years. mondo, omim: what it imitates."""

    label: Annotated[str, Field(pattern=r"^phantom-[a-z0-9][a-z0-9-]*$")]
    name: str
    mondo: Annotated[str, Field(pattern=r"^MONDO:\d{7}$")] | None = None
    omim: Annotated[str, Field(pattern=r"^OMIM:\d{6}$")] | None = None
    note: str = ""
    age: Ages = (2.0, 70.0)
    terms: tuple[ConditionTerm, ...]
    sources: tuple[Source, ...] = ()

    @model_validator(mode="after")
    def _each_once(self) -> Condition:
        names = [sign.term for sign in self.terms]
        if doubled := sorted({name for name in names if names.count(name) > 1}):
            raise ValueError(f"terms listed twice: {listed(doubled)}")
        return self


def sample_terms(condition: Condition, rng: np.random.Generator, severity: float = 1.0) -> dict[str, float]:
    """The terms of one patient: HPO id -> severity, in standard deviations. severity: factor on all of them."""
    present: dict[str, float] = {}
    for sign in condition.terms:
        mean, spread = sign.severity
        chance, draw = rng.random(), rng.normal(mean, spread)  # both always drawn: a frequency changes no other term
        if chance < sign.frequency:
            present[sign.term] = severity * max(draw, LEAST * mean)
    return present


def read_condition(path: Path) -> Condition:
    """The condition in a file. Raises DysfwError with every problem found."""
    return checked(read_text(path, "condition"), str(path), Condition, "condition")


@functools.cache
def shipped_conditions() -> Mapping[str, Condition]:
    """The conditions that come with this plugin, by label; unaffected first."""
    folder = files(__package__) / "conditions"
    found = [
        checked(file.read_text("utf-8"), file.name, Condition, "condition")
        for file in sorted(folder.iterdir(), key=lambda file: file.name)
        if file.name.endswith(".yaml")
    ]
    return {c.label: c for c in sorted(found, key=lambda c: (bool(c.terms), c.label))}


def find_condition(word: str, folder: Path) -> Condition:
    """A shipped condition by its label, or the one in a file, whose path is relative to ``folder``. Raises DysfwError."""
    shipped = shipped_conditions()
    if word in shipped:
        return shipped[word]
    if word.endswith((".yaml", ".yml")):
        return read_condition(folder / word)
    raise DysfwError(
        f"no condition is called {word!r}{closest(word, shipped)}",
        hint=f"shipped: {listed(shipped, 20)}; or name the YAML file of your own",
    )


def find_conditions(path: Path) -> list[Condition]:
    """The condition in a file, or all in a folder. Raises DysfwError."""
    if not path.is_dir():
        return [read_condition(path)]
    found = sorted(p for p in path.iterdir() if p.suffix in (".yaml", ".yml"))
    if not found:
        raise DysfwError(f"{path} has no conditions in it", hint="a condition is a YAML file; see the plugin's README")
    return [read_condition(file) for file in found]
