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
from ..audit.clues import Row
from ..audit.result import AuditResult
from ..cache.store import StageCache
from ..components import Fusion
from ..data.checks import Checked, check
from ..data.dataset import Dataset, Item, refuse_too_small
from ..engine.assemble import used_weights
from ..engine.build import Components
from ..environment import versions
from ..errors import DysfwError
from ..kinds import Kind
from ..progress import Progress
from ..recipe.model import Recipe
from ..resampling import RESAMPLES
from ..text import closest, listed
from ..training.train import refuse_labels
from ..types import Failure
from ..unaffected import find_unaffected
from .collected import Collected, collect
from .data_summary import summarise
from .divided import By, Division, choose, claim_of, described, divide, large_enough
from .figures import figures
from .gathered import Gathered, gather
from .protocol import Split
from .result import Evaluation, Problem
from .stopwatch import Stopwatch
from .trial import FUSION, Trials


@dataclass(frozen=True, slots=True)
class Plan:
    """What is to be done with recipes and data. unaffected: the label of those without a condition; None looks for one.
    command: what repeats it all, for the report."""

    division: Division = field(default_factory=Division)
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
    gathered: Gathered
    collected: Collected
    splits: Sequence[Split]
    failures: tuple[Failure, ...]


@dataclass(frozen=True, slots=True, eq=False)
class _Ground:
    """What all candidates have in common."""

    dataset: Dataset
    checked: Checked
    by: By
    items: Sequence[Item]
    labels: tuple[str, ...]
    unaffected: str | None
    problems: Sequence[Problem]


def evaluate(candidates: Sequence[Candidate], dataset: Dataset, plan: Plan, progress: Progress) -> list[Evaluated]:
    """Every candidate on the same photographs in the same folds: those that all of them can use. Raises DysfwError."""
    watches = [Stopwatch() for _ in candidates]
    ground = _prepare(dataset, plan, progress)
    for watch in watches:
        watch.stage("checking")
    for candidate in candidates:
        refuse_labels(candidate.recipe, candidate.components, ground.labels)
    with tempfile.TemporaryDirectory(prefix="dysfw-") as folder:
        gathered = _gather_all(candidates, ground, Path(folder), watches, progress)
        audits: dict[str, tuple[AuditResult, AuditResult | None]] = {}
        evaluated = []
        for candidate, own, watch in zip(candidates, gathered, watches, strict=True):
            watch.start()
            key = candidate.stages
            if key not in audits:
                audits[key] = _audits(own, candidate.recipe, plan, progress)
            watch.stage("audit")
            evaluated.append(_judge(candidate, own, ground, plan=plan, audits=audits[key], watch=watch, progress=progress))
    return evaluated


def _prepare(dataset: Dataset, plan: Plan, progress: Progress) -> _Ground:
    by = choose(plan.division, dataset)
    checked = check(dataset, progress)
    items, problems = large_enough(checked.dataset.items, plan.division, by)
    refuse_too_small(items, dataset.origin)
    labels = tuple(sorted({item.label for item in items}))
    return _Ground(dataset, checked, by, items, labels, _unaffected(plan.unaffected, labels), problems)


def _unaffected(asked: str | None, labels: Sequence[str]) -> str | None:
    """The label of those without a condition: the one asked for, or the only one that is called so."""
    if asked is not None:
        if asked not in labels:
            raise DysfwError(f"--unaffected: the data has no label {asked!r} (it has {listed(labels)}){closest(asked, labels)}")
        return asked
    return find_unaffected(labels)


def _gather_all(
    candidates: Sequence[Candidate], ground: _Ground, folder: Path, watches: Sequence[Stopwatch], progress: Progress
) -> list[Gathered]:
    """Each candidate's embeddings, made once for those that share them, of the photographs that all can use."""
    made: dict[str, Gathered] = {}
    for number, (candidate, watch) in enumerate(zip(candidates, watches, strict=True)):
        watch.start()
        if candidate.stages not in made:
            own = folder / str(number)
            own.mkdir()
            made[candidate.stages] = gather(
                candidate.recipe,
                candidate.components,
                ground.dataset,
                ground.items,
                ground.labels,
                folder=own,
                progress=progress,
                cache=candidate.cache,
            )
        watch.stage("embedding")
    usable = set.intersection(*({item.path for item in one.examples.items} for one in made.values()))
    common = {
        key: one.rows_of(np.array([n for n, item in enumerate(one.examples.items) if item.path in usable], np.int64))
        for key, one in made.items()
    }
    found = [common[candidate.stages] for candidate in candidates]
    refuse_too_small(found[0].examples.items, ground.dataset.origin)
    return found


def _audits(gathered: Gathered, recipe: Recipe, plan: Plan, progress: Progress) -> tuple[AuditResult, AuditResult | None]:
    """Of the photographs as they are, and as the recipe harmonises them."""
    items, failures = gathered.examples.items, gathered.examples.failures

    def ask(rows: Sequence[Row], *, harmonised: bool) -> AuditResult:
        return audit(
            rows, items, failures=failures, permutations=plan.permutations, seed=recipe.seed, harmonised=harmonised,
            progress=progress,
        )  # fmt: skip

    return ask(gathered.rows, harmonised=False), ask(gathered.harmonised, harmonised=True) if gathered.harmonised else None


def _judge(
    candidate: Candidate,
    gathered: Gathered,
    ground: _Ground,
    *,
    plan: Plan,
    audits: tuple[AuditResult, AuditResult | None],
    watch: Stopwatch,
    progress: Progress,
) -> Evaluated:
    recipe, components, examples = candidate.recipe, candidate.components, gathered.examples
    splits, lost = divide(examples, plan.division, ground.by)
    others = {FUSION + name: make for name, make in candidate.fusions.items()}
    trials = Trials(recipe, components, examples, others, gathered.kernel, gathered.embed)
    done = [trials.run(split) for split in progress.track(splits, f"judging by {recipe.name}", len(splits), "splits")]
    collected = collect(done, len(examples))
    watch.stage("judging")
    found = figures(gathered, collected, recipe, resamples=plan.resamples, unaffected=ground.unaffected)
    watch.stage("measuring")
    knows = ground.checked.knows_patients
    claim = claim_of(ground.by, ground.dataset, knows_patients=knows)
    result = Evaluation(
        name=recipe.name,
        command=plan.command,
        created=datetime.now(UTC).isoformat(timespec="seconds"),
        research_use=RESEARCH_USE,
        recipe=recipe.resolved(),
        recipe_fingerprint=recipe.fingerprint,
        bundle=None,
        protocol=described(ground.by, plan.division, splits, knows_patients=knows, claim=claim),
        data=summarise(ground.dataset, ground.checked, examples, [*ground.problems, *lost]),
        audit=audits[0],
        audit_harmonised=audits[1],
        labels=list(ground.labels),
        conditions=dict(ground.dataset.conditions),
        unaffected=ground.unaffected,
        resamples=plan.resamples,
        weights=[used.model_dump(mode="json") for used in used_weights(components)],
        versions=versions({node.origin.partition(" ")[0] for node in recipe.nodes.values()}),
        device=components.device,
        precision=components.precision,
        seconds=watch.seconds,
        **found,
    )
    return Evaluated(result, gathered, collected, splits, (*ground.checked.failures, *examples.failures))
