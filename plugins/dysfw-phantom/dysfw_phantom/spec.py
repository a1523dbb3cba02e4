"""Specs: what a data set of phantoms holds. A YAML file, checked as a whole before anything is made."""

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
from .effects import Effects, FileKeys, Size
from .yaml_reading import Keys, checked

Split = Literal["train", "test"]
Count = Annotated[int, Field(ge=1, le=1_000)]
Few = Annotated[int, Field(ge=0, le=30)]
Fraction = Annotated[float, Field(ge=0, le=1)]
Severity = Annotated[float, Field(ge=0, le=6)]


def _twice(value: object) -> object:
    """One number of photographs means the least and the most."""
    if isinstance(value, int) and not isinstance(value, bool):
        return value, value
    return tuple(value) if isinstance(value, list) else value


def _whole(value: object) -> object:
    """The name of a split means all patients in it."""
    return {value: 1.0} if isinstance(value, str) else value


class RandomTerms(Keys):
    """Terms drawn at random for each patient, no two of one axis. count: least and most of them. severity: least and most, in
    standard deviations."""

    count: tuple[Few, Few]
    severity: tuple[Severity, Severity]

    @model_validator(mode="after")
    def _ordered(self) -> RandomTerms:
        if self.count[0] > self.count[1] or self.severity[0] > self.severity[1]:
            raise ValueError("allowed: the least first")
        return self


class ClassKeys(Keys):
    """Patients of one condition. photographs: of each patient, or the least and the most. split: of all, or the part of the
    patients in each."""

    condition: str
    patients: Annotated[int, Field(ge=1, le=1_000_000)]
    photographs: Annotated[tuple[Count, Count], BeforeValidator(_twice)] = (1, 1)
    split: Annotated[dict[Split, Fraction], BeforeValidator(_whole)] | None = None
    random_terms: RandomTerms | None = None
    source: str | None = None
    effects: Effects = Effects()

    @model_validator(mode="after")
    def _consistent(self) -> ClassKeys:
        if self.photographs[0] > self.photographs[1]:
            raise ValueError(f"photographs is {list(self.photographs)}; allowed: the least first")
        if self.split is not None and abs(sum(self.split.values()) - 1) > 1e-6:
            raise ValueError(f"the parts in split sum to {sum(self.split.values()):g}; allowed: 1")
        return self


class SpecKeys(Keys):
    """The keys of a spec. label: what a folder stands for, a condition or one patient (for training to recognise people).
    severity, natural_variation: factors on all terms, and on what makes one unaffected face differ from another. age: of all
    patients, in place of each condition's own, so that no condition can be told by it."""

    version: Literal[1]
    name: Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9-]{0,31}$")]
    note: str = ""
    seed: Annotated[int, Field(ge=0, lt=2**32)] = 0
    size: Size = 256
    label: Literal["condition", "patient"] = "condition"
    file: FileKeys = FileKeys()
    severity: Annotated[float, Field(ge=0, le=3)] = 1.0
    natural_variation: Annotated[float, Field(ge=0, le=2)] = 1.0
    age: Ages | None = None
    classes: Annotated[tuple[ClassKeys, ...], Field(min_length=1)]

    @model_validator(mode="after")
    def _splits_everywhere_or_nowhere(self) -> SpecKeys:
        if len({part.split is None for part in self.classes}) > 1:
            raise ValueError("some classes name a split and some do not; allowed: all or none")
        return self


@dataclass(frozen=True, slots=True)
class Spec:
    """A checked spec. conditions: one for each class, in their order."""

    keys: SpecKeys
    conditions: tuple[Condition, ...]

    def to_dict(self) -> dict[str, object]:
        """Everything that shapes the data set, the conditions' content and this plugin's version included."""
        conditions = [condition.model_dump(mode="json", exclude_defaults=True) for condition in self.conditions]
        keys = self.keys.model_dump(mode="json", exclude_defaults=True)
        return {"plugin": version("dysfw-phantom"), "spec": keys, "conditions": conditions}

    @property
    def fingerprint(self) -> str:
        """sha256 over ``to_dict``: two runs with the same one make the same data set."""
        return hashlib.sha256(json.dumps(self.to_dict(), sort_keys=True).encode()).hexdigest()


def shipped_specs() -> Mapping[str, str]:
    """The YAML text of the specs that come with this plugin, by name."""
    folder = files(__package__) / "specs"
    found = sorted((file.name, file) for file in folder.iterdir() if file.name.endswith(".yaml"))
    return {name.removesuffix(".yaml"): file.read_text("utf-8") for name, file in found}


def find_spec(word: str) -> Spec:
    """A shipped spec by its name, or the one in a file. Raises DysfwError with every problem found."""
    shipped = shipped_specs()
    if word in shipped:
        return parse_spec(shipped[word], f"{word}.yaml", Path())
    path = Path(word)
    if not path.exists() and path.suffix not in (".yaml", ".yml"):
        raise DysfwError(
            f"no spec is called {word!r}{closest(word, shipped)}",
            hint=f"shipped: {listed(shipped)}; or name the YAML file of your own",
        )
    return parse_spec(read_text(path, "spec"), str(path), path.parent)


def parse_spec(text: str, name: str, folder: Path) -> Spec:
    """The spec in a text; paths of conditions in it are relative to ``folder``. Raises DysfwError."""
    keys = checked(text, name, SpecKeys, "spec")
    conditions, problems = [], []
    for number, part in enumerate(keys.classes):
        try:
            conditions.append(find_condition(part.condition, folder))
        except DysfwError as error:
            problems.append(f"  classes.{number}.condition: {error.message}\n    {error.hint or ''}".rstrip())
    if problems:
        raise DysfwError(f"{count(len(problems), 'problem')} in the spec {name}:\n" + "\n".join(problems))
    return Spec(keys, tuple(conditions))
