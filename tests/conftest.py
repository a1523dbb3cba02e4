import gc
import hashlib
import os
import shutil
from collections.abc import Callable
from importlib import metadata
from pathlib import Path

import numpy as np
import pytest
from layers import Layer, make_layer
from PIL import Image as Pillow

from dysfw.registry.host import load_plugins
from dysfw.registry.registry import Registry

os.environ.setdefault("MPLBACKEND", "agg")
if "PYTEST_XDIST_WORKER" in os.environ:  # the workers share the cores; threads of each would only compete
    os.environ.setdefault("OMP_NUM_THREADS", "1")
TOY_RECIPE = """\
version: 1
name: toy
device: cpu
precision: float32
detector: {use: centre}
segmenter: {use: toy_halves}
crop: {align: true, margin: 0.1, min_side: 0}
backbone: {use: mosaic}
head: {use: softmax, C: 0.1}
fusion: {use: mean}
"""
COLOURS = {"red": (200, 40, 40), "green": (40, 160, 40), "sand": (190, 170, 110)}


# The files that take minutes, the longest first.
LONGEST = (
    *("tests/docs/test_pages.py", "tests/privacy/test_no_leaks.py", "tests/privacy/test_disks.py"),
    *("tests/batch/test_ray.py", "tests/e2e/test_offline_install.py"),
)


def pytest_collection_modifyitems(items):
    """Start the longest files first when several workers share them, so that short ones fill the end and no worker waits."""
    if "PYTEST_XDIST_WORKER" not in os.environ:
        return

    def rank(item: pytest.Item) -> int:
        file = item.nodeid.partition("::")[0]
        return LONGEST.index(file) if file in LONGEST else len(LONGEST) + (item.get_closest_marker("slow") is None)

    items.sort(key=rank)


def pytest_collection_finish():
    """Exempt what all tests share (modules, tests) from garbage collection; going through it takes 0.4 s each time."""
    gc.collect()
    gc.freeze()


@pytest.fixture(autouse=True)
def no_outside_influence(monkeypatch, tmp_path_factory):
    monkeypatch.setenv("DYSFW_CACHE", str(tmp_path_factory.mktemp("cache")))
    for name in ("DYSFW_PLUGINS", "DYSFW_FETCH", "DYSFW_OFFLINE", "DYSFW_TRACEBACK"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture(scope="session")
def phantoms() -> Path:
    """48 synthetic faces of 7 classes, with a manifest that names patients."""
    return Path(__file__).parent / "fixtures" / "data" / "phantoms"


@pytest.fixture(scope="session")
def layer(tmp_path_factory):
    """layer(): a fresh environment on top of this one, to install into."""

    def layer(*, editables: bool = True) -> Layer:
        return make_layer(tmp_path_factory.mktemp("layer") / "venv", editables=editables)

    return layer


@pytest.fixture(scope="session")
def toys() -> Registry:
    """The core's own components and the toys."""
    points = [p for p in metadata.entry_points(group="dysfw") if p.name == "builtin"]
    return Registry(load_plugins(entry_points=[*points, metadata.EntryPoint("toys", "dysfw_toys.plugin", "dysfw")]))


@pytest.fixture
def toy_recipe(tmp_path) -> Path:
    path = tmp_path / "toy.yaml"
    path.write_text(TOY_RECIPE)
    return path


@pytest.fixture(scope="session")
def trained_once(tmp_path_factory):
    """trained_once("cli", bundle, recipe, data, train): the bundle, which train() writes, unless it has been trained before.

    Then it is a copy, which the test may change. The first word says who trains, since what is installed belongs to a bundle.
    """
    kept = tmp_path_factory.mktemp("kept")

    def trained_once(who: str, bundle: Path, recipe: Path, data: Path, train: Callable[[], object]) -> Path:
        digest = hashlib.sha256(recipe.read_bytes())
        for path in sorted(path for path in data.rglob("*") if path.is_file()):
            digest.update(str(path.relative_to(data)).encode() + path.read_bytes())
        known = kept / f"{who}-{digest.hexdigest()}"
        if known.exists():
            shutil.copytree(known, bundle)
        else:
            train()
            shutil.copytree(bundle, known)
        return bundle

    return trained_once


@pytest.fixture
def paint(tmp_path):
    """paint("a.png", (200, 40, 40), size=(64, 48)): a noisy image of one colour, and its path."""

    def paint(name: str, colour: tuple[int, int, int], size: tuple[int, int] = (64, 64), seed: int = 0) -> Path:
        rng = np.random.default_rng(seed)
        pixels = np.clip(np.array(colour) + rng.normal(0, 25, (size[1], size[0], 3)), 0, 255).astype(np.uint8)
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        Pillow.fromarray(pixels).save(path)
        return path

    return paint


@pytest.fixture
def colour_data(tmp_path, paint) -> Path:
    """Three classes that differ in colour, five patients each (the last for testing), two images a patient."""
    rows = ["path,label,patient,split"]
    for k, (label, colour) in enumerate(COLOURS.items()):
        for patient in range(5):
            for image in range(2):
                number = patient * 2 + image
                paint(f"data/{label}/{number}.png", colour, seed=100 * k + number)  # images with the same noise are near copies
                split = "test" if patient == 4 else "train"
                rows.append(f"{label}/{number}.png,{label},{label}-{patient},{split}")
    (tmp_path / "data" / "manifest.csv").write_text("\n".join(rows) + "\n")
    return tmp_path / "data"
