import shutil
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from program import Programs

from dysfw.batch.run import Batch
from dysfw.batch.runner import BatchTask, Local, fingerprints_of
from dysfw.batch.shard import WHOLE
from dysfw.batch.source import Listing
from dysfw.data.read import read_dataset
from dysfw.inference.loading import open_pipeline
from dysfw.recipe.check import load_recipe
from dysfw.registry.registry import Registry, load_registry
from dysfw.training.train import train
from dysfw.util.progress import Silent

TESTS = Path(__file__).parents[1]
COLOURS = [(200, 40, 40), (40, 160, 40), (190, 170, 110)]


@dataclass
class Heard(Silent):
    notes: list[str] = field(default_factory=list)

    def note(self, text: str) -> None:
        self.notes.append(text)


@pytest.fixture
def heard() -> Heard:
    return Heard()


@pytest.fixture
def toys(monkeypatch) -> Registry:
    """The core's own components and the toys, installed as ``start`` has them."""
    monkeypatch.syspath_prepend(str(TESTS / "fixtures" / "toys_installed"))
    return load_registry(["builtin", "toys"])


@pytest.fixture
def bundle(toys, toy_recipe, colour_data, tmp_path) -> Path:
    train(load_recipe(toy_recipe, toys), read_dataset(colour_data), tmp_path / "bundle", Silent())
    return tmp_path / "bundle"


@pytest.fixture
def images(paint, tmp_path):
    """photographs(600): a folder of so many, in folders of 100, a dozen different ones, every 50th without a face."""

    def images(number: int) -> Path:
        folder = tmp_path / "images"
        made = [paint(f"made/{n}.png", COLOURS[n % 3], seed=n) for n in range(12)]
        dark = paint("made/dark.png", (0, 0, 0))
        for n in range(number):
            target = folder / f"{n // 100:03}" / f"{n:05}.png"
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(dark if n % 50 == 7 else made[n % 12], target)
        return folder

    return images


@pytest.fixture
def judge(toys, bundle, heard):
    """judge(source, output): the batch in this process, with the toys; what it returned."""

    def judge(
        source, output, *, shard=WHOLE, fresh=False, overrides=(), all_faces=False, region_probabilities=False, runner=None
    ):
        pipeline = open_pipeline(bundle, toys, overrides)
        task = BatchTask(bundle, tuple(overrides), None, all_faces, region_probabilities, fingerprints_of(pipeline))
        batch = Batch(task, pipeline, Listing(str(source)), shard, runner or Local(), heard, heard.note)
        return batch.run(output, fresh=fresh)

    return judge


@pytest.fixture
def start():
    """start("COMMAND", …): the program in a process of its own, in which the toys are installed."""
    programs = Programs()
    yield programs.start
    programs.end()
