"""Image quality."""

import math

import numpy as np
import pytest
from PIL import Image as Pillow
from PIL import ImageFilter

from dysfw.reliability.quality import quality_of, sharpness
from dysfw.types import Face, FaceEmbedding, HeadPose, Image, Segmentation


@pytest.fixture
def crop(phantoms):
    def crop(side: int = 150, blur: float = 0.0) -> np.ndarray:
        """The centre of a phantom's image; blur: px of a crop of 150 px."""
        with Pillow.open(phantoms / "phantom-unaffected" / "000.jpg") as image:
            face = image.convert("RGB").crop((58, 60, 198, 200)).resize((side, side), Pillow.Resampling.LANCZOS)
        return np.asarray(face.filter(ImageFilter.GaussianBlur(blur * side / 150)))

    return crop


def test_blur_reduces_sharpness(crop):
    measured = [sharpness([crop(blur=blur)]) for blur in (0, 1, 2, 3, 5)]
    assert measured == sorted(measured, reverse=True)
    assert measured[0] - measured[2] > 0.5


def test_brightness_and_contrast_do_not_matter(crop):
    sharp = sharpness([crop()])
    darker = (crop() * 0.5).astype(np.uint8)
    flatter = (crop() * 0.5 + 60).astype(np.uint8)
    assert sharpness([darker]) == pytest.approx(sharp, abs=0.1)
    assert sharpness([flatter]) == pytest.approx(sharp, abs=0.1)


def test_the_size_of_the_crop_hardly_matters(crop):
    for side in (224, 299):
        assert sharpness([crop(side)]) == pytest.approx(sharpness([crop(150)]), abs=0.15)


def test_noise_does_not_hide_blur(crop):
    noise = np.random.default_rng(0).normal(0, 4, (150, 150, 3))
    noisy = np.clip(crop(blur=2.5) + noise, 0, 255).astype(np.uint8)
    assert sharpness([noisy]) < sharpness([crop()]) - 0.3


def test_sharpness_is_the_mean_over_crops_and_zero_for_a_uniform_crop(crop):
    plain = np.full((150, 150, 3), 120, np.uint8)
    assert sharpness([plain]) == 0
    assert sharpness([crop(), plain]) == pytest.approx(sharpness([crop()]) / 2)


@pytest.mark.parametrize(("pose", "angle"), [(HeadPose(-33, 12, 80), 33), (HeadPose(5, 21, 0), 21), (None, math.nan)])
def test_size_and_pose_come_from_the_face(pose, angle):
    image = Image(np.zeros((100, 100, 3), np.uint8), "x.png", "0")
    face = Face(np.array([10, 20, 60, 95], np.float32), 1.0, np.zeros((5, 2), np.float32))
    one = FaceEmbedding(
        image, face, 1, 0, Segmentation((), pose=pose), np.zeros((1, 2), np.float32), np.ones(1, bool), (), {}, -0.5
    )
    quality = quality_of([one])
    assert (quality.height.tolist(), quality.sharpness.tolist()) == ([75], [-0.5])
    np.testing.assert_equal(quality.pose_angle, [angle])
    assert quality.rows(np.array([0, 0])).height.tolist() == [75, 75]
