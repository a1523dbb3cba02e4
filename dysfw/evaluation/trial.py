"""One split: everything is fitted, as ``dysfw train`` fits it, on the photographs learned from, and the others are judged."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from ..audit.predict import answers
from ..bundle.contents import Votes
from ..components import Fusion
from ..engine.build import Components
from ..engine.fusing import cross_validated_fusion
from ..engine.judge import Judge
from ..engine.patient import mean_votes
from ..errors import DysfwError
from ..progress import Silent
from ..recipe.model import Recipe
from ..reliability.prior import reweighed
from ..reliability.temperature import calibrated, fit_temperature
from ..resampling import Float64
from ..text import count
from ..training.examples import Examples
from ..training.fit import Embed, out_of_fold_votes
from ..training.train import fit_judge
from ..types import Bool, Float32, Int64, Notice
from .protocol import Split

MakeFusion = Callable[[], Fusion]


@dataclass(frozen=True, slots=True, eq=False)
class Trial:
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
    together: Float32
    together_sets: Bool


@dataclass(frozen=True, slots=True, eq=False)
class Trials:
    """What all splits have in common. fusions: others than the recipe's, by name. kernel: float64 [N, N], how alike two
    photographs are in everything but the face. embed: where the trunk itself is fitted, as in ``out_of_fold_votes``."""

    recipe: Recipe
    components: Components
    examples: Examples
    fusions: Mapping[str, MakeFusion]
    kernel: Float64
    embed: Embed | None = None

    def run(self, split: Split) -> Trial:
        """Raises DysfwError where a head or the recipe's fusion cannot be fitted."""
        try:
            return self._run(split)
        except ValueError as error:
            raise DysfwError(
                f"{split.name}: the recipe cannot be trained on {count(len(split.learn), 'photograph')}: {error}",
                hint="ask for fewer folds, or add patients",
            ) from None

    def _run(self, split: Split) -> Trial:
        examples, seed = self.examples, self.recipe.seed
        learned, held = examples.rows(split.learn), examples.rows(split.held)
        votes = out_of_fold_votes(self.components.make_head, learned, seed, Silent(), self._inner(split.learn))
        if self.embed:
            embeddings = self.embed(split.learn)
            learned, held = learned.seen_as(embeddings[split.learn]), held.seen_as(embeddings[split.held])
        _, judge, _ = fit_judge(self.recipe, self.components, learned, votes)
        assert judge.trust and held.quality  # noqa: PT018, S101  # what was just fitted has both
        given, fused = judge.judge(list(held.embeddings), list(held.present))
        assessed = judge.trust.assess(fused, held.embeddings, held.present, held.quality)
        prior = judge.trust.prior
        by_name = {RECIPE: assessed.probabilities} | self._regions(votes, given, prior) | self._baselines(split)
        for name, make in self.fusions.items():
            by_name[name] = reweighed(_fused(make, votes, np.nan_to_num(given), held.present, seed=seed), prior)
        together = _by_patient(judge, given, held.present, held.groups, assessed.reasons)
        return Trial(
            split=split,
            by_name=by_name,
            raw=fused,
            sets=assessed.sets,
            reasons=assessed.reasons,
            temperature=judge.trust.temperature,
            together=together,
            together_sets=judge.trust.sets(together),
        )

    def _inner(self, learn: Int64) -> Embed | None:
        """Embeddings of the photographs ``learn`` by a trunk that has seen some of these."""
        embed = self.embed
        return (lambda rows: embed(learn[rows])[learn]) if embed else None

    def _regions(self, votes: Votes, given: Float32, prior: Float64) -> dict[str, Float32]:
        """Each region alone, calibrated by its own out-of-fold votes, and at the recipe's prior."""
        alone = {}
        for r, region in enumerate(self.examples.regions):
            here = votes.present[:, r]
            t = fit_temperature(votes.probabilities[here, r], votes.y[here], votes.groups[here]) if here.any() else 1.0
            rows = ~np.isnan(given[:, r]).any(axis=1)
            alone[REGION + region] = np.full(given[:, r].shape, np.nan, np.float32)
            alone[REGION + region][rows] = reweighed(calibrated(given[rows, r], t), prior)
        return alone

    def _baselines(self, split: Split) -> dict[str, Float32]:
        """The shares of the conditions among the photographs learned from; and what all that is not the face tells."""
        y, classes = self.examples.y, len(self.examples.labels)
        shares = np.bincount(y[split.learn], minlength=classes) / len(split.learn)
        return {
            MAJORITY: np.tile(shares.astype(np.float32), (len(split.held), 1)),
            NOT_THE_FACE: answers(self.kernel, y, classes, split.learn, split.held),
        }


def _by_patient(judge: Judge, votes: Float32, present: Bool, groups: Int64, reasons: Sequence[tuple[Notice, ...]]) -> Float32:
    """As ``dysfw run --patient`` judges them: without the photographs that something speaks against, where there are others."""
    _, patient = np.unique(groups, return_inverse=True)
    fit = np.array([not found for found in reasons])
    some_fit = np.bincount(patient, fit) > 0
    counts = fit | ~some_fit[patient]
    means, shown = mean_votes(votes, present & counts[:, None], patient)
    return judge.opinion(means, shown)[patient]


RECIPE, REGION, FUSION = "recipe", "region ", "fusion "
MAJORITY, NOT_THE_FACE = "commonest condition", "everything but the face"


def _fused(make: MakeFusion, votes: Votes, given: Float32, present: Bool, *, seed: int) -> Float32:
    """Another fusion of the same votes, learned and calibrated on the same out-of-fold votes; NaN where they are too few."""
    try:
        return _taught(make, votes, given, present, seed=seed)
    except ValueError:
        return np.full((len(given), given.shape[2]), np.nan, np.float32)


def _taught(make: MakeFusion, votes: Votes, given: Float32, present: Bool, *, seed: int) -> Float32:
    temperature = fit_temperature(cross_validated_fusion(make, votes, seed), votes.y, votes.groups)
    fusion = make()
    if fusion.learns:
        fusion.fit(votes.probabilities, votes.present, votes.y, votes.groups)
    return calibrated(fusion.fuse(given, present), temperature)
