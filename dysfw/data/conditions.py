"""Names and identifiers of conditions, from a ``labels.yaml`` next to the images."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    SerializerFunctionWrapHandler,
    ValidationError,
    model_serializer,
)

from ..errors import DysfwError
from ..recipe.document import Document, parse_document, read_text
from ..recipe.problems import Position, Problem, RecipeError, locate
from ..types import ConditionIds
from ..util.text import closest, count, listed

FILE = "labels.yaml"
IDENTIFIERS = ("mondo", "omim", "orpha")  # of the condition itself; what a phantom imitates is none
ALLOWED = {
    "name": "a string",
    "mondo": "MONDO: followed by seven digits",
    "omim": "OMIM: followed by six digits",
    "orpha": "ORPHA: followed by up to six digits",
    "imitates": "OMIM: followed by six digits",
    "synonyms": "a list of strings",
}


class Condition(BaseModel):
    """Name and identifiers of a condition.

    Attributes:
        name: Common name.
        mondo: Identifier in the Mondo Disease Ontology, "MONDO:0008608".
        omim: Identifier in OMIM, "OMIM:190685".
        orpha: Identifier in Orphanet, "ORPHA:870".
        imitates: Identifier in OMIM of the disease that phantoms imitate. It is never exported as a diagnosis.
        synonyms: Other names.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str = ""
    mondo: Annotated[str, Field(pattern=r"^MONDO:\d{7}$")] | None = None
    omim: Annotated[str, Field(pattern=r"^OMIM:\d{6}$")] | None = None
    orpha: Annotated[str, Field(pattern=r"^ORPHA:\d{1,6}$")] | None = None
    imitates: Annotated[str, Field(pattern=r"^OMIM:\d{6}$")] | None = None
    synonyms: tuple[str, ...] = ()

    @model_serializer(mode="wrap")
    def _serialise(self, handler: SerializerFunctionWrapHandler) -> dict[str, object]:
        """Leave out ``imitates`` if there is none: bundles from before have no such key, and their fingerprint must stay."""
        content: dict[str, object] = handler(self)
        return {key: value for key, value in content.items() if key != "imitates" or value is not None}

    @property
    def identifiers(self) -> tuple[str, ...]:
        """The known identifiers, Mondo first: ("MONDO:0008608", "OMIM:190685")."""
        return tuple(value for name in IDENTIFIERS if (value := getattr(self, name)))

    def __str__(self) -> str:
        """Return "Down syndrome (MONDO:0008608, OMIM:190685)"."""
        known = ", ".join(self.identifiers)
        return f"{self.name} ({known})" if self.name and known else self.name or known


def condition_ids(labels: Sequence[str], conditions: Mapping[str, Condition]) -> tuple[ConditionIds, ...]:
    """List labels with the identifiers by which evidence knows them, those of diseases that phantoms imitate included.

    Args:
        labels: K labels.
        conditions: Descriptions of labels, as far as they are known.

    Returns:
        K conditions.
    """
    known = [conditions.get(label, Condition()) for label in labels]
    return tuple(
        ConditionIds(label, (*one.identifiers, *((one.imitates,) if one.imitates else ())))
        for label, one in zip(labels, known, strict=True)
    )


def read_conditions(folder: Path, labels: Collection[str]) -> dict[str, Condition]:
    """Read the descriptions of labels from ``labels.yaml``.

    Args:
        folder: Folder that may contain ``labels.yaml``.
        labels: Labels of the data set.

    Returns:
        The described labels among ``labels``; empty if there is no such file.

    Raises:
        DysfwError: If the file is invalid, with all problems, or if two labels name the same condition.
    """
    path = folder / FILE
    if not path.is_file():
        return {}
    try:
        document = parse_document(read_text(path, "description of labels"), str(path))
    except RecipeError as error:
        raise _error(path, error.problems) from None
    described = _validate(path, document)
    _refuse_synonyms(path, document, described, labels)
    return {label: described[label] for label in sorted(labels) if label in described}


def described_labels(folder: Path) -> frozenset[str]:
    """List the labels that ``labels.yaml`` describes; it thereby says that they are meant, even if one is called "NA".

    Args:
        folder: Folder that may contain ``labels.yaml``.

    Raises:
        DysfwError: If the file is invalid.
    """
    path = folder / FILE
    if not path.is_file():
        return frozenset()
    try:
        value = parse_document(read_text(path, "description of labels"), str(path)).value
    except RecipeError as error:
        raise _error(path, error.problems) from None
    return frozenset(map(str, value)) if isinstance(value, dict) else frozenset()


def _validate(path: Path, document: Document) -> dict[str, Condition]:
    if not isinstance(document.value, dict):
        found = "nothing" if document.value is None else f"a {type(document.value).__name__}"
        raise _error(
            path, [Problem(document.positions[()], (), f"expected a mapping of labels to descriptions, found {found}")]
        )
    described: dict[str, Condition] = {}
    problems: list[Problem] = []
    for label, value in document.value.items():
        try:
            described[label] = Condition.model_validate({} if value is None else value)
        except ValidationError as error:
            problems += [_problem(document, label, detail) for detail in error.errors()]
    if problems:
        raise _error(path, problems)
    return described


def _problem(document: Document, label: str, detail: Mapping[str, Any]) -> Problem:
    key = str(detail["loc"][0]) if detail["loc"] else ""
    place = (label, key) if key else (label,)
    position = locate(document.positions, place)
    if detail["type"] == "extra_forbidden":
        return Problem(position, place, f"unknown key{closest(key, ALLOWED)} (allowed: {listed(ALLOWED)})")
    return Problem(position, place, f"found {detail['input']!r}; allowed: {ALLOWED.get(key, 'keys and values')}")


def _refuse_synonyms(path: Path, document: Document, described: Mapping[str, Condition], labels: Collection[str]) -> None:
    """Raise DysfwError if two labels share a name, synonym or identifier: one condition would become two classes."""
    label_of: dict[str, str] = {}
    problems = []
    for label in sorted(labels):
        condition = described.get(label, Condition())
        for name in dict.fromkeys(map(_folded, (label, condition.name, *condition.synonyms, *condition.identifiers))):
            other = label_of.setdefault(name, label) if name else label
            if other != label:
                message = f"the labels {label!r} and {other!r} both stand for {name!r}; use one label for both"
                problems.append(Problem(_position(document, (label, other)), (), message))
    if problems:
        raise _error(path, problems)


def _position(document: Document, labels: Iterable[str]) -> Position:
    return next((document.positions[label,] for label in labels if (label,) in document.positions), document.positions[()])


def _folded(name: str) -> str:
    return " ".join(name.casefold().split())


def _error(path: Path, problems: Iterable[Problem]) -> DysfwError:
    ordered = sorted(problems, key=lambda problem: problem.position)
    lines = "\n".join(f"  {problem}" for problem in ordered)
    return DysfwError(
        f"{count(len(ordered), 'problem')} in {path}:\n{lines}",
        hint="describe a label by {name: …, mondo: MONDO:0008608, omim: OMIM:190685, orpha: ORPHA:870, synonyms: […]}",
    )
