"""What a comparison of recipes on identical folds found, as ``comparison.json`` holds it and the report shows it."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from ..audit.result import AuditResult
from ..stats.estimate import Estimate
from .result import DataSummary, Evaluation, Protocol


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Entry(_Part):
    """One recipe. name: unique among the entries, and its evaluation's key. recipe: resolved. measures, top, top_macro: as in
    its ``Evaluation``. difference: this recipe minus the first, paired in the same resamples, by measure; empty for the first.
    seconds: all its stages together, those included that another recipe had left in the cache."""

    name: str
    recipe: dict[str, Any]
    fingerprint: str
    measures: dict[str, Estimate]
    top: dict[int, Estimate]
    top_macro: dict[int, Estimate]
    difference: dict[str, Estimate]
    seconds: float


class Comparison(_Part):
    """entries: in the order in which they were given; the first is what the others are held against. audit: of the photographs
    as they are; what is left after a recipe has harmonised them stands in its evaluation. evaluations: in full, by entry."""

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
