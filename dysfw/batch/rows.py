"""Rows of a batch's table, schema ``dysfw.batch/1``."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from .. import RESEARCH_USE, __version__
from ..inference.pipeline import Pipeline
from ..types import Failure, Notice, Prediction
from .item import BatchItem

if TYPE_CHECKING:
    import pyarrow as pa

SCHEMA = "dysfw.batch/1"
METADATA = b"dysfw"  # key of the origin in the file's metadata
Row = dict[str, Any]


def schema_of(pipeline: Pipeline, *, region_probabilities: bool) -> pa.Schema:
    """Create the schema of the table.

    Args:
        pipeline: The pipeline.
        region_probabilities: Whether to include columns with the probabilities of each region.

    Returns:
        The schema.
    """
    import pyarrow as pa

    assert pipeline.classifier  # noqa: S101  # a batch needs a trained recipe
    text, texts, number = pa.string(), pa.list_(pa.string()), pa.int64()
    fields = [
        ("number", number), ("image", text), ("patient", text), ("label", text), ("source", text),
        ("sha256", text), ("width", pa.int32()), ("height", pa.int32()),
        ("error_code", text), ("error_message", text),
        ("face", pa.int32()), ("faces", pa.int32()), ("score", pa.float32()), ("box", pa.list_(pa.float32())),
        ("yaw", pa.float32()), ("pitch", pa.float32()), ("roll", pa.float32()), ("sharpness", pa.float32()),
        ("regions", texts), ("predicted", text), ("probability", pa.float32()), ("prediction_set", texts),
        ("reliable", pa.bool_()), ("reasons", texts), ("warnings", texts),
    ]  # fmt: skip
    fields += [(f"p:{label}", pa.float32()) for label in pipeline.classifier.labels]
    if region_probabilities:
        fields += [
            (f"r:{region}:{label}", pa.float32())
            for region in pipeline.classifier.heads
            for label in pipeline.classifier.labels
        ]
    return pa.schema(fields)


def rows_of(number: int, item: BatchItem, results: Sequence[Prediction | Failure], *, region_probabilities: bool) -> list[Row]:
    """Convert the results for one image to rows.

    Args:
        number: Position of the image in the list, from 0.
        item: The image.
        results: Its results: one, or with ``all_faces`` one for each face.
        region_probabilities: Whether to include the probabilities of each region.

    Returns:
        A row for each result.
    """
    image = os.fsencode(item.image).decode("utf-8", "backslashreplace")  # file names may be invalid text
    common = {"number": number, "image": image} | {name: getattr(item, name) or None for name in ("patient", "label", "source")}
    return [
        common | (_failure_row(r) if isinstance(r, Failure) else _prediction_row(r, region_probabilities=region_probabilities))
        for r in results
    ]


def origin_of(pipeline: Pipeline, job: Mapping[str, object]) -> dict[bytes, bytes]:
    """Describe the origin of a table.

    Args:
        pipeline: The pipeline.
        job: Everything that determines the rows.

    Returns:
        Metadata of the file: JSON under ``METADATA``.
    """
    manifest = pipeline.manifest
    origin = {
        "schema": SCHEMA,
        "notice": RESEARCH_USE,
        "dysfw": __version__,
        "recipe": {"name": pipeline.recipe.name, "fingerprint": pipeline.recipe.fingerprint},
        "bundle": {"name": manifest.name, "fingerprint": manifest.fingerprint, "about": manifest.about} if manifest else None,
        "device": pipeline.components.device,
        "precision": pipeline.components.precision,
        "runtimes": list(pipeline.components.runtimes),
        "warnings": [{"code": notice.code, "message": notice.message} for notice in pipeline.notices],
        "job": job,
    }
    return {METADATA: json.dumps(origin).encode()}


def _failure_row(failure: Failure) -> Row:
    return {
        "sha256": failure.sha256 or None,
        "width": failure.width or None,
        "height": failure.height or None,
        "error_code": failure.code,
        "error_message": failure.message,
    }


def _prediction_row(prediction: Prediction, *, region_probabilities: bool) -> Row:
    found, first = prediction.face_embedding, prediction.ranking[0]
    row: Row = {
        "sha256": found.image.sha256, "width": found.image.width, "height": found.image.height,
        "face": found.index, "faces": found.faces, "score": found.face.score, "box": found.face.box.tolist(),
        "sharpness": found.sharpness, "regions": [region.name for region in found.segmentation.regions],
        "predicted": prediction.labels[first], "probability": float(prediction.probabilities[first]),
        "prediction_set": [prediction.labels[k] for k in prediction.prediction_set.members],
        "reliable": prediction.reliable, "reasons": _codes(prediction.reasons), "warnings": _codes(prediction.notices),
    }  # fmt: skip
    if pose := found.segmentation.pose:
        row |= {"yaw": pose.yaw, "pitch": pose.pitch, "roll": pose.roll}
    row |= {f"p:{label}": float(p) for label, p in zip(prediction.labels, prediction.probabilities, strict=True)}
    if region_probabilities:
        for region, probabilities in zip(prediction.regions, prediction.region_probabilities, strict=True):
            if not np.isnan(probabilities).any():
                row |= {f"r:{region}:{label}": float(p) for label, p in zip(prediction.labels, probabilities, strict=True)}
    return row


def _codes(notices: Sequence[Notice]) -> list[str]:
    return list(dict.fromkeys(notice.code for notice in notices))
