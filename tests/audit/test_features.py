import io

import numpy as np
import pytest
from PIL import Image as Pillow

from dysfw.audit.file_features import file_features
from dysfw.audit.head_mask import centres, outside_head
from dysfw.audit.image_features import (
    background_features,
    border_features,
    colour_features,
    framing_features,
    lab_of,
    quality_features,
)
from dysfw.audit.shortcut_features import AuditSample, describe
from dysfw.errors import ImageError
from dysfw.types import Face, Image


def face_at(x0, y0, x1, y1, tilt=0.0) -> Face:
    """tilt: radians, clockwise."""
    w, h = x1 - x0, y1 - y0
    points = np.array([[0.3, 0.4], [0.7, 0.4], [0.5, 0.6], [0.35, 0.8], [0.65, 0.8]]) * [w, h] - [w / 2, h / 2]
    turn = np.array([[np.cos(tilt), np.sin(tilt)], [-np.sin(tilt), np.cos(tilt)]])
    landmarks = points @ turn + [(x0 + x1) / 2, (y0 + y1) / 2]
    return Face(np.array([x0, y0, x1, y1], np.float32), 1.0, landmarks.astype(np.float32))


def stored(pixels, kind, **options) -> bytes:
    content = io.BytesIO()
    Pillow.fromarray(pixels).save(content, kind, **options)
    return content.getvalue()


@pytest.fixture
def noise():
    return np.random.default_rng(0).integers(0, 256, (96, 64, 3), dtype=np.uint8)


@pytest.mark.parametrize("quality", [30, 50, 75, 92, 99])
def test_jpeg_quality_is_estimated_from_the_tables(noise, quality):
    assert file_features(stored(noise, "JPEG", quality=quality))["JPEG quality"] == pytest.approx(quality, abs=1.5)


def test_subsampling_metadata_and_progressive_coding_of_a_jpeg(noise):
    exif = Pillow.Exif()
    exif[0x0131], exif[0x010E] = "Camera 3", "text"
    plain = file_features(stored(noise, "JPEG", subsampling="4:4:4"))
    rich = file_features(stored(noise, "JPEG", subsampling="4:2:0", progressive=True, exif=exif.tobytes(), dpi=(300, 300)))
    assert (plain["has chroma subsampling"], rich["has chroma subsampling 4:2:0"]) == (0, 1)
    assert (plain["is progressive"], rich["is progressive"]) == (0, 1)
    assert (plain["has EXIF"], rich["has EXIF"], rich["EXIF entries"]) == (0, 1, 2)
    assert rich["resolution (dpi)"] == 300


def test_size_and_format_of_a_file(noise):
    png = file_features(stored(noise, "PNG"))
    assert (png["width (px)"], png["height (px)"], png["is PNG"], png["is JPEG"], png["JPEG quality"]) == (64, 96, 1, 0, 0)
    assert png["bytes per pixel"] == pytest.approx(3, rel=0.05)
    grey = file_features(stored(noise[..., 0], "JPEG"))
    assert (grey["is grey"], grey["JPEG chrominance table, sum"]) == (1, 0)


def test_damaged_metadata_counts_as_missing_and_no_other_decoder_is_used(noise):
    damaged = file_features(stored(noise, "JPEG", exif=b"Exif\0\0MM\0*\xff\xff\xff\xff\xff\xff"))
    assert (damaged["has EXIF"], damaged["EXIF entries"]) == (1, 0)
    with pytest.raises(ImageError):
        file_features(stored(noise, "TGA"))


def test_of_a_file_whose_header_is_not_read_the_size_is_known(noise):
    heif = b"\0\0\0\x18ftypheic\0\0\0\0mif1heic".ljust(6144, b"\0")
    found = file_features(heif, (64, 96))
    assert (found["width (px)"], found["height (px)"], found["bytes per pixel"], found["is HEIF"]) == (64, 96, 1, 1)
    assert found.keys() == file_features(stored(noise, "JPEG")).keys()


def test_the_header_of_a_huge_image_is_read_without_decoding_it():
    image = Pillow.new("1", (4000, 9000))
    content = io.BytesIO()
    image.save(content, "PNG")
    assert file_features(content.getvalue())["height (px)"] == 9000


def test_the_head_mask_covers_head_ears_and_neck_and_follows_a_tilt():
    def outside(face, x, y):
        return bool(outside_head(np.array([float(x)]), np.array([float(y)]), 300, 300, face)[0, 0])

    upright, lying = face_at(110, 100, 190, 200), face_at(110, 100, 190, 200, tilt=np.pi / 2)
    assert not outside(upright, 150, 150)
    assert not outside(upright, 150, 50)  # hair
    assert not outside(upright, 95, 150)  # an ear
    assert not outside(upright, 120, 295)  # neck
    assert outside(upright, 60, 150)
    assert outside(upright, 150, 30)
    assert outside(upright, 70, 290)
    assert not outside(lying, 20, 150)  # the chin of a head that lies on its side points to the viewer's left
    assert outside(lying, 150, 290)


