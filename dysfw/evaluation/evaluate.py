"""From recipes and a data set to figures that say whether they mean anything."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from pathlib import Path

import numpy as np

from .. import RESEARCH_USE
from ..audit.audit import PERMUTATIONS, audit
from ..audit.result import AuditResult
from ..audit.shortcut_features import Row
from ..cache.store import StageCache
from ..contracts.components import Fusion
from ..contracts.kinds import Kind
from ..data.checks import CheckedDataset, check_dataset
from ..data.dataset import Dataset, Sample, refuse_too_small
from ..errors import DysfwError
from ..inference.build import Components
from ..inference.loading import used_weights
from ..recipe.model import Recipe
from ..stats.bootstrap import RESAMPLES
from ..training.train import refuse_labels
from ..types import Failure
from ..util.environment import versions
from ..util.progress import Progress
from ..util.text import closest, listed
from ..util.unaffected import find_unaffected
from .data_summary import summarise
from .evaluation_data import EvaluationData, collect_evaluation_data
from .figures import figures
from .fold_runner import FUSION, FoldRunner
from .pooled_predictions import PooledPredictions, pool_folds
from .result import Evaluation, Problem
from .split_config import By, SplitConfig, choose, claim_of, described, divide, large_enough
from .splits import Split
from .stopwatch import Stopwatch


@dataclass(frozen=True, slots=True)
class EvaluationConfig:
    """What is to be done with recipes and data. unaffected: the label of those without a condition; None looks for one.
    command: what repeats it all, for the report."""

    split_config: SplitConfig = field(default_factory=SplitConfig)
    unaffected: str | None = None
    resamples: int = RESAMPLES
    permutations: int = PERMUTATIONS
    command: str = ""


@dataclass(frozen=True, slots=True, eq=False)
class Candidate:
    """A recipe to be evaluated. fusions: others than its own, to be compared on the same votes. cache: of what was computed
    before."""

    recipe: Recipe
    components: Components
    fusions: Mapping[str, Callable[[], Fusion]] = field(default_factory=dict)
    cache: StageCache | None = None

    @property
    def stages(self) -> str:
        """What shapes its embeddings: candidates that agree in it share them."""
        recipe = self.recipe
        kinds: tuple[Kind, ...] = ("detector", "segmenter", "backbone")
        parts = [{kind: recipe.nodes[kind].portable() for kind in kinds}, asdict(recipe.crop), recipe.tune.model_dump()]
        parts += [asdict(recipe.harmonise) if recipe.harmonise else {}, {"seed": recipe.seed}]
        weights = [used.sha256 for used in used_weights(self.components)]
        return json.dumps([parts, weights, self.components.precision], sort_keys=True, default=str)


@dataclass(frozen=True, slots=True, eq=False)
class Evaluated:
    """result: all figures. collected, splits: every single prediction. failures: photographs that could not be used."""

    result: Evaluation
    evaluation_data: EvaluationData
    pooled: PooledPredictions
    splits: Sequence[Split]
    failures: tuple[Failure, ...]


@dataclass(frozen=True, slots=True, eq=False)
class _Ground:
    """What all candidates have in common."""

    dataset: Dataset
    checked: CheckedDataset
    by: By
    samples: Sequence[Sample]
    labels: tuple[str, ...]
    unaffected: str | None
    problems: Sequence[Problem]


def evaluate(
    candidates: Sequence[Candidate], dataset: Dataset, config: EvaluationConfig, progress: Progress
) -> list[Evaluated]:
    """Every candidate on the same photographs in the same folds: those that all of them can use. Raises DysfwError."""
    watches = [Stopwatch() for _ in candidates]
    ground = _prepare(dataset, config, progress)
    for watch in watches:
        watch.stage("checking")
    for candidate in candidates:
        refuse_labels(candidate.recipe, candidate.components, ground.labels)
    with tempfile.TemporaryDirectory(prefix="dysfw-") as folder:
        evaluation_data = _collect_all(candidates, ground, Path(folder), watches, progress)
        audits: dict[str, tuple[AuditResult, AuditResult | None]] = {}
        evaluated = []
        for candidate, own, watch in zip(candidates, evaluation_data, watches, strict=True):
            watch.start()
            key = candidate.stages
            if key not in audits:
                audits[key] = _audits(own, candidate.recipe, config, progress)
            watch.stage("audit")
            evaluated.append(_judge(candidate, own, ground, config=config, audits=audits[key], watch=watch, progress=progress))
    return evaluated


def _prepare(dataset: Dataset, config: EvaluationConfig, progress: Progress) -> _Ground:
    by = choose(config.split_config, dataset)
    checked = check_dataset(dataset, progress)
    samples, problems = large_enough(checked.dataset.samples, config.split_config, by)
    refuse_too_small(samples, dataset.origin)
    labels = tuple(sorted({sample.label for sample in samples}))
    return _Ground(dataset, checked, by, samples, labels, _unaffected(config.unaffected, labels), problems)


def _unaffected(asked: str | None, labels: Sequence[str]) -> str | None:
    """The label of those without a condition: the one asked for, or the only one that is called so."""
    if asked is not None:
        if asked not in labels:
            raise DysfwError(f"--unaffected: the data has no label {asked!r} (it has {listed(labels)}){closest(asked, labels)}")
        return asked
    return find_unaffected(labels)


def _collect_all(
    candidates: Sequence[Candidate], ground: _Ground, folder: Path, watches: Sequence[Stopwatch], progress: Progress
) -> list[EvaluationData]:
    """Each candidate's embeddings, made once for those that share them, of the photographs that all can use."""
    made: dict[str, EvaluationData] = {}
    for number, (candidate, watch) in enumerate(zip(candidates, watches, strict=True)):
        watch.start()
        if candidate.stages not in made:
            own = folder / str(number)
            own.mkdir()
            made[candidate.stages] = collect_evaluation_data(
                candidate.recipe,
                candidate.components,
                ground.dataset,
                ground.samples,
                ground.labels,
                folder=own,
                progress=progress,
                cache=candidate.cache,
            )
        watch.stage("embedding")
    usable = set.intersection(*({sample.path for sample in one.embedded.samples} for one in made.values()))
    common = {
        key: one.rows_of(np.array([n for n, sample in enumerate(one.embedded.samples) if sample.path in usable], np.int64))
        for key, one in made.items()
    }
    found = [common[candidate.stages] for candidate in candidates]
    refuse_too_small(found[0].embedded.samples, ground.dataset.origin)
    return found


