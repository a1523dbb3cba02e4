"""Schema of the served model."""

from __future__ import annotations

from ...data.conditions import Condition
from .base import Link, Problem, Reference, Schema


class Label(Schema):
    """A label of the model, its condition, and its identifiers as links."""

    label: str
    name: str
    identifiers: list[Link]
    condition: Condition | None


class Estimate(Schema):
    """A measured value with its 95 % interval; null if the bundle holds none."""

    value: float
    low: float | None
    high: float | None


class Performance(Schema):
    """What cross-validation on the training data measured.

    `top` is the share of images by the number of conditions counted. `records` has the balanced accuracy of "face alone",
    "record alone" and "both" over the patients with a record; it is empty if the recipe reads none.
    """

    balanced_accuracy: Estimate
    chance: float
    beats_chance: bool
    p: float | None
    patients: int | None
    images: int
    top: dict[int, float]
    records: dict[str, Estimate]


class OntologyRelease(Schema):
    """The ontology that signs come from."""

    name: str
    version: str
    licence: str


class Limits(Schema):
    """Limits of a request, and how long images are kept after their last use."""

    upload_bytes: int
    images: int
    signs: int
    keep_minutes: float


class Bundle(Schema):
    """The model that the server uses."""

    notice: str
    dysfw: str
    recipe: Reference
    bundle: Reference
    about: str
    card: str
    labels: list[Label]
    regions: list[str]
    performance: Performance
    evidence: list[str]
    reads_records: bool
    ontology: OntologyRelease | None
    face_generator: bool
    device: str
    precision: str
    runtimes: list[str]
    warnings: list[Problem]
    limits: Limits
