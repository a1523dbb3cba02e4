"""Schemas of the API's responses, for its OpenAPI document."""

from .base import ErrorResponse, Health, Link, Problem, Reference, RequestProblem, Schema
from .bundle import Bundle, Estimate, Label, Limits, OntologyRelease, Performance
from .images import HeatMap, KeptImage, KeptImages, RejectedImage
from .knowledge import (
    ComparedSign,
    Comparison,
    CompositeLink,
    GeneLink,
    KnownSign,
    NamedSign,
    Ranking,
    Record,
    Term,
    Terms,
    TypicalFace,
    TypicalFaces,
)
from .predictions import Predictions

__all__ = [
    "Bundle",
    "ComparedSign",
    "Comparison",
    "CompositeLink",
    "ErrorResponse",
    "Estimate",
    "GeneLink",
    "Health",
    "HeatMap",
    "KeptImage",
    "KeptImages",
    "KnownSign",
    "Label",
    "Limits",
    "Link",
    "NamedSign",
    "OntologyRelease",
    "Performance",
    "Predictions",
    "Problem",
    "Ranking",
    "Record",
    "Reference",
    "RejectedImage",
    "RequestProblem",
    "Schema",
    "Term",
    "Terms",
    "TypicalFace",
    "TypicalFaces",
]
