"""What an audit found, as ``audit.json`` holds it and the report shows it."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from ..stats.estimate import Estimate

Verdict = Literal["pass", "caution", "fail"]


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class GroupResult(_Part):
    """How well the condition is told from one group of clues alone. name: "file", "border", "colour", "background", or "all".
    p: of the permutation test of the balanced accuracy, not corrected for several groups."""

    name: str
    features: int
    accuracy: Estimate
    balanced_accuracy: Estimate
    p: float


class ClassResult(_Part):
    """One condition against all others, from all clues. p: of the permutation test of the AUROC, corrected for the number of
    conditions (largest statistic)."""

    label: str
    images: int
    patients: int
    auroc: Estimate
    p: float


class ShortcutFeature(_Part):
    """A single feature that gives a condition away. words: what a person reads: "width: 128 px in 150 of 150 of …"."""

    name: str
    group: str
    label: str
    auroc: float
    words: str


class AuditResult(_Part):
    """verdict with the reason in one sentence; advice: what to do, a sentence each. p: of the whole audit, corrected for
    everything that it tested. chance: balanced accuracy of guessing; majority: accuracy of always saying the commonest.
    patients: None where the data does not name them. excluded: photographs that could not be read, by code."""

    schema_: Literal["dysfw.audit/1"] = Field(default="dysfw.audit/1", alias="schema")
    verdict: Verdict
    reason: str
    advice: list[str]
    p: float
    permutations: int
    seed: int
    images: int
    patients: int | None
    excluded: dict[str, int]
    labels: list[str]
    chance: float
    majority: float
    groups: list[GroupResult]
    classes: list[ClassResult]
    features: list[ShortcutFeature]
    harmonised: bool = False
