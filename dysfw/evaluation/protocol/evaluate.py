"""From predictions to the result of a protocol."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime

from ... import RESEARCH_USE
from ...data.findings import Finding
from ...stats.bootstrap import RESAMPLES
from ...util.environment import versions
from .. import result as shared
from ..evaluate import Candidate
from .protocol import EvaluationProtocol, ProtocolPlan
from .result import ProtocolResult
from .scores import Float64, score


@dataclass(frozen=True, slots=True)
class Origin:
    """Where predictions come from.

    Attributes:
        protocol: Name of the protocol.
        name: Name of the recipe or of the predictions file.
        command: The command that repeats the evaluation.
        candidate: The recipe, if there is one.
        predictions_sha256: Hash of the predictions file, if there is one.
        guessed: Number of test images that the recipe cannot use.
        findings: What was found in the data.
        seconds: Time by stage.
    """

    protocol: str
    name: str
    command: str
    candidate: Candidate | None = None
    predictions_sha256: str | None = None
    guessed: int = 0
    findings: Sequence[Finding] = ()
    seconds: Mapping[str, float] = field(default_factory=dict)


def result_of(
    protocol: EvaluationProtocol,
    plan: ProtocolPlan,
    predictions: Sequence[Float64],
    origin: Origin,
    resamples: int = RESAMPLES,
) -> ProtocolResult:
    """Score predictions, and state where they come from.

    Args:
        protocol: The protocol.
        plan: The tests.
        predictions: For each split of the plan float64 [M, K], NaN for conditions that are no candidate.
        origin: Where the predictions come from.
        resamples: Number of bootstrap resamples.
    """
    settings, conditions = score(plan, predictions, protocol.top, resamples)
    recipe = origin.candidate.recipe if origin.candidate else None
    return ProtocolResult(
        protocol=origin.protocol,
        name=origin.name,
        command=origin.command,
        created=datetime.now(UTC).isoformat(timespec="seconds"),
        research_use=RESEARCH_USE,
        data=str(plan.dataset.origin),
        fingerprint=plan.fingerprint,
        predictions_sha256=origin.predictions_sha256,
        recipe=recipe.resolved() if recipe else None,
        recipe_fingerprint=recipe.fingerprint if recipe else None,
        settings=settings,
        conditions=conditions,
        resamples=resamples,
        guessed=origin.guessed,
        findings=[_finding(one) for one in (*plan.findings, *origin.findings)],
        versions=versions(recipe.distributions if recipe else set()),
        seconds=dict(origin.seconds),
    )


def _finding(one: Finding) -> shared.Finding:
    return shared.Finding(
        code=one.code, severity=one.severity, message=one.message, images=one.images, examples=list(one.examples)
    )
