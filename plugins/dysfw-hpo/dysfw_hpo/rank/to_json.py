"""The ranking as JSON: schema ``dysfw.rank/1``."""

from __future__ import annotations

import math
from dataclasses import asdict

import numpy as np

from dysfw import RESEARCH_USE
from dysfw.plugin import sign_to_json

from .explanation import Explanation
from .patient import RankedPatient
from .ranking import to_log10
from .warnings import warnings_of

SCHEMA = "dysfw.rank/1"


def to_json(result: RankedPatient) -> dict[str, object]:
    """Convert a result to plain JSON values.

    Args:
        result: The result.

    Returns:
        The JSON object. Ratios are decimal logarithms; null stands for what is not known, and counts as 0.
    """
    ranking, data = result.ranking, result.data
    return {
        "schema": SCHEMA,
        "notice": RESEARCH_USE,
        "dysfw": result.version,
        "data": {
            "name": "HPO",
            "release": result.catalog.data.release.version,
            "sha256": data.sha256,
            "licence": data.licence,
            "source": data.source,
        },
        "options": dict(result.options),
        "signs": [sign_to_json(sign) for sign in result.interpreted.signs],
        "problems": [asdict(problem) for problem in result.interpreted.problems],
        "unused": list(result.unused),
        "warnings": warnings_of(result),
        "recipe": _recipe(result),
        "weights": {part.name: round(part.weight, 4) for part in ranking.parts},
        "prior": ranking.prior.name if ranking.prior else None,
        "diseases": len(ranking.order),
        "panel": _panel(result),
        "ranking": [_disease(result, number) for number in result.shown],
        "next_signs": [
            {
                "id": one.id,
                "name": one.name,
                "bits": round(one.information, 4),
                "probability": round(one.probability, 4),
                "if_present": [result.catalog[number].id for number in one.if_present],
                "if_absent": [result.catalog[number].id for number in one.if_absent],
            }
            for one in result.next_signs
        ],
        "explanation": _explanation(result, result.explanation) if result.explanation else None,
    }


def _disease(result: RankedPatient, number: int) -> dict[str, object]:
    ranking, disease = result.ranking, result.catalog[number]
    sign, ratio = result.best_sign(number)
    values: dict[str, object] = {
        "rank": int(ranking.rank[number]),
        **({"panel_rank": int(ranking.panel_rank[number])} if ranking.panel else {}),
        "id": disease.id,
        "name": disease.name,
        "other_ids": list(disease.other_ids),
        "mondo": result.recipe.mondo.get(number) if result.recipe else None,
        "genes": [{"symbol": gene.symbol, "ncbi": gene.ncbi} for gene in disease.genes],
        "log10_lr": _number(ranking.log_ratio[number]),
        "log10_lr_of": {part.name: _number(part.log_ratio[number]) for part in ranking.parts},
        "best_sign": {**sign_to_json(sign), "log10_lr": _number(ratio)} if sign else None,
    }
    if ranking.posterior is not None:
        values["posterior"] = float(f"{ranking.posterior[number]:.6g}")
    return values


def _panel(result: RankedPatient) -> dict[str, object] | None:
    panel = result.ranking.panel
    if panel is None:
        return None
    return {
        "genes": list(panel.genes),
        "unknown": dict(panel.unknown),
        "source": panel.source or None,
        "diseases": len(result.ranking.panel_order),
    }


def _recipe(result: RankedPatient) -> dict[str, object] | None:
    recipe = result.recipe
    if recipe is None:
        return None
    prediction = recipe.prediction
    images = prediction.images if prediction else ()
    left_out = prediction.left_out if prediction else ()
    return {
        "name": recipe.name,
        "bundle": recipe.fingerprint,
        "conditions": len(recipe.labels),
        "known_diseases": recipe.known,
        "unmatched": list(recipe.unmatched),
        "phantoms": bool(recipe.phantoms),
        "weights_learned_from": recipe.learned_from,
        "reliable": prediction.reliable if prediction else None,
        "images": [
            {"sha256": one.face_embedding.image.sha256, "left_out": reason or None}
            for one, reason in zip(images, left_out, strict=True)
        ],
        "failures": [{"source": one.source, "code": one.code, "message": one.message} for one in recipe.failures],
        "notices": [{"code": one.code, "message": one.message} for one in recipe.notices],
    }


def _explanation(result: RankedPatient, explanation: Explanation) -> dict[str, object]:
    disease = result.catalog[explanation.number]
    return {
        "id": disease.id,
        "name": disease.name,
        "rank": int(result.ranking.rank[explanation.number]) or None,
        "signs": [
            {
                **sign_to_json(one.sign),
                "log10_lr": _number(one.log_ratio),
                "relation": one.relation,
                "annotated": asdict(one.annotated) if one.annotated else None,
            }
            for one in explanation.signs
        ],
        "not_mentioned_log10_lr": _number(explanation.rest),
        "missing": [asdict(one) for one in explanation.missing],
        "frequent": explanation.frequent,
        "found": explanation.found,
    }


def _number(log_ratio: float | np.floating) -> float | None:
    """A decimal logarithm; None, in place of NaN, which JSON lacks."""
    value = float(to_log10(float(log_ratio)))
    return None if math.isnan(value) else round(value, 4)
