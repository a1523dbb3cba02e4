import numpy as np
import pytest
from PIL import Image as Pillow

from dysfw.data.read import read_dataset
from dysfw.inference.build import build
from dysfw.recipe.check import load_recipe
from dysfw.training.finetune import region_frames as module
from dysfw.training.finetune.region_frames import StopRequested, find_region_frames
from dysfw.util.progress import Silent


@pytest.fixture
def find(recipe, registry, identities, tmp_path, monkeypatch):
    """find("crop.margin=0.1"): the frames and the number of images that the detector saw."""
    monkeypatch.setattr(module, "PART_SIZE", 10)
    folder = tmp_path / "work"
    folder.mkdir()

    def find(*sets, **options):
        loaded = load_recipe(recipe, registry, sets)
        components = build(loaded)
        shown = []
        detect = components.detector.detect
        monkeypatch.setattr(components.detector, "detect", lambda images: shown.extend(images) or detect(images))
        return find_region_frames(loaded, components, read_dataset(identities).samples, folder, Silent(), **options), len(shown)

    return find


def test_stored_frames_are_reused(find):
    first, shown = find()
    again, shown_again = find()
    assert (shown, shown_again) == (24, 0)
    assert np.array_equal(first.frames, again.frames)
    assert first.fingerprint == again.fingerprint


def test_the_number_of_faces_is_kept(find):
    for _ in ("found", "stored"):
        assert find("detector.faces=2")[0].faces == (2,) * 24


def test_an_interruption_loses_at_most_one_part(find):
    calls = iter(range(1000))
    with pytest.raises(StopRequested):
        find(should_stop=lambda: next(calls) == 14)
    _, shown = find()
    assert shown == 14


@pytest.mark.parametrize("change", ["crop.margin=0.1", "detector.faces=2", "seed=8"])
def test_other_settings_recompute_the_frames(find, change):
    find()
    assert find(change)[1] == 24


def test_a_changed_image_is_processed_again(find, identities):
    find()
    Pillow.fromarray(np.full((80, 80, 3), 90, np.uint8)).save(next(identities.rglob("*.png")))
    assert find()[1] in (4, 10)


def test_a_damaged_part_is_computed_again(find, tmp_path):
    first, _ = find()
    part = tmp_path / "work" / "frames-00001.safetensors"
    content = bytearray(part.read_bytes())
    content[-100] ^= 255
    part.write_bytes(content)
    again, shown = find()
    assert shown == 10
    assert np.array_equal(first.frames, again.frames)


def test_unusable_images_are_reported(find, identities):
    dark = sorted(identities.rglob("*.png"))[3]
    Pillow.fromarray(np.zeros((64, 64, 3), np.uint8)).save(dark)
    broken = sorted(identities.rglob("*.png"))[7]
    broken.write_bytes(b"no image")
    region_frames, _ = find()
    assert len(region_frames.samples) == len(region_frames.frames) == 22
    assert {(f.source, f.code) for f in region_frames.failures} == {(str(dark), "no_face"), (str(broken), "not_an_image")}
    assert find()[0].failures == region_frames.failures
