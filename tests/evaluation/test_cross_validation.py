"""The splits of an evaluation in several processes, and after an interruption."""

import os
import pickle
from dataclasses import replace
from functools import partial

import numpy as np
import pytest

from dysfw.cache.serialization import deserialize
from dysfw.cache.store import StageCache
from dysfw.data.read import read_dataset
from dysfw.evaluation import fold_cache, task_runner
from dysfw.evaluation.evaluate import Candidate, EvaluationConfig, evaluate
from dysfw.evaluation.fold_cache import STAGE, FoldCache
from dysfw.evaluation.fold_runner import FUSION, FoldRunner
from dysfw.evaluation.splits import SplitConfig
from dysfw.inference.build import build, build_fusion
from dysfw.recipe.check import load_recipe
from dysfw.util import workers
from dysfw.util.progress import Silent
from dysfw.util.workers import map_in_workers

pytestmark = pytest.mark.slow

QUICK = EvaluationConfig(SplitConfig(folds=3, repeats=2), resamples=100, permutations=99)
ONCE = EvaluationConfig(SplitConfig(folds=3, repeats=1), resamples=100, permutations=99)


class Notes(Silent):
    def __init__(self) -> None:
        self.notes: list[str] = []

    def note(self, text: str) -> None:
        self.notes.append(text)


@pytest.fixture
def cache(tmp_path):
    cache = StageCache(tmp_path / "stages", 2**26, pytest.fail)
    yield cache
    cache.close()


@pytest.fixture
def candidate(toys, toy_recipe, cache):
    def make(*overrides: str) -> Candidate:
        recipe = load_recipe(toy_recipe, toys, overrides)
        components = build(recipe)
        other = load_recipe(toy_recipe, toys, ["fusion={use: stacking}"])
        return Candidate(recipe, components, {"stacking": partial(build_fusion, other, components.segmenter.regions)}, cache)

    return make


@pytest.fixture
def data(colour_data):
    """The colour data without a split."""
    manifest = colour_data / "manifest.csv"
    manifest.write_text("".join(f"{line.rpartition(',')[0]}\n" for line in manifest.read_text().splitlines()))
    return read_dataset(colour_data)


def figures(done) -> dict:
    return done.result.model_dump(mode="json", by_alias=True, exclude={"created", "seconds"})


def same(one, other) -> bool:
    """Whether all predictions are the same to the bit."""
    return figures(one) == figures(other) and all(
        np.array_equal(one.pooled.by_name[name], other.pooled.by_name[name], equal_nan=True) for name in one.pooled.by_name
    )


def splits_in(cache: StageCache) -> int:
    return cache.contents().entries.get(STAGE, 0)


def test_the_figures_are_the_same_for_any_number_of_processes(candidate, data, monkeypatch):
    one = replace(candidate("head={use: softmax}"), cache=None)
    (here,) = evaluate([one], data, ONCE, Silent())
    pids = set()

    def spread(work, context, items, note):
        pids.add(os.getpid())
        yield from map_in_workers(work, context, items, note, workers=2, patience=0)

    monkeypatch.setattr(task_runner, "map_in_workers", spread)
    (spread_out,) = evaluate([one], data, ONCE, Silent())
    assert pids
    assert same(here, spread_out)


def test_an_interrupted_evaluation_resumes_with_the_same_figures(candidate, data, cache, monkeypatch):
    (whole,) = evaluate([replace(candidate(), cache=None)], data, QUICK, Silent())
    monkeypatch.setattr(workers, "usable_processors", lambda: 1)  # the calls are counted in this process
    run, calls = FoldRunner.run, []

    def interrupted(self, split):
        calls.append(split.name)
        if len(calls) == 5:
            raise KeyboardInterrupt
        return run(self, split)

    monkeypatch.setattr(FoldRunner, "run", interrupted)
    with pytest.raises(KeyboardInterrupt):
        evaluate([candidate()], data, QUICK, Silent())
    assert splits_in(cache) == 4
    monkeypatch.setattr(FoldRunner, "run", lambda self, split: calls.append(split.name) or run(self, split))
    calls.clear()
    progress = Notes()
    (resumed,) = evaluate([candidate()], data, QUICK, progress)
    assert len(calls) == 2
    assert "4 splits of 6 known from an earlier evaluation" in progress.notes
    assert same(whole, resumed)
    calls.clear()
    (again,) = evaluate([candidate()], data, QUICK, Silent())
    assert not calls
    assert same(whole, again)


@pytest.mark.parametrize("change", ["C", "fusion", "labels", "patients", "seed", "coverage", "other fusions"])
def test_another_recipe_or_other_data_share_no_split(candidate, data, cache, change):
    evaluate([candidate()], data, ONCE, Silent())
    assert splits_in(cache) == 3
    overrides = {
        "C": "head.C=0.2", "fusion": "fusion={use: median}", "seed": "seed=1", "coverage": "reliability.coverage=0.8",
    }  # fmt: skip
    changed = candidate(*[overrides[change]] if change in overrides else [])
    samples = list(data.samples)
    if change == "labels":
        first, last = samples[0], samples[-1]
        samples[0], samples[-1] = replace(first, label=last.label), replace(last, label=first.label)
    if change == "patients":
        samples[0] = replace(samples[0], patient="another")
    if change == "other fusions":
        changed = replace(changed, fusions={})
    evaluate([changed], replace(data, samples=tuple(samples)), ONCE, Silent())
    assert splits_in(cache) == 6


def test_a_damaged_entry_is_computed_again(candidate, data, cache, monkeypatch):
    (before,) = evaluate([candidate()], data, ONCE, Silent())
    monkeypatch.setattr(fold_cache, "deserialize", lambda _: deserialize(b"not a result"))
    (after,) = evaluate([candidate()], data, ONCE, Silent())
    assert same(before, after)


def test_what_is_sent_to_processes_is_small_beside_the_arrays(candidate, data):
    (done,) = evaluate([candidate()], data, ONCE, Silent())
    one, used = candidate(), done.evaluation_data
    fusions = {FUSION + name: make for name, make in one.fusions.items()}
    runner = FoldRunner(one.recipe, one.components.makers, used.embedded, fusions, used.kernel)
    buffers: list[pickle.PickleBuffer] = []
    pickled = pickle.dumps(runner, protocol=5, buffer_callback=buffers.append)
    assert len(pickled) < 50_000
    assert sum(buffer.raw().nbytes for buffer in buffers) >= used.embedded.embeddings.nbytes
    sent = pickle.loads(pickled, buffers=buffers)  # noqa: S301
    split = done.splits[0]
    assert np.array_equal(sent.run(split).raw, runner.run(split).raw)
    assert FoldCache(one.cache, sent, one.embedding_key).get(split) is not None
