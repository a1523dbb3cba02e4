"""Fits a recipe on the training images of one split, as ``dysfw train`` does, and predicts the test images."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from ..audit.predict import Kernel, predict_conditions
from ..bundle.contents import OutOfFoldPredictions
from ..contracts.components import Fusion
from ..errors import DysfwError
from ..inference.build import Makers
from ..inference.classifier import Classifier
from ..inference.fusion import cross_validated_fusion
from ..inference.patient import mean_region_probabilities
from ..recipe.model import Recipe
from ..reliability.prior import apply_prior
from ..reliability.temperature import apply_temperature, fit_temperature
from ..stats.bootstrap import Float64
from ..training.embedded_dataset import EmbeddedDataset
from ..training.fit import Embed, out_of_fold_predictions
from ..training.train import fit_classifier
from ..types import Bool, Float32, Int64, Notice
from ..util.progress import Silent
from ..util.text import count
from .records import combine_with_records
from .splits import Split

MakeFusion = Callable[[], Fusion]

# Keys of predictions: the recipe, one region alone, another fusion, and the two baselines.
RECIPE, REGION, FUSION = "recipe", "region ", "fusion "
MOST_FREQUENT, SHORTCUT_FEATURES = "most frequent condition", "shortcut features"


@dataclass(frozen=True, slots=True, eq=False)
class FoldResult:
    """Predictions for the M test images of one split.

    Attributes:
        split: The split.
        by_name: float32 [M, K] for each model, calibrated if the model predicts probabilities; NaN if a region is absent.
        raw: float32 [M, K], the recipe before calibration.
        sets: bool [M, K], the recipe's prediction sets.
        reasons: For each image why the prediction is not reliable.
        temperature: Temperature of the recipe's calibration.
        per_patient: float32 [M, K], the recipe's prediction for the image's patient, from all their test images.
        per_patient_sets: bool [M, K], prediction sets of these.
    """

    split: Split
    by_name: Mapping[str, Float32]
    raw: Float32
    sets: Bool
    reasons: tuple[tuple[Notice, ...], ...]
    temperature: float
    per_patient: Float32
    per_patient_sets: Bool


@dataclass(frozen=True, slots=True, eq=False)
class FoldRunner:
    """Trains and tests one recipe, split by split.

    Attributes:
        recipe: The recipe.
        makers: What makes its heads and fusion.
        embedded: The N images of all splits.
        fusions: Other fusions to compare with the recipe's, by name.
        kernel: The similarity of two images in their shortcut features.
        embed: If the recipe fine-tunes the backbone: embeds all images by a backbone trained on some rows.
    """

    recipe: Recipe
    makers: Makers
    embedded: EmbeddedDataset
    fusions: Mapping[str, MakeFusion]
    kernel: Kernel
    embed: Embed | None = None

    def run(self, split: Split) -> FoldResult:
        """Train on one side of a split and test on the other.

        Args:
            split: The split.

        Raises:
            DysfwError: If a head or the recipe's fusion cannot be fitted.
        """
        try:
            return self._run(split)
        except ValueError as error:
            raise DysfwError(
                f"{split.name}: {self.recipe.name} cannot be trained on {count(len(split.train_rows), 'image')}: {error}",
                hint="use fewer folds, or add patients",
            ) from None

    def _run(self, split: Split) -> FoldResult:
        embedded, seed = self.embedded, self.recipe.seed
        train, test = embedded.rows(split.train_rows), embedded.rows(split.test_rows)
        out_of_fold = out_of_fold_predictions(
            self.makers.make_head, train, seed, Silent(), self._inner(split.train_rows), make_evidence=self.makers.make_evidence
        )
        if self.embed:
            embeddings = self.embed(split.train_rows)
            train = train.with_embeddings(embeddings[split.train_rows])
            test = test.with_embeddings(embeddings[split.test_rows])
        _, classifier, _ = fit_classifier(self.recipe, self.makers, train, out_of_fold)
        assert test.quality  # noqa: S101  # measured with the embeddings
        region_probabilities, fused = classifier.predict(list(test.embeddings), list(test.present))
        assessed = classifier.reliability.assess(fused, test.embeddings, test.present, test.quality)
        prior = classifier.reliability.prior
        combined = combine_with_records(classifier, test, assessed, out_of_fold)
        by_name = {RECIPE: combined.probabilities, **combined.apart} | self._regions(out_of_fold, region_probabilities, prior)
        by_name |= self._baselines(split)
        for name, make in self.fusions.items():
            other = _fit_and_fuse(make, out_of_fold, np.nan_to_num(region_probabilities), test.present, seed=seed)
            by_name[name] = apply_prior(other, prior)
        per_patient = _predict_patients(classifier, region_probabilities, test.present, test.groups, assessed.reasons)
        per_patient, per_patient_sets = combined.of_patients(per_patient, test.groups)
        return FoldResult(
            split=split,
            by_name=by_name,
            raw=fused,
            sets=combined.sets,
            reasons=assessed.reasons,
            temperature=classifier.reliability.temperature,
            per_patient=per_patient,
            per_patient_sets=per_patient_sets,
        )

    def _inner(self, train_rows: Int64) -> Embed | None:
        """Embeds the training images by a backbone that was fine-tuned on some of them."""
        embed = self.embed
        return (lambda rows: embed(train_rows[rows])[train_rows]) if embed else None

    def _regions(self, out_of_fold: OutOfFoldPredictions, region_probabilities: Float32, prior: Float64) -> dict[str, Float32]:
        """Each region alone, calibrated on its own out-of-fold predictions, at the recipe's prior."""
        by_name = {}
        for r, region in enumerate(self.embedded.regions):
            shown = out_of_fold.present[:, r]
            temperature = 1.0
            if shown.any():
                temperature = fit_temperature(
                    out_of_fold.probabilities[shown, r], out_of_fold.y[shown], out_of_fold.groups[shown]
                )
            rows = ~np.isnan(region_probabilities[:, r]).any(axis=1)
            alone = np.full(region_probabilities[:, r].shape, np.nan, np.float32)
            alone[rows] = apply_prior(apply_temperature(region_probabilities[rows, r], temperature), prior)
            by_name[REGION + region] = alone
        return by_name

    def _baselines(self, split: Split) -> dict[str, Float32]:
        """The class frequencies of the training images, and a classifier of shortcut features."""
        y, classes = self.embedded.y, len(self.embedded.labels)
        frequencies = np.bincount(y[split.train_rows], minlength=classes) / len(split.train_rows)
        return {
            MOST_FREQUENT: np.tile(frequencies.astype(np.float32), (len(split.test_rows), 1)),
            SHORTCUT_FEATURES: predict_conditions(self.kernel, y, classes, split.train_rows, split.test_rows),
        }


