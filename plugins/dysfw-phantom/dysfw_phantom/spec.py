"""Specs: YAML files that describe a data set of phantoms, validated before anything is rendered."""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from importlib.metadata import version
from importlib.resources import files
from pathlib import Path

from dysfw.plugin import DysfwError, closest, count, listed, read_text

from .condition import Condition, find_condition
from .drawn_class import DrawnClass, Expanded, annotated_classes, published_classes
from .spec_config import SpecConfig
from .yaml_reading import parse_yaml


@dataclass(frozen=True, slots=True)
class Spec:
    """A validated spec.

    Attributes:
        config: Content of the spec.
        classes: All classes, in order.
        left_out: What was left out, and why, one sentence each.
    """

    config: SpecConfig
    classes: tuple[DrawnClass, ...]
    left_out: tuple[str, ...] = ()

    @property
    def conditions(self) -> tuple[Condition, ...]:
        """The condition of each class, in their order."""
        return tuple(one.condition for one in self.classes)

    def to_dict(self) -> dict[str, object]:
        """Return everything that determines the data set, including the conditions and the version of this plugin."""
        conditions = [one.condition.model_dump(mode="json", exclude_defaults=True) for one in self.classes]
        config = self.config.model_dump(mode="json", exclude_defaults=True)
        content: dict[str, object] = {"plugin": version("dysfw-phantom"), "spec": config, "conditions": conditions}
        if patients := [asdict(patient) for one in self.classes for patient in one.published]:
            content["published"] = hashlib.sha256(json.dumps(patients, sort_keys=True).encode()).hexdigest()
        return content

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
    classes: list[DrawnClass] = []
    problems: list[str] = []
    left_out: list[str] = []
    for number, class_config in enumerate(config.classes):
        try:
            classes.append(DrawnClass(class_config, find_condition(class_config.condition, folder)))
        except DysfwError as error:
            problems.append(f"  classes.{number}.condition: {error.message}\n    {error.hint or ''}".rstrip())
    blocks: list[tuple[str, Callable[[], Expanded]]] = []
    if published := config.published_cases:
        blocks.append(("published_cases", lambda: published_classes(published, config.seed, folder)))
    if annotated := config.annotated:
        blocks.append(("annotated", lambda: annotated_classes(annotated, config.seed)))
    for key, expand in blocks:
        try:
            expanded = expand()
        except DysfwError as error:
            problems.append(f"  {key}: {error.message}\n    {error.hint or ''}".rstrip())
            continue
        classes += expanded.classes
        left_out += expanded.left_out
    labels = Counter(one.condition.label for one in classes)
    if several := [label for label, number in labels.items() if number > 1 and label.startswith("phantom-omim-")]:
        problems.append(f"  {listed(several, 5)}: in published_cases and annotated; list a disease in one of them")
    if problems:
        raise DysfwError(f"{count(len(problems), 'problem')} in the spec {name}:\n" + "\n".join(problems))
    return Spec(config, tuple(classes), tuple(left_out))
