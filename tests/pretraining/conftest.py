from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image as Pillow
from program import Programs

from dysfw.data.read import read_dataset
from dysfw.pretraining.backbone_file import WeightsInfo
from dysfw.pretraining.pretrain import pretrain
from dysfw.recipe.check import load_recipe
from dysfw.registry.registry import Registry, load_registry
from dysfw.util.progress import Silent

TESTS = Path(__file__).parents[1]
DEFAULT_INFO = WeightsInfo()
RECIPE = """\
version: 1
name: small
device: cpu
seed: 3
detector: {use: centre}
segmenter: {use: toy_halves}
crop: {align: true, margin: 0, min_side: 0.3}
backbone: {use: timm, model: mobilenetv3_small_050, weights: random, size: 32}
head: {use: softmax}
fusion: {use: mean}
pretrain:
  steps: 12
  batch_size: 8
  embedding_dim: 16
  scale: 16
  learning_rate: 3e-3
  sizes: [[0, 32], [0.5, 48]]
  depth: [[0, 0.3], [1, 1]]
  checkpoint_interval: 0.001
"""


@pytest.fixture
def recipe(tmp_path) -> Path:
    path = tmp_path / "small.yaml"
    path.write_text(RECIPE)
    return path


def draw_identity(person: int, image: int, side: int = 64) -> np.ndarray:
    """Draw uint8 [side, side, 3]: a pattern that depends on the person, in light and noise that depend on the image."""
    person_rng, rng = np.random.default_rng(person), np.random.default_rng([person, image])
    pattern = person_rng.integers(0, 256, (4, 4, 3)).astype(np.uint8)
    big = np.asarray(Pillow.fromarray(pattern).resize((side, side), Pillow.Resampling.BICUBIC), np.float32)
    return np.clip(big * rng.uniform(0.8, 1.2) + rng.normal(0, 10, big.shape) + 5, 0, 255).astype(np.uint8)


def draw_identities(folder: Path, persons: range) -> Path:
    """Draw four images of each person, laid out as in CASIA-WebFace and LFW."""
    for person in persons:
        for image in range(4):
            path = folder / f"person_{person}" / f"person_{person}_{image + 1:04}.png"
            path.parent.mkdir(parents=True, exist_ok=True)
            Pillow.fromarray(draw_identity(person, image)).save(path)
    return folder


@pytest.fixture
def identities(tmp_path) -> Path:
    """Six people with four images each."""
    return draw_identities(tmp_path / "identities", range(6))


@pytest.fixture
def start():
    """start("COMMAND", …): the program in its own process, with the toys installed."""
    programs = Programs()
    yield programs.start
    programs.end()


@pytest.fixture
def registry(monkeypatch) -> Registry:
    """The built-in components, timm and the toys, as for ``start``."""
    monkeypatch.syspath_prepend(str(TESTS / "fixtures" / "toys_installed"))
    return load_registry(["builtin", "timm", "toys"])


@dataclass
class RecordedProgress(Silent):
    """A progress display that records the notes."""

    notes: list[str] = field(default_factory=list)

    def note(self, text):
        self.notes.append(text)


@pytest.fixture
def progress() -> RecordedProgress:
    return RecordedProgress()


@pytest.fixture
def train_here(recipe, identities, registry, progress):
    """train_here(weights, "pretrain.steps=3"): in this process, with one thread as in those of ``start``."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)

    def train_here(weights: Path, *sets: str, data: Path = identities, info=DEFAULT_INFO, **options):
        return pretrain(load_recipe(recipe, registry, sets), read_dataset(data), weights, progress, info=info, **options)

    yield train_here
    torch.set_num_threads(threads)
