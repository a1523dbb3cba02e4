"""Phantom conditions: their terms with frequency and severity, one YAML file each."""

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
from .yaml_reading import StrictModel, parse_yaml

MIN_SEVERITY_FRACTION = 0.25  # of the mean severity, for a term that is present


def _known_term(word: str) -> str:
    """Return the id of a term. Raises ValueError, as pydantic requires of a validator."""
    try:
        return find_term(word).id
    except DysfwError as error:
        raise ValueError(error.message) from None


def _with_std(value: object) -> object:
    """Complete a mean without a standard deviation by 0."""
    if isinstance(value, int | float) and not isinstance(value, bool):
        return float(value), 0.0
    return tuple(value) if isinstance(value, list) else value


Severity = Annotated[float, Field(ge=0, le=6)]
Years = Annotated[float, Field(ge=1, le=100)]


def _ordered_ages(ages: tuple[float, float]) -> tuple[float, float]:
    if ages[0] > ages[1]:
        raise ValueError(f"found [{ages[0]:g}, {ages[1]:g}]; the minimum must come first")
    return ages


Ages = Annotated[tuple[Years, Years], AfterValidator(_ordered_ages)]


class ConditionTerm(StrictModel):
    """A term of a condition.

    Attributes:
        term: HPO id, or label, of the term.
        label: Label of the term, checked against ``term``.
        frequency: Fraction of the patients who have the term, 0 to 1.
        severity: Mean and standard deviation, in standard deviations of natural variation; one number is a mean without
            variation.
    """

    term: Annotated[str, AfterValidator(_known_term)]
    label: str | None = None
    frequency: Annotated[float, Field(ge=0, le=1)]
    severity: Annotated[tuple[Severity, Severity], BeforeValidator(_with_std)]

    @model_validator(mode="after")
    def _right_label(self) -> ConditionTerm:
        expected = find_term(self.term).label
        if self.label is not None and self.label.casefold() != expected.casefold():
            raise ValueError(f"{self.term} is {expected!r}, not {self.label!r}; correct the id or the label")
        return self


class Source(StrictModel):
    """A published description of a condition."""

    authors: str
    title: str
    journal: str
    year: Annotated[int, Field(ge=1800, le=2100)]
    doi: Annotated[str, Field(pattern=r"^10\.\d{4,}/\S+$")] | None = None
    pmid: int | None = None


class Condition(StrictModel):
    """A phantom condition.

    Attributes:
        label: Label of the class; starts with "phantom-".
        name: Name of the imitated condition.
        mondo: MONDO id of the imitated condition.
        omim: OMIM id of the imitated condition.
        imitates: OMIM id of the disease whose published patients or annotations the phantoms imitate. Evidence may use it; no
            output exports it as a diagnosis.
        note: A remark for readers.
        age: Minimum and maximum age of the patients, years.
        terms: Terms of the condition.
        sources: Descriptions on which the condition is based.
    """

    label: Annotated[str, Field(pattern=r"^phantom-[a-z0-9][a-z0-9-]*$")]
    name: str
    mondo: Annotated[str, Field(pattern=r"^MONDO:\d{7}$")] | None = None
    omim: Annotated[str, Field(pattern=r"^OMIM:\d{6}$")] | None = None
    imitates: Annotated[str, Field(pattern=r"^OMIM:\d{6}$")] | None = None
    note: str = ""
    age: Ages = (2.0, 70.0)
    terms: tuple[ConditionTerm, ...]
    sources: tuple[Source, ...] = ()

    @model_validator(mode="after")
    def _no_duplicates(self) -> Condition:
        names = [term.term for term in self.terms]
        if duplicates := sorted({name for name in names if names.count(name) > 1}):
            raise ValueError(f"terms listed twice: {listed(duplicates)}")
        return self


def sample_terms(condition: Condition, rng: np.random.Generator, severity: float = 1.0) -> dict[str, float]:
    """Sample the terms of one patient.

    Args:
        condition: The condition.
        rng: Source of randomness.
        severity: Factor on the severity of all terms.

    Returns:
        Severity of each term that is present, in standard deviations, by HPO id.
    """
    present: dict[str, float] = {}
    for term in condition.terms:
        mean, std = term.severity
        # Both numbers are always drawn, so that changing a frequency does not affect the other terms.
        chance, draw = rng.random(), rng.normal(mean, std)
        if chance < term.frequency:
            present[term.term] = severity * max(draw, MIN_SEVERITY_FRACTION * mean)
    return present


def read_condition(path: Path) -> Condition:
    """Read a condition.

    Args:
        path: A YAML file.

    Returns:
        The condition.

    Raises:
        DysfwError: The file cannot be read or is invalid; the message lists all problems.
    """
    return parse_yaml(read_text(path, "condition"), str(path), Condition, "condition")


@functools.cache
def shipped_conditions() -> Mapping[str, Condition]:
    """Return the shipped conditions by label; the unaffected class comes first."""
    folder = files(__package__) / "conditions"
    shipped = [
        parse_yaml(file.read_text("utf-8"), file.name, Condition, "condition")
        for file in sorted(folder.iterdir(), key=lambda file: file.name)
        if file.name.endswith(".yaml")
    ]
    return {c.label: c for c in sorted(shipped, key=lambda c: (bool(c.terms), c.label))}


def find_condition(word: str, folder: Path) -> Condition:
    """Find a condition by its label or file.

    Args:
        word: Label of a shipped condition, or path of a YAML file.
        folder: Folder to which a path is relative.

    Returns:
        The condition.

    Raises:
        DysfwError: The condition does not exist or is invalid.
    """
    shipped = shipped_conditions()
    if word in shipped:
        return shipped[word]
    if word.endswith((".yaml", ".yml")):
        return read_condition(folder / word)
    raise DysfwError(
        f"unknown condition {word!r}{closest(word, shipped)}",
        hint=f"use one of {listed(shipped, 20)}, or the path of a YAML file",
    )


def find_conditions(path: Path) -> list[Condition]:
    """Read one or several conditions.

    Args:
        path: A YAML file, or a folder of them.

    Returns:
        The conditions.

    Raises:
        DysfwError: The folder is empty, or a file is invalid.
    """
    if not path.is_dir():
        return [read_condition(path)]
    yaml_files = sorted(p for p in path.iterdir() if p.suffix in (".yaml", ".yml"))
    if not yaml_files:
        raise DysfwError(
            f"the folder {path} contains no conditions", hint="a condition is a YAML file; see the README of dysfw-phantom"
        )
    return [read_condition(file) for file in yaml_files]