def _audits(
    evaluation_data: EvaluationData, recipe: Recipe, config: EvaluationConfig, progress: Progress
) -> tuple[AuditResult, AuditResult | None]:
    """Of the photographs as they are, and as the recipe harmonises them."""
    samples, failures = evaluation_data.embedded.samples, evaluation_data.embedded.failures

    def ask(rows: Sequence[Row], *, harmonised: bool) -> AuditResult:
        return audit(
            rows, samples, failures=failures, permutations=config.permutations, seed=recipe.seed, harmonised=harmonised,
            progress=progress,
        )  # fmt: skip

    return ask(evaluation_data.rows, harmonised=False), ask(
        evaluation_data.harmonised, harmonised=True
    ) if evaluation_data.harmonised else None


def _judge(
    candidate: Candidate,
    evaluation_data: EvaluationData,
    ground: _Ground,
    *,
    config: EvaluationConfig,
    audits: tuple[AuditResult, AuditResult | None],
    watch: Stopwatch,
    progress: Progress,
) -> Evaluated:
    recipe, components, embedded = candidate.recipe, candidate.components, evaluation_data.embedded
    splits, lost = divide(embedded, config.split_config, ground.by)
    others = {FUSION + name: make for name, make in candidate.fusions.items()}
    runner = FoldRunner(recipe, components, embedded, others, evaluation_data.kernel, evaluation_data.embed)
    done = [runner.run(split) for split in progress.track(splits, f"judging by {recipe.name}", len(splits), "splits")]
    pooled = pool_folds(done, len(embedded))
    watch.stage("judging")
    found = figures(evaluation_data, pooled, recipe, resamples=config.resamples, unaffected=ground.unaffected)
    watch.stage("measuring")
    knows = ground.checked.knows_patients
    claim = claim_of(ground.by, ground.dataset, knows_patients=knows)
    result = Evaluation(
        name=recipe.name,
        command=config.command,
        created=datetime.now(UTC).isoformat(timespec="seconds"),
        research_use=RESEARCH_USE,
        recipe=recipe.resolved(),
        recipe_fingerprint=recipe.fingerprint,
        bundle=None,
        protocol=described(ground.by, config.split_config, splits, knows_patients=knows, claim=claim),
        data=summarise(ground.dataset, ground.checked, embedded, [*ground.problems, *lost]),
        audit=audits[0],
        audit_harmonised=audits[1],
        labels=list(ground.labels),
        conditions=dict(ground.dataset.conditions),
        unaffected=ground.unaffected,
        resamples=config.resamples,
        weights=[used.model_dump(mode="json") for used in used_weights(components)],
        versions=versions({node.origin.partition(" ")[0] for node in recipe.nodes.values()}),
        device=components.device,
        precision=components.precision,
        seconds=watch.seconds,
        **found,
    )
    return Evaluated(result, evaluation_data, pooled, splits, (*ground.checked.failures, *embedded.failures))
