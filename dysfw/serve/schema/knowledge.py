"""Schemas of what is known beside the training data: terms, records, conditions, typical faces and rankings."""

from __future__ import annotations

from typing import Literal

from pydantic import ConfigDict, Field

from ...knowledge.ontology import Assessment
from ...types import Sex, Status
from .base import Link, Schema


class Term(Schema):
    """A sign; `synonym` is the one that matches the text, if the name does not."""

    id: str
    name: str
    synonym: str
    definition: str


class Terms(Schema):
    """Signs that a text may mean, the best match first."""

    terms: list[Term]


class NamedSign(Schema):
    """A sign of a record."""

    id: str
    name: str


class Record(Schema):
    """A record as it is understood; `problems` says what of it is not used, or contradicts itself."""

    observed: list[NamedSign]
    excluded: list[NamedSign]
    age: float | None
    age_text: str
    sex: Sex | None
    ancestry: str | None
    problems: list[str]


class GeneLink(Schema):
    """A gene, and the page about it; null if none is known."""

    symbol: str
    href: str | None


class KnownSign(Schema):
    """A sign that patients with a condition have, 0 to 1 of them, and what the record says of it."""

    id: str
    name: str
    frequency: float | None
    source: str
    facial: bool
    assessed: Assessment
    href: str | None


class ComparedSign(Schema):
    """A sign of the record, with the decimal logarithm of its likelihood ratio for the condition."""

    id: str
    name: str
    status: Status
    log10_lr: float | None
    because: str


class CompositeLink(Schema):
    """The mean face of training patients."""

    patients: int
    href: str


class Comparison(Schema):
    """A condition, compared with a record. `label` is null for a disease that is no condition of the model."""

    label: str | None
    name: str
    identifiers: list[Link]
    imitates: str | None
    genes: list[GeneLink]
    signs: list[KnownSign]
    compared: list[ComparedSign]
    typical_faces: int
    composite: CompositeLink | None


class TypicalFace(Schema):
    """A synthetic face of a condition, and names of signs that it shows and does not show."""

    href: str
    shown: list[str]
    not_shown: list[str]


class TypicalFaces(Schema):
    """Synthetic faces of a condition; none if no sign of it can be drawn."""

    faces: list[TypicalFace]


class Ranking(Schema):
    """The annotated diseases by how well they explain signs and face; see `dysfw rank`."""

    model_config = ConfigDict(extra="allow")

    schema_: Literal["dysfw.rank/1"] = Field(alias="schema")
