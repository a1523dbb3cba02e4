"""Frozen records that pass through the pipeline: images, faces, predictions, and records of patients.

Coordinates are in pixels of the decoded image, after EXIF orientation is applied. x points right and y points down. The origin
is the outer corner of the top-left pixel, so the centre of that pixel is (0.5, 0.5). Left and right are the viewer's unless a
name says "subject's".
"""

from __future__ import annotations

from .arrays import Bool, Float32, Int64, UInt8
from .images import (
    ANATOMY,
    Align,
    Crop,
    Face,
    FaceEmbedding,
    Failure,
    HeadPose,
    Image,
    ImageInfo,
    Notice,
    Precision,
    Region,
    Segmentation,
)
from .predictions import BasePrediction, EvidenceResult, Neighbor, PatientPrediction, Prediction, PredictionSet
from .record import ConditionIds, EvidencePart, InterpretedRecord, PatientRecord, RecordProblem, Sex, Sign, Status
from .states import GalleryCases, State, Weights

__all__ = [
    "ANATOMY",
    "Align",
    "BasePrediction",
    "Bool",
    "ConditionIds",
    "Crop",
    "EvidencePart",
    "EvidenceResult",
    "Face",
    "FaceEmbedding",
    "Failure",
    "Float32",
    "GalleryCases",
    "HeadPose",
    "Image",
    "ImageInfo",
    "Int64",
    "InterpretedRecord",
    "Neighbor",
    "Notice",
    "PatientPrediction",
    "PatientRecord",
    "Precision",
    "Prediction",
    "PredictionSet",
    "RecordProblem",
    "Region",
    "Segmentation",
    "Sex",
    "Sign",
    "State",
    "Status",
    "UInt8",
    "Weights",
]