def test_without_a_face_the_centre_is_masked():
    mask = outside_head(centres(100, 50), centres(100, 200), 50, 200, None)
    assert not mask[50:, 50].any()
    assert mask[:, :15].all()
    assert mask[:15].all()


def test_pixels_inside_the_head_do_not_change_colour_border_or_background(noise):
    pixels = np.random.default_rng(1).integers(0, 256, (200, 200, 3), dtype=np.uint8)
    face = face_at(75, 70, 125, 130)
    inside = ~outside_head(centres(200, 200), centres(200, 200), 200, 200, face)
    other = pixels.copy()
    # Scaling down mixes neighbouring pixels, so the rim of the mask is left as it is.
    core = inside & np.roll(inside, 3, 0) & np.roll(inside, -3, 0) & np.roll(inside, 3, 1) & np.roll(inside, -3, 1)
    core[:5] = core[-5:] = False
    other[core] = [255, 0, 0]
    for features in (colour_features, background_features, border_features):
        assert features(pixels, face) == pytest.approx(features(other, face), nan_ok=True), features.__name__


def test_colours_of_known_pixels():
    red, white, grey = lab_of(np.array([[255, 0, 0], [255, 255, 255], [119, 119, 119]]))
    assert red == pytest.approx([53.24, 80.09, 67.20], abs=0.05)
    assert white == pytest.approx([100, 0, 0], abs=1e-6)
    assert grey == pytest.approx([50.03, 0, 0], abs=0.05)


def test_borders_and_background_are_measured_at_their_position():
    pixels = np.full((120, 160, 3), 60, np.uint8)
    pixels[:, 150:] = 255
    face = face_at(60, 45, 90, 85)
    border = border_features(pixels, face)
    assert border["mean lightness of the right border"] == pytest.approx(100)
    assert border["mean lightness of the left border"] == pytest.approx(float(lab_of(np.full(3, 60))[0]))
    background = background_features(pixels, face)
    assert background["lightness at row 1, column 8 of 8"] > 60 > background["lightness at row 1, column 1 of 8"]
    assert len(background) == 192


def test_a_cell_covered_by_the_head_has_the_mean_of_the_others():
    pixels = np.full((160, 160, 3), 60, np.uint8)
    pixels[60:100, 60:100] = 255
    background = background_features(pixels, face_at(60, 55, 100, 105))
    assert {round(value, 6) for name, value in background.items() if "lightness" in name} == {
        round(float(lab_of(np.full(3, 60))[0]), 6)
    }


def test_features_are_nan_if_the_face_fills_the_image():
    pixels = np.full((64, 64, 3), 90, np.uint8)
    face = face_at(-40, -40, 104, 104)
    for features in (colour_features, background_features, border_features):
        assert all(np.isnan(value) for value in features(pixels, face).values())


def test_blur_noise_and_jpeg_blocks_are_measured():
    rng = np.random.default_rng(2)
    sharp = Pillow.fromarray(np.kron(rng.integers(0, 256, (32, 32, 3)), np.ones((8, 8, 1))).astype(np.uint8))
    blurred = np.asarray(sharp.resize((64, 64)).resize((256, 256)))
    smooth = np.asarray(Pillow.fromarray(rng.integers(0, 256, (8, 8, 3), dtype=np.uint8)).resize((256, 256)))
    noisy = np.clip(smooth + rng.normal(0, 10, smooth.shape), 0, 255).astype(np.uint8)
    jpeg = np.asarray(Pillow.open(io.BytesIO(stored(noisy, "JPEG", quality=20))))
    assert quality_features(np.asarray(sharp))["sharpness at 256 px"] > quality_features(blurred)["sharpness at 256 px"] + 1
    assert quality_features(noisy)["noise"] == pytest.approx(10, rel=0.1)
    assert quality_features(smooth)["noise"] < 2
    assert quality_features(noisy)["blockiness (8 px)"] == pytest.approx(1, abs=0.05)
    assert quality_features(jpeg)["blockiness (8 px)"] > 1.5


def test_framing_is_in_fractions_of_the_image():
    assert list(framing_features(np.zeros((200, 100, 3), np.uint8), face_at(20, 40, 60, 140)).values()) == [0.5, 0.4, 0.45]
    assert all(np.isnan(v) for v in framing_features(np.zeros((200, 100, 3), np.uint8), None).values())


def test_every_image_has_the_same_features(noise):
    rows = [
        describe(AuditSample(stored(pixels, kind), Image(pixels, "x", ""), face))
        for pixels, kind, face in [
            (noise, "PNG", None),
            (noise[:40, :40], "JPEG", face_at(10, 10, 30, 30)),
            (np.tile(noise, (4, 9, 1)), "WEBP", face_at(-50, -50, 900, 900)),
        ]
    ]
    assert [{group: list(features) for group, features in row.items()} for row in rows[1:]] == [
        {group: list(features) for group, features in rows[0].items()}
    ] * 2
