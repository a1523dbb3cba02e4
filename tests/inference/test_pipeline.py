import numpy as np
import pytest

from dysfw.errors import DysfwError
from dysfw.inference.build import build
from dysfw.inference.pipeline import Pipeline
from dysfw.recipe.check import load_recipe
from dysfw.recipe.problems import RecipeError
from dysfw.types import FaceEmbedding, Failure

BLUE, RED, BLACK = (20, 20, 230), (200, 40, 40), (0, 0, 0)


@pytest.fixture
def pipeline_of(toys, toy_recipe):
    def make(*overrides: str) -> Pipeline:
        recipe = load_recipe(toy_recipe, toys, overrides)
        return Pipeline(recipe, build(recipe))

    return make


def codes(results):
    return [r.code if isinstance(r, Failure) else "ok" for r in results]


def test_results_and_failures_are_in_the_order_of_the_images(pipeline_of, paint, tmp_path):
    text = tmp_path / "text.jpg"
    text.write_text("not an image")
    images = [paint("a.png", RED), text, paint("dark.png", BLACK), tmp_path / "none.png", paint("b.png", RED, seed=1), tmp_path]
    results = list(pipeline_of().embed(images))
    assert codes(results) == ["ok", "not_an_image", "no_face", "missing_file", "ok", "is_a_folder"]
    sources = [r.source if isinstance(r, Failure) else r.image.source for r in results]
    assert sources == [str(path) for path in images]


def test_a_detector_that_crashes_on_one_image_fails_only_that_image(pipeline_of, paint):
    images = [paint(f"{n}.png", BLUE if n == 3 else RED, seed=n) for n in range(7)]
    results = list(pipeline_of("detector.use=crash_on_blue").embed(images))
    assert codes(results) == ["ok"] * 3 + ["component_failed"] + ["ok"] * 3
    assert "the detector failed on this image: RuntimeError: blue images are not supported" in results[3].message


def test_an_embedding_with_nan_fails_only_its_image(pipeline_of, paint):
    images = [paint("a.png", RED), paint("b.png", BLUE), paint("c.png", RED, seed=2)]
    results = list(pipeline_of("backbone.use=nan_on_blue").embed(images))
    assert codes(results) == ["ok", "not_finite", "ok"]


def test_a_backbone_that_breaks_its_contract_is_an_error(pipeline_of, paint):
    with pytest.raises(DysfwError, match=r"the backbone broke its contract: float32 \[2, 5\] instead of float32 \[2, 48\]"):
        list(pipeline_of("backbone.use=wrong_shape").embed([paint("a.png", RED)]))


def test_embeddings_do_not_depend_on_the_batch(pipeline_of, paint):
    images = [paint(f"{n}.png", RED, size=(48 + n, 80), seed=n) for n in range(20)]
    together = [r.embeddings for r in pipeline_of().embed(images)]
    alone = [next(iter(pipeline_of().embed([image]))).embeddings for image in images]
    np.testing.assert_array_equal(together, alone)


def test_all_crops_of_a_batch_are_embedded_together(pipeline_of, paint):
    pipeline = pipeline_of()
    pipeline.components.backbone.batches.clear()
    list(pipeline.embed([paint(f"{n}.png", RED, seed=n) for n in range(20)]))
    assert pipeline.components.backbone.batches == [32, 8]  # 16 images and 4, two regions each


def test_images_are_read_only_a_few_batches_ahead(pipeline_of, paint, monkeypatch):
    image = paint("a.png", RED)
    read = 0

    def endless():
        nonlocal read
        while True:
            read += 1
            yield image

    results = pipeline_of().embed(endless())
    next(results)
    results.close()
    assert read <= 16 * 8  # a batch in each stage and queue, and what is read ahead


def test_batches_are_bounded_in_pixels(paint, monkeypatch):
    from dysfw.inference import batches as module

    monkeypatch.setattr(module, "BATCH_PIXELS", 64 * 64 * 3)
    sizes = [len(batch) for batch in module.decoded_batches([paint(f"{n}.png", RED, seed=n) for n in range(8)])]
    assert sizes == [3, 3, 2]


def test_absent_regions_are_marked_and_reported(pipeline_of, paint):
    wide, high = paint("wide.png", RED, size=(96, 48)), paint("high.png", RED, size=(48, 96))
    first, second = pipeline_of("segmenter.drop=lower").embed([wide, high])
    assert first.present.tolist() == [True, False]
    assert second.present.tolist() == [True, True]
    assert [n.message for n in first.notices if n.code == "absent_region"] == ["not used: lower (turned away)"]


def test_a_face_without_any_region_fails_with_the_reasons(pipeline_of, paint):
    (result,) = pipeline_of("segmenter.drop=both").embed([paint("wide.png", RED, size=(96, 48))])
    assert (result.code, result.message) == ("no_region", "a face was found, but none of its regions (turned away)")


@pytest.mark.parametrize(
    ("choose", "all_faces", "indices"),
    [
        ("none", False, [0]),
        ("last", False, [2]),
        ("all", False, [0, 1, 2]),
        ("none", True, [0, 1, 2]),
        ("last", True, [0, 1, 2]),
    ],
)
def test_the_chosen_face_is_used_or_the_first_or_all(pipeline_of, paint, choose, all_faces, indices):
    pipeline = pipeline_of("detector.faces=3", f"detector.choose={choose}")
    results = list(pipeline.embed([paint("a.png", RED, size=(120, 60))], all_faces=all_faces))
    assert [r.index for r in results] == indices
    assert all(isinstance(r, FaceEmbedding) and r.faces == 3 for r in results)
    warned = any(n.code == "several_faces" for r in results for n in r.notices)
    assert warned == (not all_faces)


def test_every_stage_is_timed(pipeline_of, paint):
    (result,) = pipeline_of().embed([paint("a.png", RED)])
    assert list(result.timings_ms) == ["decode", "detect", "segment", "crop", "embed"]
    assert all(value > 0 for value in result.timings_ms.values())


def test_an_untrained_pipeline_does_not_predict(pipeline_of, paint):
    with pytest.raises(DysfwError, match="is not trained"):
        next(pipeline_of().predict([paint("a.png", RED)]))


@pytest.mark.parametrize(
    ("override", "where", "message"),
    [
        ("detector.faces=0", "--set detector.faces=0: detector", "faces must be 1 or more, found 0"),
        ("crop.size=33", "--set crop.size=33: crop.size", "crops of 33 px cannot be divided into 4 tiles"),
        ("device=cuda:7", "--set device=cuda:7: device", "cuda:7 is not available"),
    ],
)
def test_errors_of_constructors_name_the_place_in_the_recipe(pipeline_of, override, where, message):
    with pytest.raises(RecipeError) as caught:
        pipeline_of(override)
    assert message in caught.value.message
    if "faces" not in override:
        assert where in caught.value.message