def _predict_patients(
    classifier: Classifier,
    region_probabilities: Float32,
    present: Bool,
    groups: Int64,
    reasons: Sequence[tuple[Notice, ...]],
) -> Float32:
    """Predict as ``dysfw run --patient``: images that are not reliable are left out if the patient has others."""
    _, patient = np.unique(groups, return_inverse=True)
    reliable = np.array([not notices for notices in reasons])
    any_reliable = np.bincount(patient, reliable) > 0
    counts = reliable | ~any_reliable[patient]
    means, shown = mean_region_probabilities(region_probabilities, present & counts[:, None], patient)
    return classifier.calibrated_probabilities(means, shown)[patient]


def _fit_and_fuse(
    make: MakeFusion, out_of_fold: OutOfFoldPredictions, region_probabilities: Float32, present: Bool, *, seed: int
) -> Float32:
    """Another fusion of the same region probabilities, fitted and calibrated out of fold; NaN if there are too few images."""
    try:
        temperature = fit_temperature(cross_validated_fusion(make, out_of_fold, seed), out_of_fold.y, out_of_fold.groups)
        fusion = make()
        if fusion.needs_fit:
            fusion.fit(out_of_fold.probabilities, out_of_fold.present, out_of_fold.y, out_of_fold.split_groups)
        return apply_temperature(fusion.fuse(region_probabilities, present), temperature)
    except ValueError:
        return np.full((len(region_probabilities), region_probabilities.shape[2]), np.nan, np.float32)
