"""The stage cache: results are reused if nothing that shapes them has changed."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from dysfw.cache.store import StageCache
from dysfw.inference import fingerprints
from dysfw.inference.build import build
from dysfw.inference.pipeline import Pipeline
from dysfw.recipe.check import load_recipe
from dysfw.types import FaceEmbedding, Failure

RED, BLACK = (200, 40, 40), (0, 0, 0)


@pytest.fixture
def cache(tmp_path):
    warnings = []
    cache = StageCache(tmp_path / "stages", 2**30, warnings.append)
    yield cache
    cache.close()
    assert warnings == []


def counting(real, name, inputs):
    def counted(first, *rest):
        inputs[name] = inputs.get(name, 0) + len(first)
        return real(first, *rest)

    return counted


@pytest.fixture
def work(toys, toy_recipe, cache, monkeypatch):
    """work(images, "crop.margin=0.2"): results, and the number of inputs of each component that was called."""

    def work(images, *overrides: str, pixels: bool = False):
        recipe = load_recipe(toy_recipe, toys, overrides)
        components, inputs = build(recipe), {}
        for part, name in ((components.detector, "detect"), (components.segmenter, "segment"), (components.backbone, "embed")):
            setattr(part, name, counting(getattr(part, name), name, inputs))
        return list(Pipeline(recipe, components, cache=cache).embed(images, pixels=pixels)), inputs

    return work


@pytest.fixture
def images(paint):
    return [paint(f"{n}.png", RED, size=(48 + n, 80), seed=n) for n in range(5)]


def same(first, second) -> bool:
    return all(
        np.array_equal(a.embeddings, b.embeddings)
        and np.array_equal(a.face.box, b.face.box)
        and a.image == b.image
        and a.notices == b.notices
        and (a.sharpness, a.index, a.faces) == (b.sharpness, b.index, b.faces)
        and [r.polygon.tolist() for r in a.segmentation.regions] == [r.polygon.tolist() for r in b.segmentation.regions]
        for a, b in zip(first, second, strict=True)
    )


def test_cached_results_are_reused_and_equal(work, images):
    first, inputs = work(images)
    assert inputs == {"detect": 5, "segment": 5, "embed": 10}
    second, inputs = work(images)
    assert inputs == {}
    assert same(first, second)
    assert set(second[0].timings_ms) == {"decode"}


def test_cached_images_are_not_decoded(work, images, monkeypatch):
    first, _ = work(images)

    def never(*_):
        raise AssertionError

    monkeypatch.setattr("dysfw.inference.embedder.decode_image", never)
    assert same(first, work(images)[0])


def test_pixels_are_decoded_if_requested(work, images):
    work(images)
    results, inputs = work(images, pixels=True)
    assert inputs == {}
    assert [r.decoded_image.pixels.shape for r in results] == [(80, 48 + n, 3) for n in range(5)]


@pytest.mark.parametrize(
    ("override", "again"),
    [
        ("head.C=3", {}),
        ("fusion.use=median", {}),
        ("name=other", {}),
        ("crop.margin=0.3", {"embed": 10}),
        ("backbone.salt=x", {"embed": 10}),
        ("backbone.tiles=2", {"embed": 10}),
        ("segmenter.drop=upper", {"segment": 5, "embed": 10}),
        ("harmonise.face=48", {"segment": 5, "embed": 10}),
        ("detector.faces=2", {"detect": 5, "segment": 5, "embed": 10}),
    ],
)
def test_a_change_recomputes_only_what_depends_on_it(work, images, override, again):
    work(images)
    results, inputs = work(images, override)
    assert inputs == again
    if again:
        assert same(results, work(images, override)[0])


def test_changed_code_of_a_component_is_recomputed(work, images, tmp_path, monkeypatch):
    work(images)
    fingerprints.source_hash.cache_clear()
    monkeypatch.setattr(fingerprints, "sha256_of", lambda path: f"changed {path.name}")
    assert work(images)[1] == {"detect": 5, "segment": 5, "embed": 10}
    fingerprints.source_hash.cache_clear()


def test_a_detector_that_is_not_cacheable_is_called_again(work, images, toys, monkeypatch):
    from dysfw_toys.components import Centre

    monkeypatch.setattr(Centre, "cacheable", False)
    work(images)
    assert work(images)[1] == {"detect": 5}  # the same faces: their regions and embeddings are known


def test_a_renamed_image_is_found_in_the_cache(work, images, tmp_path):
    work(images)
    moved = images[0].rename(tmp_path / "moved.png")
    (result,), inputs = work([moved])
    assert inputs == {}
    assert result.image.source == str(moved)


def test_only_new_images_are_computed_and_the_order_is_kept(work, images):
    alone = work([images[2], images[4]])[0]
    results, inputs = work(images)
    assert inputs == {"detect": 3, "segment": 3, "embed": 6}
    assert [Path(r.image.source).name for r in results] == [f"{n}.png" for n in range(5)]
    assert same([results[2], results[4]], alone)


def test_images_without_a_face_are_cached_but_failures_of_components_are_not(work, paint):
    dark, blue = paint("dark.png", BLACK), paint("blue.png", (20, 20, 230))
    for expected in ({"detect": 1}, {}):
        (result,), inputs = work([dark])
        assert isinstance(result, Failure)
        assert (result.code, inputs) == ("no_face", expected)
    for _ in range(2):
        (result,), inputs = work([blue], "detector.use=crash_on_blue")
        assert result.code == "component_failed"
        assert inputs == {"detect": 1}


def test_several_faces_of_an_image_are_cached(work, images):
    first, _ = work(images, "detector.faces=3", "detector.choose=all")
    second, inputs = work(images, "detector.faces=3", "detector.choose=all")
    assert len(first) == 15
    assert inputs == {}
    assert same(first, second)


def test_a_damaged_entry_is_recomputed(toys, toy_recipe, images, tmp_path):
    warnings = []

    def once() -> list[FaceEmbedding]:
        cache = StageCache(tmp_path / "own", 2**30, warnings.append)
        recipe = load_recipe(toy_recipe, toys)
        results = list(Pipeline(recipe, build(recipe), cache=cache).embed(images))
        if not warnings:
            cache._file.execute("UPDATE entries SET value = substr(value, 1, 40) WHERE stage = 'embeddings'")
        cache.close()
        return results

    first = once()
    assert same(first, [replace(r) for r in once()])
    assert warnings == [f"5 damaged entries in {tmp_path / 'own'} had to be computed again"]
