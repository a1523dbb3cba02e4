"""Data classes of an export: file names, comparison with the original, result."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class ExportedFiles:
    """Names of the model files in the export folder.

    Attributes:
        backbone: Backbone of all regions except those in ``tuned``.
        tuned: Backbones that were fine-tuned for a region, by region.
        heads: Heads, by region.
    """

    backbone: str
    tuned: Mapping[str, str]
    heads: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Comparison:
    """Differences between the exported files and the original on the same inputs.

    Attributes:
        crops: Number of crops compared.
        images: Number of images compared.
        embedding: Largest absolute difference of an embedding value, divided by the root mean square of all values.
        probability: Largest absolute difference of a probability, region or fused; None if the recipe is not trained.
        same_top_1: Number of predictions whose most probable condition is the same.
        predicted: Number of predictions.
    """

    crops: int
    images: int
    embedding: float
    probability: float | None
    same_top_1: int
    predicted: int


@dataclass(frozen=True, slots=True)
class ExportResult:
    """What was exported.

    Attributes:
        files: Names of the model files.
        bytes: Total size of all files.
        labels: Number of conditions, 0 if the recipe is not trained.
        gallery_cases: Number of gallery cases whose embeddings the heads contain.
        comparison: Comparison with the original.
    """

    files: ExportedFiles
    bytes: int
    labels: int
    gallery_cases: int
    comparison: Comparison
