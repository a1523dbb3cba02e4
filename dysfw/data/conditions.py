"""What is known of the conditions behind the labels: names and identifiers, from a ``labels.yaml`` beside the photographs."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from pathlib import Path
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from ..errors import DysfwError
from ..recipe.document import Document, parse_document, read_text
from ..recipe.problems import Position, Problem, RecipeError, locate
from ..util.text import closest, count, listed

FILE = "labels.yaml"
IDENTIFIERS = ("mondo", "omim", "orpha")
ALLOWED = {
    "name": "a text",
    "mondo": "MONDO: and seven digits",
    "omim": "OMIM: and six digits",
    "orpha": "ORPHA: and up to six digits",
    "synonyms": "a list of texts",
}


class Condition(BaseModel):
    """name: as people say it. mondo: of the Mondo Disease Ontology; omim: of OMIM's catalogue; orpha: of Orphanet. synonyms:
    other names."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str = ""
    mondo: Annotated[str, Field(pattern=r"^MONDO:\d{7}$")] | None = None
    omim: Annotated[str, Field(pattern=r"^OMIM:\d{6}$")] | None = None
    orpha: Annotated[str, Field(pattern=r"^ORPHA:\d{1,6}$")] | None = None
    synonyms: tuple[str, ...] = ()

    @property
    def identifiers(self) -> tuple[str, ...]:
        """Those that are known, Mondo's first: ("MONDO:0008608", "OMIM:190685")."""
        return tuple(value for name in IDENTIFIERS if (value := getattr(self, name)))

    def __str__(self) -> str:
        """ "Down syndrome (MONDO:0008608, OMIM:190685)"."""
        known = ", ".join(self.identifiers)
        return f"{self.name} ({known})" if self.name and known else self.name or known


def read_conditions(folder: Path, labels: Collection[str]) -> dict[str, Condition]:
    """Of these labels those that the folder's ``labels.yaml`` describes; none where there is no such file.

    Raises DysfwError with everything that is wrong in the file, and where two of the labels name one condition.
    """
    path = folder / FILE
    if not path.is_file():
        return {}
    try:
        document = parse_document(read_text(path, "description of labels"), str(path))
    except RecipeError as error:
        raise _refusal(path, error.problems) from None
    described = _checked(path, document)
    _refuse_doubled(path, document, described, labels)
    return {label: described[label] for label in sorted(labels) if label in described}


def _checked(path: Path, document: Document) -> dict[str, Condition]:
    if not isinstance(document.value, dict):
        found = "nothing" if document.value is None else f"a {type(document.value).__name__}"
        raise _refusal(path, [Problem(document.positions[()], (), f"a mapping of labels to what they mean, found {found}")])
    described: dict[str, Condition] = {}
    problems: list[Problem] = []
    for label, value in document.value.items():
        try:
            described[label] = Condition.model_validate({} if value is None else value)
        except ValidationError as error:
            problems += [_problem(document, label, detail) for detail in error.errors()]
    if problems:
        raise _refusal(path, problems)
    return described


def _problem(document: Document, label: str, detail: Mapping[str, Any]) -> Problem:
    key = str(detail["loc"][0]) if detail["loc"] else ""
    place = (label, key) if key else (label,)
    position = locate(document.positions, place)
    if detail["type"] == "extra_forbidden":
        return Problem(position, place, f"unknown key{closest(key, ALLOWED)} (allowed: {listed(ALLOWED)})")
    return Problem(position, place, f"found {detail['input']!r}; allowed: {ALLOWED.get(key, 'keys and values')}")


def _refuse_doubled(path: Path, document: Document, described: Mapping[str, Condition], labels: Collection[str]) -> None:
    """A label that is another one's name, synonym or identifier would make two classes of one condition."""
    owners: dict[str, str] = {}
    problems = []
    for label in sorted(labels):
        condition = described.get(label, Condition())
        for name in dict.fromkeys(map(_folded, (label, condition.name, *condition.synonyms, *condition.identifiers))):
            other = owners.setdefault(name, label) if name else label
            if other != label:
                message = (
                    f"{label!r} and {other!r} are both labels of the data, and both mean {name!r}: give their photographs one"
                )
                problems.append(Problem(_position(document, (label, other)), (), message))
    if problems:
        raise _refusal(path, problems)


def _position(document: Document, labels: Iterable[str]) -> Position:
    return next((document.positions[label,] for label in labels if (label,) in document.positions), document.positions[()])


def _folded(name: str) -> str:
    return " ".join(name.casefold().split())


def _refusal(path: Path, problems: Iterable[Problem]) -> DysfwError:
    ordered = sorted(problems, key=lambda problem: problem.position)
    lines = "\n".join(f"  {problem}" for problem in ordered)
    return DysfwError(
        f"{count(len(ordered), 'problem')} in {path}:\n{lines}",
        hint="a label is described by {name: …, mondo: MONDO:0008608, omim: OMIM:190685, orpha: ORPHA:870, synonyms: […]}",
    )
