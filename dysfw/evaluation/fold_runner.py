"""One split: everything is fitted, as ``dysfw train`` fits it, on the photographs learned from, and the others are judged."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from ..audit.predict import predict_conditions
from ..bundle.contents import OutOfFoldPredictions
from ..contracts.components import Fusion
from ..errors import DysfwError
from ..inference.build import Components
from ..inference.classifier import Classifier
from ..inference.fusion import cross_validated_fusion
from ..inference.patient import mean_region_probabilities
from ..recipe.model import Recipe
from ..reliability.prior import reweighed
from ..reliability.temperature import calibrated, fit_temperature
from ..stats.bootstrap import Float64
from ..training.embedded_dataset import EmbeddedDataset
from ..training.fit import Embed, out_of_fold_predictions
from ..training.train import fit_classifier
from ..types import Bool, Float32, Int64, Notice
from ..util.progress import Silent
from ..util.text import count
from .splits import Split

MakeFusion = Callable[[], Fusion]


@dataclass(frozen=True, slots=True, eq=False)
class FoldResult:
    """What was said of the H photographs held out. by_name: float32 [H, K] for each contender, calibrated where it has
    probabilities of its own; NaN where a region is absent. raw: of the recipe before calibration. sets: bool [H, K]. reasons:
    why each prediction is not to be believed. temperature: of the recipe. together: float32 [H, K], what the recipe says of the
    photograph's patient by all of their photographs that are held out; together_sets: bool [H, K]."""

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
    """What all splits have in common. fusions: others than the recipe's, by name. kernel: float64 [N, N], how alike two
    photographs are in everything but the face. embed: where the trunk itself is fitted, as in ``out_of_fold_votes``."""

    recipe: Recipe
    components: Components
    embedded: EmbeddedDataset
    fusions: Mapping[str, MakeFusion]
    kernel: Float64
    embed: Embed | None = None

    def run(self, split: Split) -> FoldResult:
        """Raises DysfwError where a head or the recipe's fusion cannot be fitted."""
        try:
            return self._run(split)
        except ValueError as error:
            raise DysfwError(
                f"{split.name}: the recipe cannot be trained on {count(len(split.train_rows), 'photograph')}: {error}",
                hint="ask for fewer folds, or add patients",
            ) from None

    def _run(self, split: Split) -> FoldResult:
        embedded, seed = self.embedded, self.recipe.seed
        train, test_rows = embedded.rows(split.train_rows), embedded.rows(split.test_rows)
        votes = out_of_fold_predictions(self.components.make_head, train, seed, Silent(), self._inner(split.train_rows))
        if self.embed:
            embeddings = self.embed(split.train_rows)
            train, test_rows = (
                train.with_embeddings(embeddings[split.train_rows]),
                test_rows.with_embeddings(embeddings[split.test_rows]),
            )
        _, classifier, _ = fit_classifier(self.recipe, self.components, train, votes)
        assert test_rows.quality  # noqa: S101  # measured with the embeddings
        given, fused = classifier.predict(list(test_rows.embeddings), list(test_rows.present))
        assessed = classifier.reliability.assess(fused, test_rows.embeddings, test_rows.present, test_rows.quality)
        prior = classifier.reliability.prior
        by_name = {RECIPE: assessed.probabilities} | self._regions(votes, given, prior) | self._baselines(split)
        for name, make in self.fusions.items():
            by_name[name] = reweighed(_fused(make, votes, np.nan_to_num(given), test_rows.present, seed=seed), prior)
        per_patient = _by_patient(classifier, given, test_rows.present, test_rows.groups, assessed.reasons)
        return FoldResult(
            split=split,
            by_name=by_name,
            raw=fused,
            sets=assessed.sets,
            reasons=assessed.reasons,
            temperature=classifier.reliability.temperature,
            per_patient=per_patient,
            per_patient_sets=classifier.reliability.sets(per_patient),
        )

    def _inner(self, train_rows: Int64) -> Embed | None:
        """Embeddings of the photographs ``learn`` by a trunk that has seen some of these."""
        embed = self.embed
        return (lambda rows: embed(train_rows[rows])[train_rows]) if embed else None

    def _regions(self, votes: OutOfFoldPredictions, given: Float32, prior: Float64) -> dict[str, Float32]:
        """Each region alone, calibrated by its own out-of-fold votes, and at the recipe's prior."""
        alone = {}
        for r, region in enumerate(self.embedded.regions):
            here = votes.present[:, r]
            t = fit_temperature(votes.probabilities[here, r], votes.y[here], votes.groups[here]) if here.any() else 1.0
            rows = ~np.isnan(given[:, r]).any(axis=1)
            alone[REGION + region] = np.full(given[:, r].shape, np.nan, np.float32)
            alone[REGION + region][rows] = reweighed(calibrated(given[rows, r], t), prior)
        return alone

    def _baselines(self, split: Split) -> dict[str, Float32]:
        """The shares of the conditions among the photographs learned from; and what all that is not the face tells."""
        y, classes = self.embedded.y, len(self.embedded.labels)
        shares = np.bincount(y[split.train_rows], minlength=classes) / len(split.train_rows)
        return {
            MAJORITY: np.tile(shares.astype(np.float32), (len(split.test_rows), 1)),
            WITHOUT_FACE: predict_conditions(self.kernel, y, classes, split.train_rows, split.test_rows),
        }


def _by_patient(
    classifier: Classifier, votes: Float32, present: Bool, groups: Int64, reasons: Sequence[tuple[Notice, ...]]
) -> Float32:
    """As ``dysfw run --patient`` judges them: without the photographs that something speaks against, where there are others."""
    _, patient = np.unique(groups, return_inverse=True)
    fit = np.array([not found for found in reasons])
    some_fit = np.bincount(patient, fit) > 0
    counts = fit | ~some_fit[patient]
    means, shown = mean_region_probabilities(votes, present & counts[:, None], patient)
    return classifier.calibrated_probabilities(means, shown)[patient]


RECIPE, REGION, FUSION = "recipe", "region ", "fusion "
MAJORITY, WITHOUT_FACE = "commonest condition", "everything but the face"


def _fused(make: MakeFusion, votes: OutOfFoldPredictions, given: Float32, present: Bool, *, seed: int) -> Float32:
    """Another fusion of the same votes, learned and calibrated on the same out-of-fold votes; NaN where they are too few."""
    try:
        return _taught(make, votes, given, present, seed=seed)
    except ValueError:
        return np.full((len(given), given.shape[2]), np.nan, np.float32)


def _taught(make: MakeFusion, votes: OutOfFoldPredictions, given: Float32, present: Bool, *, seed: int) -> Float32:
    temperature = fit_temperature(cross_validated_fusion(make, votes, seed), votes.y, votes.groups)
    fusion = make()
    if fusion.needs_fit:
        fusion.fit(votes.probabilities, votes.present, votes.y, votes.groups)
    return calibrated(fusion.fuse(given, present), temperature)
