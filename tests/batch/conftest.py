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
class RecordingProgress(Silent):
    notes: list[str] = field(default_factory=list)

    def note(self, text: str) -> None:
        self.notes.append(text)


@pytest.fixture
def progress() -> RecordingProgress:
    return RecordingProgress()


@pytest.fixture
def toys(monkeypatch) -> Registry:
    """The core's components and the toys, installed as in ``start``."""
    monkeypatch.syspath_prepend(str(TESTS / "fixtures" / "toys_installed"))
    return load_registry(["builtin", "toys"])


@pytest.fixture
def bundle(toys, toy_recipe, colour_data, tmp_path, trained_once) -> Path:
    def write() -> None:
        train(load_recipe(toy_recipe, toys), read_dataset(colour_data), tmp_path / "bundle", Silent())

    return trained_once("batch", tmp_path / "bundle", toy_recipe, colour_data, write)


@pytest.fixture
def images(paint, tmp_path):
    """images(600): a folder of 600 images in subfolders of 100, copies of twelve; every 50th has no face."""

    def images(number: int) -> Path:
        folder = tmp_path / "images"
        faces = [paint(f"made/{n}.png", COLOURS[n % 3], seed=n) for n in range(12)]
        dark = paint("made/dark.png", (0, 0, 0))
        for n in range(number):
            target = folder / f"{n // 100:03}" / f"{n:05}.png"
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(dark if n % 50 == 7 else faces[n % 12], target)
        return folder

    return images


@pytest.fixture
def run_batch(toys, bundle, progress):
    """run_batch(source, output): run a batch with the toys and return its summary."""

    def run_batch(
        source, output, *, shard=WHOLE, fresh=False, overrides=(), all_faces=False, region_probabilities=False, runner=None
    ):
        pipeline = open_pipeline(bundle, toys, overrides)
        task = BatchTask(bundle, tuple(overrides), None, all_faces, region_probabilities, fingerprints_of(pipeline))
        batch = Batch(task, pipeline, Listing(str(source)), shard, runner or Local(), progress, progress.note)
        return batch.run(output, fresh=fresh)

    return run_batch


@pytest.fixture
def start():
    """start("COMMAND", …): run dysfw in its own process, with the toys installed."""
    programs = Programs()
    yield programs.start
    programs.end()
