"""A training that is interrupted resumes, and a bundle that cannot be written is not lost."""

import errno
import shutil
from pathlib import Path

import numpy as np
import pytest

from dysfw.bundle.read import read_bundle
from dysfw.cache.store import StageCache
from dysfw.data.read import read_dataset
from dysfw.errors import DysfwError
from dysfw.recipe.check import load_recipe
from dysfw.training import fit, fit_cache
from dysfw.training import train as training
from dysfw.training.fit_cache import DISTANCES
from dysfw.training.fit_cache import HEADS as FITTED
from dysfw.training.train import train
from dysfw.util import workers
from dysfw.util.progress import Silent

pytestmark = pytest.mark.slow

HEADS = 2 * 4  # regions and folds: four patients of each condition are trained on
ENTRIES = {FITTED: HEADS + 2, DISTANCES: 4}  # with the final heads; and of each fold


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
def trained(toys, toy_recipe, colour_data, cache, monkeypatch):
    """trained("name", "head.C=2"): train with the cache; returns the hash of the fitted state, and the notes."""
    monkeypatch.setattr(workers, "usable_processors", lambda: 1)  # the fits are counted in this process

    def run(name: str, *overrides: str, kept=cache):
        recipe, progress = load_recipe(toy_recipe, toys, ["head={use: softmax}", *overrides]), Notes()
        result = train(recipe, read_dataset(colour_data), toy_recipe.parent / name, progress, cache=kept)
        return result.manifest.files["state.safetensors"], progress.notes

    return run


@pytest.fixture
def fits(monkeypatch):
    """The regions of all heads that are fitted; the fifth fit is interrupted if `interrupt` is called."""

    class Fits(list):
        stop_at = None

    head, seen = fit.Fitting.head, Fits()

    def counted(self, r, rows):
        seen.append(r)
        if len(seen) == seen.stop_at:
            raise KeyboardInterrupt
        return head(self, r, rows)

    monkeypatch.setattr(fit.Fitting, "head", counted)
    return seen


@pytest.mark.parametrize("stop_at", [5, HEADS, HEADS + 2], ids=["in the middle", "at the last of the folds", "at the last"])
def test_an_interrupted_training_resumes_with_the_same_bundle(trained, fits, cache, stop_at):
    whole, _ = trained("whole", kept=None)
    assert len(fits) == HEADS + 2
    fits.clear()
    fits.stop_at = stop_at
    with pytest.raises(KeyboardInterrupt):
        trained("interrupted")
    fits.clear()
    fits.stop_at = None
    resumed, notes = trained("resumed")
    assert len(fits) == HEADS + 2 - (stop_at - 1)
    assert f"{min(stop_at - 1, HEADS)} heads of {HEADS} known from an earlier training" in notes
    assert resumed == whole
    fits.clear()
    assert trained("again")[0] == whole
    assert not fits
    assert cache.contents().entries.items() >= ENTRIES.items()


@pytest.mark.parametrize(
    ("change", "same"),
    [("head.C=2", False), ("seed=1", False), ("fusion={use: median}", True), ("reliability.coverage=0.8", True)],
)
def test_heads_are_shared_only_if_everything_that_shapes_them_is_the_same(trained, fits, change, same):
    trained("first")
    fits.clear()
    trained("second", change)
    assert bool(fits) is not same


def test_another_patient_or_image_fits_anew(trained, fits, colour_data, paint):
    trained("first")
    manifest = colour_data / "manifest.csv"
    manifest.write_text(manifest.read_text().replace("red/0.png,red,red-0", "red/0.png,red,red-other"))
    fits.clear()
    trained("second")
    assert len(fits) >= HEADS
    paint("data/red/0.png", (10, 200, 40), seed=1)
    fits.clear()
    trained("third")
    assert len(fits) >= HEADS


def test_a_damaged_entry_is_fitted_again(trained, monkeypatch):
    before, _ = trained("before")

    def damaged(_: bytes) -> None:
        raise ValueError("damaged")

    monkeypatch.setattr(fit_cache, "deserialize", damaged)
    assert trained("after")[0] == before


def full(folder: Path):
    """A function that writes bundles, onto a disk that is full if they are to be in a folder."""
    write_bundle = training.write_bundle

    def write(target, **parts):
        if target.parent == folder:
            raise DysfwError(f"cannot write {target}: {OSError(errno.ENOSPC, 'No space left on device').strerror}")
        return write_bundle(target, **parts)

    return write


def test_if_the_disk_is_full_the_bundle_is_written_elsewhere(toys, trained, tmp_path, monkeypatch):
    monkeypatch.setattr(training, "write_bundle", full(tmp_path))
    with pytest.raises(DysfwError, match="No space left on device") as caught:
        trained("full")
    place = Path(caught.value.hint.partition("complete in ")[2].partition(";")[0])
    monkeypatch.undo()
    try:
        written = read_bundle(place, toys)
        assert set(written.manifest.labels) == {"green", "red", "sand"}
        assert np.isfinite(written.fitted.out_of_fold.probabilities).all()
    finally:
        shutil.rmtree(place.parent)


def test_if_every_disk_is_full_the_same_command_needs_no_fit(trained, fits, monkeypatch):
    def nowhere(*_: object, **__: object) -> None:
        raise DysfwError("cannot write: No space left on device")

    with monkeypatch.context() as patched:
        patched.setattr(training, "write_bundle", nowhere)
        with pytest.raises(DysfwError) as caught:
            trained("full")
    assert "run the same command again: fitted heads are in the cache" in caught.value.hint
    fits.clear()
    trained("full")
    assert not fits
