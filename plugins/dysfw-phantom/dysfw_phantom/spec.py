"""Specs: YAML files that describe a data set of phantoms, validated before anything is rendered."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.metadata import version
from importlib.resources import files
from pathlib import Path
from typing import Annotated, Literal

from pydantic import BeforeValidator, Field, model_validator

from dysfw.plugin import DysfwError, closest, count, listed, read_text

from .condition import Ages, Condition, find_condition
from .effects import Effects, FileConfig, Size
from .yaml_reading import StrictModel, parse_yaml

Split = Literal["train", "test"]
Count = Annotated[int, Field(ge=1, le=1_000)]
TermCount = Annotated[int, Field(ge=0, le=30)]
Fraction = Annotated[float, Field(ge=0, le=1)]
Severity = Annotated[float, Field(ge=0, le=6)]


def _as_range(value: object) -> object:
    """Convert one number to a range with equal ends."""
    if isinstance(value, int) and not isinstance(value, bool):
        return value, value
    return tuple(value) if isinstance(value, list) else value


def _as_fractions(value: object) -> object:
    """Convert the name of a split to a mapping that assigns all patients to it."""
    return {value: 1.0} if isinstance(value, str) else value


class RandomTerms(StrictModel):
    """Terms drawn at random for each patient, at most one of each axis.

    Attributes:
        count: Minimum and maximum number of terms.
        severity: Minimum and maximum severity, in standard deviations.
    """

    count: tuple[TermCount, TermCount]
    severity: tuple[Severity, Severity]

    @model_validator(mode="after")
    def _ordered(self) -> RandomTerms:
        if self.count[0] > self.count[1] or self.severity[0] > self.severity[1]:
            raise ValueError("the minimum must come first in `count` and `severity`")
        return self


class ClassConfig(StrictModel):
    """Patients of one condition.

    Attributes:
        condition: Label of a shipped condition, or path of a YAML file.
        patients: Number of patients.
        images: Number of images of each patient, or its minimum and maximum.
        split: "train" or "test" for all patients, or the fraction of the patients in each.
        random_terms: Random terms of each patient in addition to those of the condition.
        source: Source in the manifest; "phantom" by default.
        effects: Effects of the source on the images.
    """

    condition: str
    patients: Annotated[int, Field(ge=1, le=1_000_000)]
    images: Annotated[tuple[Count, Count], BeforeValidator(_as_range)] = (1, 1)
    split: Annotated[dict[Split, Fraction], BeforeValidator(_as_fractions)] | None = None
    random_terms: RandomTerms | None = None
    source: str | None = None
    effects: Effects = Effects()

    @model_validator(mode="after")
    def _consistent(self) -> ClassConfig:
        if self.images[0] > self.images[1]:
            raise ValueError(f"images is {list(self.images)}; the minimum must come first")
        if self.split is not None and abs(sum(self.split.values()) - 1) > 1e-6:
            raise ValueError(f"the fractions in split sum to {sum(self.split.values()):g} instead of 1")
        return self


class SpecConfig(StrictModel):
    """Content of a spec.

    Attributes:
        version: Version of the format: 1.
        name: Name of the data set and prefix of the names of patients.
        note: A remark for readers.
        seed: Random seed.
        size: Side of the images, px.
        label: What a folder stands for: "condition", or "patient" to train face recognition.
        file: File format of the images.
        severity: Factor on the severity of all terms.
        natural_variation: Factor on the variation between unaffected faces.
        age: Minimum and maximum age of all patients in years, in place of those of the conditions, so that age does not
            reveal the condition.
        classes: The classes.
    """

    version: Literal[1]
    name: Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9-]{0,31}$")]
    note: str = ""
    seed: Annotated[int, Field(ge=0, lt=2**32)] = 0
    size: Size = 256
    label: Literal["condition", "patient"] = "condition"
    file: FileConfig = FileConfig()
    severity: Annotated[float, Field(ge=0, le=3)] = 1.0
    natural_variation: Annotated[float, Field(ge=0, le=2)] = 1.0
    age: Ages | None = None
    classes: Annotated[tuple[ClassConfig, ...], Field(min_length=1)]

    @model_validator(mode="after")
    def _splits_in_all_or_no_classes(self) -> SpecConfig:
        if len({config.split is None for config in self.classes}) > 1:
            raise ValueError("some classes have a split and some do not; specify it for all classes or for none")
        return self


@dataclass(frozen=True, slots=True)
class Spec:
    """A validated spec.

    Attributes:
        config: Content of the spec.
        conditions: The condition of each class, in their order.
    """

    config: SpecConfig
    conditions: tuple[Condition, ...]

    def to_dict(self) -> dict[str, object]:
        """Return everything that determines the data set, including the conditions and the version of this plugin."""
        conditions = [condition.model_dump(mode="json", exclude_defaults=True) for condition in self.conditions]
        config = self.config.model_dump(mode="json", exclude_defaults=True)
        return {"plugin": version("dysfw-phantom"), "spec": config, "conditions": conditions}

    @property
    def fingerprint(self) -> str:
        """SHA-256 of ``to_dict``. Specs with the same fingerprint produce the same data set."""
        return hashlib.sha256(json.dumps(self.to_dict(), sort_keys=True).encode()).hexdigest()


def shipped_specs() -> Mapping[str, str]:
    """Return the YAML text of the shipped specs by name."""
    folder = files(__package__) / "specs"
    shipped = sorted((file.name, file) for file in folder.iterdir() if file.name.endswith(".yaml"))
    return {name.removesuffix(".yaml"): file.read_text("utf-8") for name, file in shipped}


def find_spec(word: str) -> Spec:
    """Find a spec by its name or file.

    Args:
        word: Name of a shipped spec, or path of a YAML file.

    Returns:
        The spec.

    Raises:
        DysfwError: The spec does not exist or is invalid; the message lists all problems.
    """
    shipped = shipped_specs()
    if word in shipped:
        return parse_spec(shipped[word], f"{word}.yaml", Path())
    path = Path(word)
    if not path.exists() and path.suffix not in (".yaml", ".yml"):
        raise DysfwError(
            f"unknown spec {word!r}{closest(word, shipped)}",
            hint=f"use one of {listed(shipped)}, or the path of a YAML file",
        )
    return parse_spec(read_text(path, "spec"), str(path), path.parent)


def parse_spec(text: str, name: str, folder: Path) -> Spec:
    """Parse a spec.

    Args:
        text: YAML text.
        name: Name of the file, for messages.
        folder: Folder to which paths of conditions are relative.

    Returns:
        The spec.

    Raises:
        DysfwError: The spec is invalid; the message lists all problems.
    """
    config = parse_yaml(text, name, SpecConfig, "spec")
    conditions, problems = [], []
    for number, class_config in enumerate(config.classes):
        try:
            conditions.append(find_condition(class_config.condition, folder))
        except DysfwError as error:
            problems.append(f"  classes.{number}.condition: {error.message}\n    {error.hint or ''}".rstrip())
    if problems:
        raise DysfwError(f"{count(len(problems), 'problem')} in the spec {name}:\n" + "\n".join(problems))
    return Spec(config, tuple(conditions))
