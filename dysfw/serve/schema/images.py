"""Schemas of kept images and their heat maps."""

from __future__ import annotations

from ...explain.saliency_map import Method
from .base import Problem, Schema
from .predictions import Prediction


class KeptImage(Schema):
    """An image that the server keeps, with the predictions of its faces; `chosen` is the index of the recipe's choice."""

    id: str
    source: str
    sha256: str
    width: int
    height: int
    preview: str
    faces: list[Prediction]
    chosen: int


class RejectedImage(Schema):
    """An image that is not kept, and why."""

    source: str
    error: Problem


class KeptImages(Schema):
    """The images of a request, in order."""

    images: list[KeptImage | RejectedImage]


class HeatMap(Schema):
    """A heat map of a region's crop for one condition, with the corners of the crop in px of the image."""

    region: str
    method: Method
    corners: list[list[float]]
    importance: list[list[float]]
