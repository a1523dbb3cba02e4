"""The result of a protocol, as ``metrics.json`` stores it and the report shows it."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from ...stats.estimate import Estimate
from ..result import Finding


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", populate_by_name=True)


class TopScore(_Part):
    """How often the right condition is among the first n.

    Attributes:
        n: The n.
        macro: Each condition counts equally.
        micro: Each image counts equally.
        chance: The same for a random ranking.
    """

    n: int
    macro: Estimate
    micro: Estimate
    chance: float


class KindScores(_Part):
    """The scores of the conditions of one kind in a setting. Their candidates are those of the setting.

    Attributes:
        kind: The kind, as the protocol calls it, such as "rare".
        splits: Number of splits that test one of these conditions.
        conditions: Number of these conditions tested in some split.
        clusters: Number of clusters of these conditions; see ``SettingScores``.
        patients: Number of their patients tested in some split.
        images: Number of their images tested in some split.
        top: The scores, by ascending n.
    """

    kind: str
    splits: int
    conditions: int
    clusters: int
    patients: int
    images: int
    top: list[TopScore]


class SettingScores(_Part):
    """The scores of one setting.

    Attributes:
        name: Its name in files.
        title: Its title: tests → candidates.
        splits: Number of splits.
        conditions: Number of conditions tested in some split.
        clusters: Number of clusters of these conditions that the bootstrap draws: conditions that share a patient or a
            publication are one cluster.
        patients: Number of patients tested in some split.
        images: Number of images tested in some split.
        candidates: Smallest and largest number of candidates of a split.
        top: The scores, by ascending n.
        kinds: The scores of each kind of conditions, sorted by name; empty if the setting tests conditions of one kind only.
    """

    name: str
    title: str
    splits: int
    conditions: int
    clusters: int
    patients: int
    images: int
    candidates: tuple[int, int]
    top: list[TopScore]
    kinds: list[KindScores] = []


class ConditionScores(_Part):
    """The scores of one condition in one setting.

    Attributes:
        setting: Name of the setting.
        label: The condition.
        kind: What the protocol calls it, such as "rare".
        splits: Number of splits that test it.
        patients: Number of its patients that are tested in some split.
        images: Number of its images that are tested in some split.
        top: Share of its test images that hit, as a mean over the splits, by n.
    """

    setting: str
    label: str
    kind: str
    splits: int
    patients: int
    images: int
    top: dict[int, float]


class ProtocolResult(_Part):
    """Scores by a protocol, and where they come from.

    Attributes:
        schema_: Name and version of this format.
        protocol: Name of the protocol.
        name: What was scored: the name of the recipe, or of the file of predictions.
        command: The command that repeats this.
        created: When it was made, UTC.
        research_use: For what the scores may be used.
        data: Where the data set comes from.
        fingerprint: sha256 over all galleries and tests; scores with the same fingerprint can be compared.
        predictions_sha256: Hash of the file of predictions; None for a recipe.
        recipe: The recipe; None for a file of predictions.
        recipe_fingerprint: Its fingerprint.
        settings: The scores.
        conditions: The scores of each condition.
        resamples: Number of bootstrap resamples.
        guessed: Number of images that the recipe cannot use. They count as guesses: all candidates are alike.
        findings: Conditions that cannot be tested, and what was found in the data.
        versions: Versions of the software.
        seconds: Duration of each part of the work.
    """

    schema_: Literal["dysfw.protocol/1"] = Field(default="dysfw.protocol/1", alias="schema")
    protocol: str
    name: str
    command: str
    created: str
    research_use: str
    data: str
    fingerprint: str
    predictions_sha256: str | None = None
    recipe: dict[str, object] | None = None
    recipe_fingerprint: str | None = None
    settings: list[SettingScores]
    conditions: list[ConditionScores]
    resamples: int
    guessed: int = 0
    findings: list[Finding] = []
    versions: dict[str, str]
    seconds: dict[str, float] = {}
