"""The crops of pretraining: cut as by the pipeline, augmented by seed and number, with their ground truth."""

import numpy as np
import pyarrow as pa
import pytest
from PIL import Image as Pillow
from pyarrow import parquet

from dysfw.data.read import read_dataset
from dysfw.decoding.decode import read_image
from dysfw.errors import DysfwError
from dysfw.imaging.crop import crop_region
from dysfw.imaging.geometry import inverse, transform
from dysfw.inference.build import build
from dysfw.inference.embedder import on_grid
from dysfw.pretraining.ground_truth import GroundTruth, empty_ground_truth, read_ground_truth
from dysfw.pretraining.samples import Samples
from dysfw.recipe.check import load_recipe
from dysfw.recipe.sections import Augment
from dysfw.training.finetune.augment import IDENTITY, at_size, augment_pixels, compose, mirror_indices, random_transform
from dysfw.training.finetune.region_frames import find_region_frames
from dysfw.util.progress import Silent

STILL = Augment(rotation=0, scale=0, shift=0, colour=0, blur=0, flip=False)


@pytest.fixture
def opened(recipe, registry):
    loaded = load_recipe(recipe, registry)
    return loaded, build(loaded)


@pytest.fixture
def region_frames(opened, identities, tmp_path):
    folder = tmp_path / "work"
    folder.mkdir()
    return find_region_frames(*opened, read_dataset(identities).samples, folder, Silent())


@pytest.fixture
def samples(opened, region_frames):
    regions = opened[1].segmenter.regions
    return Samples(region_frames, regions, regions, empty_ground_truth(len(region_frames.samples)), seed=5)


def test_a_plain_crop_equals_that_of_the_pipeline(opened, region_frames, samples):
    loaded, components = opened
    batch = samples.batch(np.arange(8), 40, None)
    image = read_image(region_frames.samples[9].path)
    face = on_grid(components.detector.detect([image])[0][0])
    region = components.segmenter.segment([image], [face])[0].regions[1]
    expected = crop_region(image, face, region, loaded.crop, 40)
    number = next(n for n in range(48) if list(samples._pairs[samples._order(0)[n]]) == [9, 1])
    found = samples.batch(np.array([number]), 40, None)
    assert np.array_equal(found.pixels[0], expected)
    assert found.region[0] == 1
    assert region_frames.samples[9].label == sorted({i.label for i in region_frames.samples})[found.identity[0]]
    assert batch.pixels.shape == (8, 40, 40, 3)
    assert np.array_equal(samples.batch(np.array([number]), 40, STILL).pixels[0], expected)


def test_an_epoch_contains_every_crop_once(samples):
    pairs = [samples._pairs[samples._order(0)[n]].tolist() for n in range(48)]
    assert sorted(pairs) == [[image, region] for image in range(24) for region in range(2)]
    assert samples._order(0).tolist() != samples._order(1).tolist()


def test_a_sample_depends_on_seed_and_number_only(opened, region_frames, samples):
    whole = samples.batch(np.arange(40, 60), 32, Augment())
    for number in (59, 41):
        alone = samples.batch(np.array([number]), 32, Augment())
        assert np.array_equal(alone.pixels[0], whole.pixels[number - 40])
    regions = opened[1].segmenter.regions
    other = Samples(region_frames, regions, regions, empty_ground_truth(24), seed=6)
    assert not np.array_equal(other.batch(np.arange(40, 60), 32, Augment()).pixels, whole.pixels)


def test_only_chosen_regions_are_sampled(opened, region_frames):
    regions = opened[1].segmenter.regions
    samples = Samples(region_frames, regions, ["lower"], empty_ground_truth(24), seed=5)
    assert len(samples) == 24
    assert set(samples.batch(np.arange(24), 32, None).region) == {regions.index("lower")}


def test_a_changed_image_is_refused(region_frames, samples):
    for sample in region_frames.samples:
        Pillow.fromarray(np.full((64, 64, 3), 90, np.uint8)).save(sample.path)
    with pytest.raises(DysfwError, match="has changed since"):
        samples.batch(np.arange(4), 32, None)


