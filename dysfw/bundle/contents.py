"""Contents of a bundle: a folder with a trained recipe and everything needed to check and use it. It contains no pickles.

- bundle.json: the manifest, with the training data, versions and performance, and the hash of every other file.
- recipe.yaml: the resolved recipe, without open defaults.
- state.safetensors: fitted heads and fusion, out-of-fold predictions, the distribution of the training embeddings, and the
  gallery cases if there are any.
- tuned.safetensors: weight deltas of the fine-tuned backbone, by region; only if it was fine-tuned.
- composites.safetensors: average faces of training patients, by condition; only if the training was asked for them.
- MODEL_CARD.md: the same for people.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, SerializerFunctionWrapHandler, model_serializer

from ..data.conditions import Condition
from ..data.findings import Finding
from ..recipe.model import Recipe
from ..reliability.ood import EmbeddingDistribution
from ..stats.chance import ChanceTest
from ..stats.metrics import Scores
from ..types import Bool, Float32, Int64, State

if TYPE_CHECKING:
    from .composites import Composite

MANIFEST, RECIPE, STATE, TUNED, CARD = "bundle.json", "recipe.yaml", "state.safetensors", "tuned.safetensors", "MODEL_CARD.md"
COMPOSITES = "composites.safetensors"


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class WeightsUsed(_Part):
    """A weight file that a component of the recipe uses; see ``dysfw.types.Weights``.

    Attributes:
        component: Kind of the component.
        name: Name of the weights.
        sha256: Hex digest of the file.
        licence: SPDX id, or "unstated".
        source: Where the weights come from.
        trained: False for random weights.
    """

    component: str
    name: str
    sha256: str
    licence: str
    source: str
    trained: bool


class TrainingData(_Part):
    """The data a bundle was trained on.

    Attributes:
        fingerprint: sha256 over the hashes, labels and patients of the images used, in order.
        images: Number of images used.
        patients: Number of patients; None if the data set does not name patients.
        per_label: Number of images of each label.
        excluded: Number of images that could not be used, by code.
        findings: Findings of the checks of the data set.
    """

    fingerprint: str
    images: int
    patients: int | None
    per_label: dict[str, int]
    excluded: dict[str, int]
    findings: list[Finding] = []


class GalleryCase(_Part):
    """A gallery case: a training image that the heads compare with new ones.

    Attributes:
        id: Identifier of the case in predictions and in ``dysfw gallery``.
        label: Its condition.
        patient: Its patient; None if the data set does not name patients.
        sha256: Hex digest of the image file.
    """

    id: str
    label: str
    patient: str | None
    sha256: str


class CompositeEntry(_Part):
    """What a manifest says of a composite.

    Attributes:
        patients: Number of patients whose faces were averaged.
        px: Its side, px.
        sha256: Hex digest of its pixels, uint8 [px, px, 3].
    """

    patients: int
    px: int
    sha256: str


class Performance(_Part):
    """Scores of the fused prediction and of each region.

    Attributes:
        fused: Scores of the fused prediction.
        regions: Scores of each region alone, over the images in which it is present.
        records: Scores of "face alone", "record alone" and "both", over the images whose patient has a record; empty if the
            recipe reads no records.
        chance_test: Whether the fused prediction was shown to beat chance; None if this was not tested, as in older bundles.
    """

    fused: Scores
    regions: dict[str, Scores]
    records: dict[str, Scores] = {}
    chance_test: ChanceTest | None = None

    @model_serializer(mode="wrap")
    def _serialise(self, handler: SerializerFunctionWrapHandler) -> dict[str, object]:
        """Leave out what older bundles do not have, so that their fingerprint stays."""
        content: dict[str, object] = handler(self)
        return {key: value for key, value in content.items() if key not in ("chance_test", "records") or value}


class Agreement(_Part):
    """Agreement between predictions in the training precision and in float32.

    Attributes:
        precision: The training precision.
        images: Number of training images that were predicted in both.
        same_top_1: Fraction of these with the same most probable condition, 0 to 1.
        max_difference: Maximum difference of a probability before calibration, 0 to 1.
    """

    precision: str
    images: int
    same_top_1: float
    max_difference: float

    def __str__(self) -> str:
        return (
            f"in float32, {100 * self.same_top_1:.4g} % of {self.images} training images have the same top prediction, "
            f"and no probability differs by more than {self.max_difference:.2g}"
        )


class Manifest(_Part):
    """The file bundle.json.

    Attributes:
        schema_: Version of the format; "schema" in the file.
        name: Name of the recipe.
        about: Text by the author for the users of the bundle.
        created: Time of the training, ISO 8601.
        labels: The K conditions.
        regions: Names of the R regions.
        crop_size: Side of the crops, px.
        recipe_fingerprint: Fingerprint of the recipe.
        data: The training data.
        weights: Weight files of the recipe's components.
        versions: Versions of the packages it was trained with.
        cross_validated: Performance on the training data, with heads that were not trained on the patient.
        held_out: Performance on the images marked as test data, if there are any.
        values: JSON values of the fitted states, by state name.
        files: sha256 of every other file, by name.
        conditions: Contents of the data set's ``labels.yaml``, by label.
        gallery_cases: The gallery cases, if the heads keep a gallery.
        changes: Changes of the gallery since the training.
        agreement: Agreement with float32, if it was trained in another precision.
        composites: The composites, by label; empty unless the training was asked for them.
        fingerprint: See ``computed_fingerprint``.
    """

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
    composites: dict[str, CompositeEntry] = {}
    fingerprint: str = ""

    @model_serializer(mode="wrap")
    def _serialise(self, handler: SerializerFunctionWrapHandler) -> dict[str, object]:
        """Leave out what bundles without composites do not have, so that their fingerprint stays."""
        content: dict[str, object] = handler(self)
        return content if self.composites else {key: value for key, value in content.items() if key != "composites"}

    def computed_fingerprint(self) -> str:
        """Compute the sha256 of the rest of this manifest and, through ``files``, of the whole bundle."""
        content = self.model_dump(mode="json", by_alias=True, exclude={"fingerprint"})
        return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()


@dataclass(frozen=True, slots=True, eq=False)
class OutOfFoldPredictions:
    """Out-of-fold predictions on the N training images, from which any fusion and reliability model can be fitted later.

    Attributes:
        probabilities: float32 [N, R, K].
        present: bool [N, R].
        y: int64 [N], the labels.
        groups: int64 [N], the patients.
        split_groups: int64 [N], the groups that no fold may divide: patients, or publications with theirs.
        distances: float32 [N, R], distance of each region from the training embeddings of the other folds.
        sharpness: float32 [N].
        log_likelihoods: float32 [N, E, K], what each kind of evidence says of the patients' records, from evidence that was not
            fitted to the patient; None if the recipe has no evidence.
    """

    probabilities: Float32
    present: Bool
    y: Int64
    groups: Int64
    split_groups: Int64
    distances: Float32
    sharpness: Float32
    log_likelihoods: Float32 | None = None


@dataclass(frozen=True, slots=True, eq=False)
class GalleryCaseImages:
    """Data of the M gallery cases in the manifest that is not part of the heads' state.

    Attributes:
        present: bool [M, R], the regions that are present.
        sharpness: float32 [M], sharpness of their crops.
    """

    present: Bool
    sharpness: Float32


@dataclass(frozen=True, slots=True, eq=False)
class Fitted:
    """Fitted parts of a bundle.

    Attributes:
        heads: Fitted state of each region's head.
        fusion: Fitted state of the recipe's fusion.
        out_of_fold: Out-of-fold predictions on the training images.
        embedding_distribution: Distribution of the training embeddings, for out-of-distribution detection.
        tuned: Weight deltas of the fine-tuned backbones, by region and tensor name; empty if the backbone is not fine-tuned.
        gallery: Presence and sharpness of the gallery cases, for heads that keep a gallery.
        evidence: Fitted states of the recipe's evidence, in its order.
        composites: Average faces of training patients, by label.
    """

    heads: Mapping[str, State]
    fusion: State
    out_of_fold: OutOfFoldPredictions
    embedding_distribution: EmbeddingDistribution
    tuned: Mapping[str, Mapping[str, Float32]] = field(default_factory=dict)
    gallery: GalleryCaseImages | None = None
    evidence: tuple[State, ...] = ()
    composites: Mapping[str, Composite] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, eq=False)
class Bundle:
    """A bundle in memory.

    Attributes:
        manifest: Its manifest.
        recipe: Its recipe.
        fitted: Its fitted parts.
        folder: Its folder.
        card_edited: Whether the model card was changed after the bundle was written.
    """

    manifest: Manifest
    recipe: Recipe
    fitted: Fitted
    folder: Path
    card_edited: bool = False

    @property
    def composites(self) -> Mapping[str, Composite]:
        """Average faces of training patients, by label, read when they are asked for; empty for most bundles."""
        return self.fitted.composites
