"""The documented rows of a batch, schema ``dysfw.batch/1``: what each photograph was judged to show, or why it was not."""

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
METADATA = b"dysfw"  # the key in the file's metadata under which its origin stands
Row = dict[str, Any]


def schema_of(pipeline: Pipeline, *, region_probabilities: bool) -> pa.Schema:
    """votes: whether each region's own opinion has columns too."""
    import pyarrow as pa

    assert pipeline.classifier  # noqa: S101  # a batch is judged
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
    """One photograph's rows: one, or with ``all_faces`` one for each face. number: its place on the list."""
    image = os.fsencode(item.image).decode("utf-8", "backslashreplace")  # names of files may be no text
    known = {"number": number, "image": image} | {name: getattr(item, name) or None for name in ("patient", "label", "source")}
    return [
        known | (_failed(r) if isinstance(r, Failure) else _judged(r, region_probabilities=region_probabilities))
        for r in results
    ]


def origin_of(pipeline: Pipeline, job: Mapping[str, object]) -> dict[bytes, bytes]:
    """What a file says of itself, as JSON under ``METADATA``. job: what it was asked to do."""
    manifest = pipeline.manifest
    said = {
        "schema": SCHEMA,
        "notice": RESEARCH_USE,
        "dysfw": __version__,
        "recipe": {"name": pipeline.recipe.name, "fingerprint": pipeline.recipe.fingerprint},
        "bundle": {"name": manifest.name, "fingerprint": manifest.fingerprint, "about": manifest.about} if manifest else None,
        "device": pipeline.components.device,
        "precision": pipeline.components.precision,
        "warnings": [{"code": notice.code, "message": notice.message} for notice in pipeline.notices],
        "job": job,
    }
    return {METADATA: json.dumps(said).encode()}


def _failed(failure: Failure) -> Row:
    return {
        "sha256": failure.sha256 or None,
        "width": failure.width or None,
        "height": failure.height or None,
        "error_code": failure.code,
        "error_message": failure.message,
    }


def _judged(one: Prediction, *, region_probabilities: bool) -> Row:
    subject, first, pose = one.subject, one.ranking[0], one.subject.segmentation.pose
    row: Row = {
        "sha256": subject.image.sha256, "width": subject.image.width, "height": subject.image.height,
        "face": subject.index, "faces": subject.faces, "score": subject.face.score, "box": subject.face.box.tolist(),
        "sharpness": subject.sharpness, "regions": [region.name for region in subject.segmentation.regions],
        "predicted": one.labels[first], "probability": float(one.probabilities[first]),
        "prediction_set": [one.labels[k] for k in one.prediction_set.members],
        "reliable": one.reliable, "reasons": _codes(one.reasons), "warnings": _codes(one.notices),
    }  # fmt: skip
    if pose:
        row |= {"yaw": pose.yaw, "pitch": pose.pitch, "roll": pose.roll}
    row |= {f"p:{label}": float(p) for label, p in zip(one.labels, one.probabilities, strict=True)}
    if region_probabilities:
        for region, own in zip(one.regions, one.region_probabilities, strict=True):
            if not np.isnan(own).any():
                row |= {f"r:{region}:{label}": float(p) for label, p in zip(one.labels, own, strict=True)}
    return row


def _codes(notices: Sequence[Notice]) -> list[str]:
    return list(dict.fromkeys(notice.code for notice in notices))
