"""Predictions as JSON: schema ``dysfw.prediction/1`` for a face, ``dysfw.patient/1`` for a patient."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import asdict

from .. import RESEARCH_USE
from ..explain.explanation import Explanation
from ..inference.pipeline import Pipeline
from ..types import BasePrediction, Failure, Float32, Notice, PatientPrediction, Prediction
from .evidence import record_to_json
from .explanation import explanation_to_json

SCHEMA = "dysfw.prediction/1"
PATIENT_SCHEMA = "dysfw.patient/1"


def prediction_to_json(
    result: Prediction | Failure, pipeline: Pipeline, explanation: Explanation | None = None
) -> dict[str, object]:
    """Convert the prediction for one face to plain JSON values.

    Args:
        result: The prediction, or the failure of an image.
        pipeline: The pipeline that made it.
        explanation: Explanation of the prediction, if requested.

    Returns:
        The JSON object; for a failure with ``error`` in place of face, regions and probabilities.
    """
    header = {"schema": SCHEMA, "notice": RESEARCH_USE}
    if isinstance(result, Failure):
        image = {
            "source": result.source,
            "sha256": result.sha256 or None,
            "width": result.width or None,
            "height": result.height or None,
        }
        return header | {"image": image, "error": {"code": result.code, "message": result.message}} | _provenance(pipeline)
    face_embedding = result.face_embedding
    face, pose = face_embedding.face, face_embedding.segmentation.pose
    polygons = {region.name: region.polygon for region in face_embedding.segmentation.regions}
    return header | {
        "image": {
            "source": face_embedding.image.source, "sha256": face_embedding.image.sha256,
            "width": face_embedding.image.width, "height": face_embedding.image.height,
        },
        "face": {
            "index": face_embedding.index,
            "found": face_embedding.faces,
            "box": _rounded(face.box),
            "score": round(face.score, 4),
            "landmarks": [_rounded(point) for point in face.landmarks],
            "roll": round(math.degrees(face.roll), 1),
            "pose": {key: round(value, 1) for key, value in asdict(pose).items()} if pose else None,
        },
        "regions": [
            {
                "name": name,
                "polygon": [_rounded(point) for point in polygons[name]],
                "probabilities": _labelled(result.labels, probabilities),
            }
            for name, probabilities in zip(result.regions, result.region_probabilities, strict=True) if name in polygons
        ],
        "absent": dict(face_embedding.segmentation.absent),
        **_common(result, pipeline, explanation),
        **_provenance(pipeline),
        "timings_ms": {stage: round(value, 2) for stage, value in face_embedding.timings_ms.items()},
    }  # fmt: skip


def patient_to_json(result: PatientPrediction, pipeline: Pipeline, explanation: Explanation | None = None) -> dict[str, object]:
    """Convert the prediction for a patient to plain JSON values.

    Args:
        result: The prediction.
        pipeline: The pipeline that made it.
        explanation: Explanation of the prediction, if requested.

    Returns:
        The JSON object.
    """
    return {
        "schema": PATIENT_SCHEMA,
        "notice": RESEARCH_USE,
        "patient": result.patient,
        "images": [
            {
                "source": one.face_embedding.image.source,
                "sha256": one.face_embedding.image.sha256,
                "counted": not reason,
                "left_out": reason or None,
            }
            for one, reason in zip(result.images, result.left_out, strict=True)
        ]
        + [
            {"source": one.source, "sha256": one.sha256 or None, "counted": False, "left_out": one.message}
            for one in result.failures
        ],
        "regions": [
            {"name": name, "probabilities": _labelled(result.labels, probabilities)}
            for name, probabilities, present in zip(result.regions, result.region_probabilities, result.present, strict=True)
            if present
        ],
        **_common(result, pipeline, explanation),
        **_provenance(pipeline),
    }


def _common(result: BasePrediction, pipeline: Pipeline, explanation: Explanation | None) -> dict[str, object]:
    """Values of a face and of a patient alike."""
    return {
        "probabilities": _labelled(result.labels, result.probabilities),
        "ranking": [
            {"rank": rank, "label": result.labels[k], "probability": _probability(result.probabilities[k])}
            | _condition(result.labels[k], pipeline)
            for rank, k in enumerate(result.ranking, 1)
        ],
        **({"record": record_to_json(result, pipeline)} if result.record is not None else {}),
        "gallery_cases": [{"id": n.case, "label": n.label, "similarity": _probability(n.similarity)} for n in result.neighbors],
        **({"explanation": explanation_to_json(result, explanation)} if explanation else {}),
        "reliable": result.reliable,
        "reasons": _notices(result.reasons),
        "prediction_set": _prediction_set(result),
        "warnings": _notices(result.notices),
    }


def _condition(label: str, pipeline: Pipeline) -> dict[str, object]:
    """Name and identifiers of a label's condition, if the training data had them."""
    condition = pipeline.manifest.conditions.get(label) if pipeline.manifest else None
    return condition.model_dump(mode="json", exclude_none=True, exclude_defaults=True) if condition else {}


def _provenance(pipeline: Pipeline) -> dict[str, object]:
    recipe, manifest = pipeline.recipe, pipeline.manifest
    return {
        "recipe": {"name": recipe.name, "fingerprint": recipe.fingerprint},
        "bundle": {"name": manifest.name, "fingerprint": manifest.fingerprint} if manifest else None,
        "device": pipeline.components.device,
        "precision": pipeline.components.precision,
        "runtimes": list(pipeline.components.runtimes),
    }


def _prediction_set(result: BasePrediction) -> dict[str, object]:
    prediction_set = result.prediction_set
    members, always = ([result.labels[k] for k in indices] for indices in (prediction_set.members, prediction_set.always))
    return {"coverage": prediction_set.coverage, "labels": members, "always_included": always}


def _notices(notices: Sequence[Notice]) -> list[dict[str, str]]:
    return [{"code": notice.code, "message": notice.message} for notice in notices]


def _labelled(labels: Sequence[str], probabilities: Float32) -> dict[str, float]:
    return {label: _probability(p) for label, p in zip(labels, probabilities, strict=True)}


def _probability(value: float) -> float:
    return round(float(value), 6)


def _rounded(values: Float32) -> list[float]:
    return [round(float(v), 2) for v in values]
