"""What is in a bundle: a folder that holds a trained recipe and everything needed to check and use it, and nothing pickled.

bundle.json        this manifest: what it was made from, with what, how good it is, and the hash of every other file
recipe.yaml        the resolved recipe, no default left open
state.safetensors  fitted heads and fusion, the out-of-fold votes, what the faces of the training were like; cases, if kept
tuned.safetensors  where the trunk was fitted to each region: what that changed, by region
MODEL_CARD.md      the same for people
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from ..data.conditions import Condition
from ..recipe.model import Recipe
from ..reliability.ood import EmbeddingDistribution
from ..stats.metrics import Scores
from ..types import Bool, Float32, Int64, State

MANIFEST, RECIPE, STATE, TUNED, CARD = "bundle.json", "recipe.yaml", "state.safetensors", "tuned.safetensors", "MODEL_CARD.md"


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class WeightsUsed(_Part):
    """A weight file that a component of the recipe computed with; see ``dysfw.types.Weights``. component: its kind."""

    component: str
    name: str
    sha256: str
    licence: str
    source: str
    trained: bool


class TrainingData(_Part):
    """fingerprint: sha256 over the hashes, labels and patients of the photographs used, in order. excluded: photographs that
    could not be used, by code. patients: None where the data does not name them."""

    fingerprint: str
    images: int
    patients: int | None
    per_label: dict[str, int]
    excluded: dict[str, int]


class GalleryCase(_Part):
    """A known case: a photograph that the heads hold against new ones. id: by which answers and ``dysfw gallery`` name it.
    patient: None where the data does not say."""

    id: str
    label: str
    patient: str | None
    sha256: str


class Performance(_Part):
    """fused: all regions together; regions: each alone, over the images in which it is present."""

    fused: Scores
    regions: dict[str, Scores]


class Agreement(_Part):
    """How what the bundle says in the precision that it was trained in differs from float32. photographs: of the training, that
    were judged in both; same_top_1: how many of them have the same condition first, 0..1; largest: difference of a
    probability before calibration, 0..1."""

    precision: str
    images: int
    same_top_1: float
    max_difference: float

    def __str__(self) -> str:
        return (
            f"in float32, {100 * self.same_top_1:.4g} % of {self.images} training photographs have the same condition "
            f"first, and no probability differs by more than {self.max_difference:.2g}"
        )


class Manifest(_Part):
    """about: what whoever trained it wants its users to know. cross_validated: on the training data, each photograph judged by
    heads that had seen no photograph of its patient. held_out: on the photographs that the data marks as test. values: the
    JSON part of fitted states, by state name. conditions: what the data's ``labels.yaml`` says, by label. cases: those that the
    heads keep, where they keep any. changes: what was done to the cases since the training. agreement: with float32, where it
    was trained in another precision."""

    schema_: Literal["dysfw.bundle/1"] = Field(default="dysfw.bundle/1", alias="schema")
    name: str
    about: str
    created: str
    labels: list[str]
    regions: list[str]
    crop_size: int
    recipe_fingerprint: str
    data: TrainingData
    weights: list[WeightsUsed]
    versions: dict[str, str]
    cross_validated: Performance
    held_out: Performance | None
    values: dict[str, dict[str, Any]]
    files: dict[str, str]
    conditions: dict[str, Condition] = {}
    gallery_cases: list[GalleryCase] = []
    changes: list[str] = []
    agreement: Agreement | None = None
    fingerprint: str = ""

    def computed_fingerprint(self) -> str:
        """sha256 over everything else in this manifest and so, through ``files``, over the whole bundle."""
        content = self.model_dump(mode="json", by_alias=True, exclude={"fingerprint"})
        return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()


@dataclass(frozen=True, slots=True, eq=False)
class OutOfFoldPredictions:
    """Out-of-fold votes on the training photographs, from which any fusion can be learned, and any demand on reliability met,
    without the photographs.

    probabilities: float32 [N, R, K]; present: bool [N, R]; y: int64 [N], labels; groups: int64 [N], patients. distances:
    float32 [N, R], how far each region is from those of the other folds; sharpness: float32 [N].
    """

    probabilities: Float32
    present: Bool
    y: Int64
    groups: Int64
    distances: Float32
    sharpness: Float32


@dataclass(frozen=True, slots=True, eq=False)
class GalleryCaseImages:
    """What is kept of the M cases in the manifest, beside their embeddings, which the heads keep. present: bool [M, R];
    sharpness: float32 [M], of their crops."""

    present: Bool
    sharpness: Float32


@dataclass(frozen=True, slots=True, eq=False)
class Fitted:
    """What training found.

    Attributes:
        heads: Fitted state of each region's head.
        fusion: Fitted state of the recipe's fusion.
        out_of_fold: Out-of-fold predictions on the training images.
        embedding_distribution: Distribution of the training embeddings, for out-of-distribution detection.
        tuned: Weight deltas of the fine-tuned backbones, by region and tensor name; empty if the backbone is not fine-tuned.
        gallery: Presence and sharpness of the gallery cases, for heads that keep a gallery.
    """

    heads: Mapping[str, State]
    fusion: State
    out_of_fold: OutOfFoldPredictions
    embedding_distribution: EmbeddingDistribution
    tuned: Mapping[str, Mapping[str, Float32]] = field(default_factory=dict)
    gallery: GalleryCaseImages | None = None


@dataclass(frozen=True, slots=True, eq=False)
class Bundle:
    """A bundle in memory. card_edited: somebody changed the model card since it was written."""

    manifest: Manifest
    recipe: Recipe
    fitted: Fitted
    folder: Path
    card_edited: bool = False
