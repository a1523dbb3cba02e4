"""What a patient's record adds to a prediction, as JSON values and for the terminal."""

from __future__ import annotations

import math
from collections.abc import Sequence

from rich.console import Console
from rich.markup import escape

from ..inference.pipeline import Pipeline
from ..types import BasePrediction, EvidencePart, EvidenceResult, Float32, Sign
from ..util.text import listed, printable

MAX_PARTS = 8  # signs that the terminal shows for a condition


def record_to_json(result: BasePrediction, pipeline: Pipeline) -> dict[str, object]:
    """Convert what a record adds to plain JSON values.

    Args:
        result: The prediction, with a record.
        pipeline: The pipeline that made it.

    Returns:
        The value of ``record`` in the prediction's JSON object.
    """
    face = result.probabilities if result.face_probabilities is None else result.face_probabilities
    model = pipeline.evidence
    return {
        "signs": [sign_to_json(sign) for sign in result.signs],
        "face_probabilities": _labelled(result.labels, face),
        "face_weight": round(model.weights.face, 4),
        "weights_learned_from": model.weights.patients,
        "evidence": [
            {
                "name": one.name,
                "weight": round(one.weight, 4),
                "log_likelihood": _labelled(result.labels, one.log_likelihood),
                "parts": [_part_to_json(result.labels, part) for part in one.parts],
                "data": [
                    {"name": used.name, "sha256": used.sha256, "licence": used.licence}
                    for used in model.evidence[one.name].weights()
                ],
            }
            for one in result.evidence
        ],
    }


def sign_to_json(sign: Sign) -> dict[str, str]:
    """Convert a sign to plain JSON values."""
    return {"id": sign.id, "name": sign.name, "status": sign.status}


def _part_to_json(labels: Sequence[str], part: EvidencePart) -> dict[str, object]:
    sign = sign_to_json(part.sign) if part.sign else {"name": part.name}
    return {**sign, "log_ratio": _labelled(labels, part.log_ratio)}


def _labelled(labels: Sequence[str], values: Float32) -> dict[str, float | None]:
    """Values by label; None, in place of NaN, which JSON lacks, for what is not known."""
    return {label: None if math.isnan(v) else round(float(v), 6) for label, v in zip(labels, values, strict=True)}


def ratio_text(log_ratio: float) -> str:
    """Write a likelihood ratio: "×1,200", "×12", "×0.031", "–" if it is not known.

    Args:
        log_ratio: Its natural logarithm.
    """
    if math.isnan(log_ratio):
        return "–"
    if abs(log_ratio) >= math.log(1e4):
        return f"×10^{log_ratio / math.log(10):.0f}"
    return f"×{float(f'{math.exp(log_ratio):.2g}'):,.9g}"  # two digits, and no exponent


def print_evidence(console: Console, result: BasePrediction) -> None:
    """Print which signs speak for and against the first condition.

    Args:
        console: Where to print.
        result: The prediction.
    """
    if not result.evidence:
        return
    k = result.ranking[0]
    console.print(f"record, for {escape(printable(result.labels[k]))} (likelihood ratios, before weighting):", markup=True)
    for one in result.evidence:
        console.print(escape(f"  {evidence_text(one, k)}"))


def evidence_text(one: EvidenceResult, k: int) -> str:
    """Describe what evidence says of a condition: "hpo ×31: Synophrys ×20, Long philtrum ×4.1".

    Args:
        one: The evidence.
        k: Index of the condition.
    """
    return f"{printable(one.name)} {ratio_text(float(one.log_likelihood[k]))}{_parts_text(one, k)}"


def _parts_text(one: EvidenceResult, k: int) -> str:
    """The parts of a log-likelihood, those that matter most first."""
    known = [(part, float(part.log_ratio[k])) for part in one.parts if not math.isnan(float(part.log_ratio[k]))]
    known.sort(key=lambda pair: -abs(pair[1]))
    texts = [f"{printable(part.name)} {ratio_text(value)}" for part, value in known]
    return f": {listed(texts, MAX_PARTS)}" if texts else ""