@pytest.mark.parametrize("seed", range(20))
def test_random_transforms_stay_within_bounds(seed):
    augment = Augment(rotation=10, scale=0.2, shift=0.1)
    change, mirrored = random_transform(augment, np.random.default_rng(seed))
    linear = change[:, :2] @ np.diag([-1 if mirrored else 1, 1])
    scale = np.sqrt(np.linalg.det(linear))
    assert 1 / 1.2 <= scale <= 1.2
    assert abs(np.degrees(np.arctan2(linear[1, 0], linear[0, 0]))) <= 10
    assert (abs(transform(change, [0.5, 0.5]) - 0.5) <= 0.1 + 1e-6).all()


def test_half_of_all_crops_are_mirrored():
    found = [random_transform(Augment(), np.random.default_rng(seed))[1] for seed in range(400)]
    assert np.mean(found) == pytest.approx(0.5, abs=0.07)


def test_mirror_indices_pair_right_with_left():
    assert mirror_indices(["eye_right", "nose", "eye_left", "left brow", "right brow"]).tolist() == [2, 1, 0, 4, 3]
    assert mirror_indices(["bright", "cleft"]).tolist() == [0, 1]
    assert mirror_indices(["eye_right", "nose"]) is None


def test_pixels_change_with_the_strength_of_the_augmentation():
    pixels = np.random.default_rng(0).integers(0, 256, (24, 24, 3)).astype(np.uint8)
    assert np.array_equal(augment_pixels(pixels, STILL, np.random.default_rng(0)), pixels)
    some = [augment_pixels(pixels, Augment(colour=0.1, blur=0), np.random.default_rng(s)) for s in range(20)]
    much = [augment_pixels(pixels, Augment(colour=1, blur=0), np.random.default_rng(s)) for s in range(20)]
    change = [np.mean([np.abs(c.astype(int) - pixels).mean() for c in changed]) for changed in (some, much)]
    assert 0 < change[0] < change[1] / 3
    blurred = augment_pixels(pixels, Augment(colour=0, blur=1), np.random.default_rng(1))
    assert np.abs(np.diff(blurred.astype(int), axis=0)).mean() < np.abs(np.diff(pixels.astype(int), axis=0)).mean()


# ground truth


def write_truth(folder, paths, **columns):
    (folder / "manifest.csv").write_text("path,label\n" + "".join(f"{p},{p.split('/')[0]}\n" for p in paths))
    parquet.write_table(pa.table({"path": paths} | columns), folder / "truth.parquet")


@pytest.fixture
def dotted(tmp_path, opened):
    """Two people with a white dot on the subject's right and a black one on the left, and their positions as ground truth."""
    rows = {
        "path": [],
        "landmark:dot_right:x": [],
        "landmark:dot_right:y": [],
        "landmark:dot_left:x": [],
        "landmark:dot_left:y": [],
    }
    data = tmp_path / "dotted"
    for n in range(6):
        rng = np.random.default_rng(n)
        name = f"person_{n % 2}/{n}.png"
        (data / name).parent.mkdir(parents=True, exist_ok=True)
        pixels = np.full((96, 96, 3), 120, np.uint8)
        rows["path"].append(name)
        for side, low, value in (("right", 25, 255), ("left", 60, 0)):
            x, y = (int(v) for v in rng.integers([low, 20], [low + 12, 76]))
            pixels[y - 2 : y + 3, x - 2 : x + 3] = value
            rows[f"landmark:dot_{side}:x"].append(x + 0.5)
            rows[f"landmark:dot_{side}:y"].append(y + 0.5)
        Pillow.fromarray(pixels).save(data / name)
    paths = rows.pop("path")
    write_truth(data, paths, **rows, **{"attribute:skew_left": list(range(6)), "attribute:skew_right": [5, 4, 3, 2, 1, 0]})
    dataset = read_dataset(data)
    folder = tmp_path / "work-dotted"
    folder.mkdir()
    region_frames = find_region_frames(*opened, dataset.samples, folder, Silent())
    truth = read_ground_truth(dataset.origin, [i.path for i in region_frames.samples], attributes=True, landmarks=True)
    regions = opened[1].segmenter.regions
    return Samples(region_frames, regions, regions, truth, seed=1)


