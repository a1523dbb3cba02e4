"""Evaluates recipes: audit, cross-validation, and measures with intervals."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
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
from ..data.checks import CheckedDataset
from ..data.dataset import Dataset, Sample, refuse_too_small
from ..errors import DysfwError
from ..inference.build import Components
from ..inference.loading import used_weights
from ..recipe.model import Recipe
from ..stats.bootstrap import RESAMPLES
from ..training.refuse_finetuning import refuse_finetuning_without_torch
from ..training.train import check_labels
from ..types import Failure
from ..util.environment import versions
from ..util.progress import Progress
from ..util.text import closest, listed
from ..util.unaffected import find_unaffected
from .cross_validation import CrossValidation, run_splits
from .data_flow import data_flow
from .data_summary import summarise
from .evaluation_data import CollectedImages, EvaluationData, collect_images, finetuned_embed
from .figures import measure_figures
from .fold_cache import FoldCache, recipes_of
from .fold_runner import FUSION, FoldRunner
from .machines import check_machines, software_of
from .pooled_predictions import PooledPredictions, pool_folds
from .result import Evaluation, Finding
from .splits import Split, SplitBy, SplitConfig, describe_protocol, leave_out_small_conditions, make_splits, resolve_split
from .stopwatch import Stopwatch
from .task_runner import LocalTasks, TaskRunner


@dataclass(frozen=True, slots=True)
class EvaluationConfig:
    """How recipes are evaluated.

    Attributes:
        split: How the data are divided.
        unaffected: Label of people without a condition; None looks for a usual name.
        resamples: Number of bootstrap resamples.
        permutations: Number of permutations of the audit.
        command: The command that repeats the evaluation, for the report.
    """

    split: SplitConfig = field(default_factory=SplitConfig)
    unaffected: str | None = None
    resamples: int = RESAMPLES
    permutations: int = PERMUTATIONS
    command: str = ""


@dataclass(frozen=True, slots=True, eq=False)
class Candidate:
    """A recipe to evaluate.

    Attributes:
        recipe: The recipe.
        components: Its components.
        fusions: Other fusions to compare on the same region probabilities, by name.
        cache: Where results of the pipeline's stages are kept.
    """

    recipe: Recipe
    components: Components
    fusions: Mapping[str, Callable[[], Fusion]] = field(default_factory=dict)
    cache: StageCache | None = None

    @property
    def embedding_key(self) -> str:
        """What shapes the embeddings: candidates with the same key share them."""
        recipe = self.recipe
        kinds: tuple[Kind, ...] = ("detector", "segmenter", "backbone")
        parts = [{kind: recipe.nodes[kind].portable() for kind in kinds}, asdict(recipe.crop), recipe.tune.model_dump()]
        parts += [asdict(recipe.harmonise) if recipe.harmonise else {}, {"seed": recipe.seed}]
        weights = [used.sha256 for used in used_weights(self.components) if used.component != "evidence"]
        return json.dumps([parts, weights, self.components.precision], sort_keys=True, default=str)


@dataclass(frozen=True, slots=True, eq=False)
class Evaluated:
    """One evaluated recipe.

    Attributes:
        result: All figures.
        evaluation_data: The images.
        pooled: Every single prediction.
        splits: In which split each was made.
        failures: Images that could not be used.
    """

    result: Evaluation
    evaluation_data: EvaluationData
    pooled: PooledPredictions
    splits: Sequence[Split]
    failures: tuple[Failure, ...]


@dataclass(frozen=True, slots=True, eq=False)
class _Common:
    """What all candidates share: the images that are used, and their labels."""

    dataset: Dataset
    checked: CheckedDataset
    by: SplitBy
    samples: Sequence[Sample]
    labels: tuple[str, ...]
    unaffected: str | None
    findings: Sequence[Finding]


Audits = tuple[AuditResult, AuditResult | None]


def evaluate(
    candidates: Sequence[Candidate],
    dataset: Dataset,
    config: EvaluationConfig,
    progress: Progress,
    tasks: TaskRunner | None = None,
) -> list[Evaluated]:
    """Evaluate every candidate on the same images in the same splits: the images that all of them can use.

    Args:
        candidates: The recipes.
        dataset: As it was read.
        config: How to evaluate.
        progress: Where the work is shown.
        tasks: Runs the splits; None uses all processors of this machine. It is connected.

    Raises:
        DysfwError: If the data cannot be used, or a recipe cannot be trained on them.
    """
    tasks, stopwatches = tasks or LocalTasks(), [Stopwatch() for _ in candidates]
    recipes = [recipe for one in candidates for recipe in recipes_of(one.recipe, one.fusions.values())]
    for candidate in candidates:
        refuse_finetuning_without_torch(candidate.recipe)
    if tasks.remote:
        _refuse_finetuning(candidates, progress)
        with progress.stage("checking the machines of the cluster"):
            check_machines(tasks, recipes)
    by = resolve_split(config.split, dataset)
    refuse_too_small(leave_out_small_conditions(dataset.samples, config.split, by)[0], dataset.origin)  # before any work
    with tempfile.TemporaryDirectory(prefix="dysfw-") as folder:
        common, data = _collect(candidates, dataset, config, by=by, stopwatches=stopwatches, progress=progress)
        for candidate in candidates:
            check_labels(candidate.recipe, candidate.components, common.labels)
        data = _with_finetuning(candidates, data, Path(folder), progress)
        audits: dict[str, Audits] = {}
        records = any(candidate.recipe.evidence for candidate in candidates)
        for candidate, stopwatch in zip(candidates, stopwatches, strict=True):
            stopwatch.start()
            if (key := candidate.embedding_key) not in audits:
                audits[key] = _audit(data[key], candidate.recipe, config, progress, records=records)
            stopwatch.stage("audit")
        validations, untested = _cross_validations(candidates, data, config, by)
        run_splits(validations, tasks, progress, software_of(recipes) if tasks.remote else ())
    evaluated = []
    for candidate, validation, stopwatch in zip(candidates, validations, stopwatches, strict=True):
        stopwatch.seconds["cross-validation"] = round(sum(validation.seconds), 2)
        key = candidate.embedding_key
        evaluated.append(
            _evaluate_one(
                candidate, data[key], common, validation, untested=untested, config=config, audits=audits[key],
                stopwatch=stopwatch, progress=progress,
            )
        )  # fmt: skip
    return evaluated


def _refuse_finetuning(candidates: Sequence[Candidate], progress: Progress) -> None:
    """Say which recipes cannot use a cluster: a backbone is fine-tuned where the images are."""
    names = [one.recipe.name for one in candidates if one.recipe.tune.mode != "none"]
    if not names:
        return
    verb = "fine-tunes its backbone" if len(names) == 1 else "fine-tune their backbones"
    message = f"{listed(names)} {verb} in every split, which is done on this machine"
    if len(names) == len(candidates):
        raise DysfwError(f"{message}: a cluster would have nothing to do", hint="leave out --runner, or set tune.mode=none")
    progress.note(f"{message}; the cluster evaluates the others")


def _cross_validations(
    candidates: Sequence[Candidate], data: Mapping[str, EvaluationData], config: EvaluationConfig, by: SplitBy
) -> tuple[list[CrossValidation], Sequence[Finding]]:
    """Each candidate with the splits, which are the same for all, and findings on images that no split tests."""
    splits, untested = make_splits(next(iter(data.values())).embedded, config.split, by)
    validations = []
    for candidate in candidates:
        used = data[candidate.embedding_key]
        # Of a single region, all fusions return the same ranking; fitting them would be in vain.
        others = candidate.fusions if len(used.embedded.regions) > 1 else {}
        fusions = {FUSION + name: make for name, make in others.items()}
        runner = FoldRunner(candidate.recipe, candidate.components.makers, used.embedded, fusions, used.kernel, used.embed)
        validations.append(CrossValidation(runner, splits, FoldCache(candidate.cache, runner, candidate.embedding_key)))
    return validations, untested


def _collect(
    candidates: Sequence[Candidate],
    dataset: Dataset,
    config: EvaluationConfig,
    *,
    by: SplitBy,
    stopwatches: Sequence[Stopwatch],
    progress: Progress,
) -> tuple[_Common, dict[str, EvaluationData]]:
    """Read all images once for each way to embed them, and keep those that every candidate can use."""
    collected: dict[str, CollectedImages] = {}
    checked: CheckedDataset | None = None
    for candidate, stopwatch in zip(candidates, stopwatches, strict=True):
        stopwatch.start()
        if candidate.embedding_key not in collected:
            checks, images = collect_images(candidate.recipe, candidate.components, dataset, progress, candidate.cache)
            collected[candidate.embedding_key] = images
            checked = checked or checks
        stopwatch.stage("embedding")
    assert checked  # noqa: S101  # there is a candidate
    samples, findings = leave_out_small_conditions(checked.dataset.samples, config.split, by)
    refuse_too_small(samples, dataset.origin)
    labels = tuple(sorted({sample.label for sample in samples}))
    unaffected = _unaffected(config.unaffected, labels)
    common = _Common(dataset, checked, by, samples, labels, unaffected, findings)
    data = {key: images.select(dataset, samples, labels) for key, images in collected.items()}
    usable = set.intersection(*({sample.path for sample in one.embedded.samples} for one in data.values()))
    data = {
        key: one.rows_of(np.array([n for n, s in enumerate(one.embedded.samples) if s.path in usable], np.int64))
        for key, one in data.items()
    }
    embedded = next(iter(data.values())).embedded
    refuse_too_small(embedded.samples, dataset.origin, embedded.failures)
    return common, data


def _with_finetuning(
    candidates: Sequence[Candidate], data: Mapping[str, EvaluationData], folder: Path, progress: Progress
) -> dict[str, EvaluationData]:
    """The same data; if a recipe fine-tunes its backbone, with what embeds by a backbone trained on some rows."""
    tuned = dict(data)
    for number, candidate in enumerate(candidates):
        base = tuned[candidate.embedding_key]
        if base.embed is None:
            scratch = folder / str(number)
            scratch.mkdir()
            embed = finetuned_embed(candidate.recipe, candidate.components, base.embedded, scratch, progress)
            tuned[candidate.embedding_key] = replace(base, embed=embed)
    return tuned


def _unaffected(requested: str | None, labels: Sequence[str]) -> str | None:
    """The label of people without a condition: the one requested, or the only usual name among the labels."""
    if requested is None:
        return find_unaffected(labels)
    if requested not in labels:
        raise DysfwError(
            f"--unaffected: no label is called {requested!r} (labels: {listed(labels)}){closest(requested, labels)}"
        )
    return requested


def _audit(data: EvaluationData, recipe: Recipe, config: EvaluationConfig, progress: Progress, *, records: bool) -> Audits:
    """The audit of the images as they are, and as the recipe harmonises them. records: whether a recipe uses records."""
    samples, failures = data.embedded.samples, data.embedded.failures

    def run(rows: Sequence[Row], *, harmonised: bool) -> AuditResult:
        return audit(
            rows, samples, failures=failures, permutations=config.permutations, seed=recipe.seed, harmonised=harmonised,
            records=records, progress=progress,
        )  # fmt: skip

    return run(data.rows, harmonised=False), run(data.harmonised, harmonised=True) if data.harmonised else None


def _evaluate_one(
    candidate: Candidate,
    data: EvaluationData,
    common: _Common,
    validation: CrossValidation,
    *,
    untested: Sequence[Finding],
    config: EvaluationConfig,
    audits: Audits,
    stopwatch: Stopwatch,
    progress: Progress,
) -> Evaluated:
    recipe, components, embedded = candidate.recipe, candidate.components, data.embedded
    splits = validation.splits
    stopwatch.start()
    pooled = pool_folds(validation.folds, len(embedded))
    validation.results.clear()  # as large as the pooled predictions
    with progress.stage("computing scores, intervals and baselines"):
        figures = measure_figures(data, pooled, recipe, resamples=config.resamples, unaffected=common.unaffected)
    stopwatch.stage("statistics")
    knows_patients = common.checked.knows_patients
    result = Evaluation(
        name=recipe.name,
        command=config.command,
        created=datetime.now(UTC).isoformat(timespec="seconds"),
        research_use=RESEARCH_USE,
        recipe=recipe.resolved(),
        recipe_fingerprint=recipe.fingerprint,
        bundle=None,
        protocol=describe_protocol(
            common.by,
            config.split,
            splits,
            knows_patients=knows_patients,
            knows_publications=any(sample.publication for sample in data.embedded.samples),
        ),
        data=summarise(
            common.dataset,
            common.checked,
            embedded,
            [*common.findings, *untested],
            data_flow(common.dataset, common.checked, common.samples, embedded, tested=int(pooled.evaluated.sum())),
        ),
        audit=audits[0],
        audit_harmonised=audits[1],
        labels=list(common.labels),
        conditions=dict(common.dataset.conditions),
        unaffected=common.unaffected,
        measures=figures.measures,
        top=figures.top,
        top_macro=figures.top_macro,
        classes=figures.classes,
        at_specificity=figures.at_specificity,
        roc=figures.roc,
        confusion=figures.confusion,
        models=figures.models,
        calibration=figures.calibration,
        prediction_sets=figures.prediction_sets,
        rejection=figures.rejection,
        patients=figures.patients,
        worst=figures.worst,
        resamples=config.resamples,
        weights=[used.model_dump(mode="json") for used in used_weights(components)],
        versions=versions(recipe.distributions),
        device=components.device,
        precision=components.precision,
        seconds=stopwatch.seconds,
    )
    return Evaluated(result, data, pooled, splits, (*common.checked.failures, *embedded.failures))
