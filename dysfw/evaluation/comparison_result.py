"""The result of a comparison, as ``comparison.json`` stores it and the report shows it."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from ..audit.result import AuditResult
from ..stats.estimate import Estimate
from .result import DataSummary, Evaluation, Protocol


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Entry(_Part):
    """One recipe of a comparison.

    Attributes:
        name: Name of the recipe, unique among the entries; also the key of its evaluation.
        recipe: The resolved recipe.
        fingerprint: Its fingerprint.
        measures: As in its ``Evaluation``.
        top: As in its ``Evaluation``.
        top_macro: As in its ``Evaluation``.
        difference: This recipe minus the first, by measure, paired in the same resamples; empty for the first.
        seconds: Time of all its stages together. Stages that reuse another recipe's results count with the time this took.
    """

    name: str
    recipe: dict[str, Any]
    fingerprint: str
    measures: dict[str, Estimate]
    top: dict[int, Estimate]
    top_macro: dict[int, Estimate]
    difference: dict[str, Estimate]
    seconds: float


class Comparison(_Part):
    """Several recipes, evaluated on identical folds.

    Attributes:
        schema_: Version of the format.
        command: The command that repeats the comparison.
        created: Time in UTC, ISO 8601.
        research_use: The note that this is for research use only.
        protocol: How images were divided into training and test.
        data: The images.
        audit: The audit of the images as they are; an ``Evaluation`` has the audit after its recipe harmonised them.
        labels: The conditions.
        entries: The recipes in the given order; all others are compared with the first.
        evaluations: The full evaluation of each entry, by name.
        resamples: Number of bootstrap resamples.
        versions: Versions of the packages used.
    """

    schema_: Literal["dysfw.comparison/1"] = Field(default="dysfw.comparison/1", alias="schema")
    command: str
    created: str
    research_use: str
    protocol: Protocol
    data: DataSummary
    audit: AuditResult
    labels: list[str]
    entries: list[Entry] = Field(min_length=1)
    evaluations: dict[str, Evaluation]
    resamples: int
    versions: dict[str, str]