def test_landmarks_follow_every_augmentation_and_change_sides_when_mirrored(dotted):
    augment = Augment(rotation=20, scale=0.2, shift=0.1, colour=0, blur=0)
    batch = dotted.batch(np.arange(60), 96, augment)
    right, left = (dotted.truth.landmark_names.index(f"dot_{side}") for side in ("right", "left"))
    seen, mirrored = 0, 0
    for pixels, points in zip(batch.pixels, batch.landmarks, strict=True):
        inside = ((points > 0.05) & (points < 0.95)).all()
        if not inside:
            continue
        colours = [int(pixels[tuple((points[which] * 96).astype(int)[::-1])].mean()) for which in (right, left)]
        seen += 1
        mirrored += colours == [min(colours), max(colours)]
        assert sorted(colours)[0] < 60
        assert sorted(colours)[1] > 200
        # the subject's right is left in the crop, mirrored or not
        assert points[right][0] < points[left][0] + 0.3
    assert seen > 20
    assert 0 < mirrored < seen


def test_mean_landmarks_are_those_of_plain_crops(dotted):
    batch = dotted.batch(np.arange(len(dotted)), 32, None)
    for region, mean in enumerate(dotted.mean_landmarks()):
        assert mean == pytest.approx(batch.landmarks[batch.region == region].mean(axis=0), abs=1e-5)


def test_unknown_landmarks_have_their_mean_in_the_centre(samples):
    assert samples.mean_landmarks().shape == (len(samples.region_frames.present[0]), 0, 2)
    samples.truth = GroundTruth((), np.zeros((24, 0), np.float32), ("tip",), np.full((24, 1, 2), np.nan, np.float32))
    assert np.all(samples.mean_landmarks() == 0.5)


def test_attributes_change_sides_when_mirrored(dotted):
    batch = dotted.batch(np.arange(40), 32, Augment(colour=0, blur=0))
    pairs = {tuple(np.round(row, 3)) for row in batch.attributes}
    standard = dotted.truth.attributes
    plain = {tuple(np.round(row, 3)) for row in standard}
    assert pairs == plain | {row[::-1] for row in plain}


def test_attributes_are_standardised_and_missing_ones_stay_unknown(tmp_path):
    paths = ["a/1.png", "a/2.png", "b/1.png", "b/2.png"]
    write_truth(tmp_path, paths, **{"attribute:a": [1.0, 3.0, np.nan, 5.0], "attribute:constant": [2.0] * 4})
    truth = read_ground_truth(
        tmp_path, [tmp_path / p for p in paths[:3]] + [tmp_path / "c/1.png"], attributes=True, landmarks=False
    )
    assert truth.attributes[:, 0] == pytest.approx([-1, 1, np.nan, np.nan], nan_ok=True)
    assert truth.attributes[:2, 1].tolist() == [0, 0]
    assert truth.landmarks.shape == (4, 0, 2)


@pytest.mark.parametrize(
    ("columns", "message"),
    [
        ({"landmark:a:x": [1.0]}, "no column landmark:a:y"),
        ({"attribute:a": [1.0]}, "no columns for pretrain.landmarks"),
        ({"landmark:a:x": ["one"], "landmark:a:y": [1.0]}, "do not contain numbers: landmark:a:x"),
    ],
)
def test_missing_columns_are_reported(tmp_path, columns, message):
    write_truth(tmp_path, ["a/1.png"], **columns)
    with pytest.raises(DysfwError, match=message) as refused:
        read_ground_truth(tmp_path, [tmp_path / "a/1.png"], attributes="attribute:a" in columns, landmarks=True)
    assert "truth.parquet" in str(refused.value) or "truth.parquet" in (refused.value.hint or "")


def test_a_missing_file_is_reported_with_its_columns(tmp_path):
    with pytest.raises(DysfwError, match="truth.parquet") as refused:
        read_ground_truth(tmp_path, [tmp_path / "a.png"], attributes=True, landmarks=False)
    assert "attribute:NAME" in refused.value.hint
    assert read_ground_truth(tmp_path, [tmp_path / "a.png"], attributes=False, landmarks=False).attributes.shape == (1, 0)


def test_frames_compose_and_invert():
    frame = np.array([[50.0, 10.0, 3.0], [-10.0, 50.0, 7.0]])
    change, _ = random_transform(Augment(), np.random.default_rng(3))
    point = np.array([0.3, 0.8])
    assert transform(compose(frame, change), point) == pytest.approx(transform(frame, transform(change, point)), abs=1e-4)
    assert transform(inverse(frame), transform(frame, point)) == pytest.approx(point, abs=1e-6)
    assert transform(at_size(frame, 10), 10 * point) == pytest.approx(transform(compose(frame, IDENTITY), point), abs=1e-4)
