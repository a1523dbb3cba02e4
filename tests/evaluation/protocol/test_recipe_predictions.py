"""A recipe is scored by a protocol as its predictions file is."""

import csv

import numpy as np
import pytest

from dysfw.cache.store import StageCache
from dysfw.data.read import read_dataset
from dysfw.errors import DysfwError
from dysfw.evaluation.evaluate import Candidate
from dysfw.evaluation.protocol.frequent_rare import FrequentRare
from dysfw.evaluation.protocol.predictions_file import read_predictions, write_predictions
from dysfw.evaluation.protocol.protocol import TOP, checked_plan
from dysfw.evaluation.protocol.recipe_predictions import GalleryWork, predict_plan
from dysfw.evaluation.protocol.scores import score
from dysfw.evaluation.task_runner import LocalTasks
from dysfw.inference.build import build
from dysfw.recipe.check import load_recipe
from dysfw.util.progress import Silent

COLOURS = {
    "red": ((200, 40, 40), 8), "green": ((40, 160, 40), 8),
    "sand": ((190, 170, 110), 3), "blue": ((40, 40, 200), 3), "grey": ((120, 120, 120), 2),
}  # fmt: skip


class CountingTasks(LocalTasks):
    """Runs the tasks here, and counts them."""

    def __init__(self):
        super().__init__()
        self.done = 0

    def map(self, work, context, items, note):
        for number, item in enumerate(items):
            self.done += 1
            yield number, work(context, item)


@pytest.fixture
def folder(paint, tmp_path):
    """Two frequent and three rare conditions that differ in colour."""
    rows = [("path", "label", "patient")]
    for k, (label, (colour, patients)) in enumerate(COLOURS.items()):
        for n in range(patients):
            paint(f"data/{label}/{n}.png", colour, seed=100 * k + n)
            rows.append((f"{label}/{n}.png", label, f"{label}-{n}"))
    with (tmp_path / "data" / "manifest.csv").open("w", newline="") as file:
        csv.writer(file).writerows(rows)
    return tmp_path / "data"


@pytest.fixture
def candidate(toys, toy_recipe):
    def make(*overrides, cache=None):
        recipe = load_recipe(toy_recipe, toys, overrides)
        return Candidate(recipe, build(recipe), cache=cache)

    return make


def plan_of(folder):
    return checked_plan(FrequentRare(), read_dataset(folder))


@pytest.mark.parametrize("head", ["{use: softmax, C: 0.1}", "{use: gallery}", "{use: softmax}"])
def test_the_file_that_a_recipe_writes_scores_as_the_recipe_does(candidate, folder, tmp_path, head):
    plan, tasks = plan_of(folder), CountingTasks()
    made = predict_plan(candidate(f"head={head}"), plan, Silent(), tasks)
    scores = score(plan, made.predictions, TOP, 100)
    write_predictions(tmp_path / "predictions.parquet", plan, made.predictions)
    read, _ = read_predictions(tmp_path / "predictions.parquet", plan)
    assert score(plan, read, TOP, 100) == scores
    assert [setting.name for setting in plan.settings] == [
        "frequent-in-frequent", "rare-in-rare", "frequent-in-all", "rare-in-all",
    ]  # fmt: skip
    assert all(setting.top[0].macro.value > 0.6 for setting in scores[0])  # chance is 0.2 to 0.5
    # Groups are gone through again after six splits, and two settings share each gallery of all conditions.
    assert tasks.done == 1 + 6 + 6 < len(plan.splits)
    assert (made.guessed, made.failures) == (0, ())


def test_an_image_that_cannot_be_used_counts_as_a_guess(candidate, folder):
    plan = plan_of(folder)
    row = int(plan.splits[0].test_rows[0])
    plan.dataset.samples[row].path.write_bytes(b"no image")
    made = predict_plan(candidate(), plan, Silent(), CountingTasks())
    assert made.guessed == 1
    assert [failure.source for failure in made.failures] == [str(plan.dataset.samples[row].path)]
    assert (made.predictions[0][0, plan.candidates(plan.splits[0])] == 0).all()
    top = score(plan, made.predictions, TOP, 100)[0][0].top[0]
    assert top.macro.value == pytest.approx(0.75)  # two conditions, one of them guessed among two


def test_a_condition_whose_gallery_cannot_be_used_comes_last(candidate, folder):
    (folder / "grey" / "0.png").write_bytes(b"no image")
    plan = plan_of(folder)
    made = predict_plan(candidate(), plan, Silent(), CountingTasks())
    grey = plan.labels.index("grey")
    lost = [
        scores for split, scores in zip(plan.splits, made.predictions, strict=True)
        if split.setting == "frequent-in-all" and (scores[:, grey] == -1).all()
    ]  # fmt: skip
    assert len(lost) == 5  # in every other split its only other image is tested
    assert all(np.nanargmin(scores[0]) == grey for scores in lost)


def test_an_interrupted_evaluation_resumes(candidate, folder, tmp_path):
    plan, cache = plan_of(folder), StageCache(tmp_path / "cache", 2**28, print)

    class Interrupted(CountingTasks):
        def map(self, work, context, items, note):
            for done in super().map(work, context, items, note):
                yield done
                if self.done == 4:
                    raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        predict_plan(candidate(cache=cache), plan, Silent(), Interrupted())
    tasks = CountingTasks()
    resumed = predict_plan(candidate(cache=cache), plan, Silent(), tasks)
    assert tasks.done == 13 - 4
    for one, other in zip(
        resumed.predictions, predict_plan(candidate(), plan, Silent(), LocalTasks()).predictions, strict=True
    ):
        np.testing.assert_array_equal(one, other)


def test_a_fusion_that_is_fitted_is_refused(candidate, folder):
    with pytest.raises(DysfwError, match="the fusion 'stacking' is fitted to patients") as caught:
        predict_plan(candidate("fusion={use: stacking}"), plan_of(folder), Silent(), CountingTasks())
    assert "fusion.use=mean" in caught.value.hint


@pytest.mark.slow
def test_a_backbone_is_fine_tuned_once_without_rare_conditions(candidate, folder, monkeypatch):
    from dysfw.training.finetune.tuner import Tuner

    seen = []
    tune = Tuner.tune
    monkeypatch.setattr(Tuner, "tune", lambda self, rows, progress: seen.append((self, rows)) or tune(self, rows, progress))
    plan = plan_of(folder)
    recipe = candidate("backbone={use: grey_backbone}", "tune={mode: full, epochs: 1, batch_size: 8}")
    made = predict_plan(recipe, plan, Silent(), CountingTasks())
    ((tuner, rows),) = seen
    assert {tuner.embedded.samples[n].label for n in rows} == {"red", "green"}
    assert len(rows) == 14
    assert np.isfinite(made.predictions[0][:, plan.candidates(plan.splits[0])]).all()


def test_another_machine_needs_the_same_software(candidate, folder):
    plan = plan_of(folder)
    work = GalleryWork(candidate().components.makers, None, (("numpy", "0.1"),))
    with pytest.raises(DysfwError, match="its software differs"):
        work.run(plan)
