"""Canonical images: what is equal in all of them, and the way back to the original."""

import io
from dataclasses import replace

import numpy as np
import pytest
from PIL import Image as Pillow

from dysfw.decoding.decode import read_image
from dysfw.imaging.geometry import inverse, transform
from dysfw.imaging.harmonise import GREY, HarmonisationConfig, harmonise, transform_regions
from dysfw.types import Face, Image, Region, Segmentation

SIDE = 512
BOX = np.array([160, 120, 352, 376], np.float32)  # in an image of 512 px; the face is 256 px high
MARKS = np.array([[205, 220], [307, 220], [256, 275], [215, 315], [297, 315]], np.float32)
FACE = Face(BOX, 1.0, MARKS)
PLAIN = HarmonisationConfig(face=48, background="keep")


def make_image(pixels: np.ndarray) -> Image:
    return Image(pixels, "a.png", "0" * 64)


def scaled(face: Face, scale: float, shift: tuple[float, float] = (0, 0)) -> Face:
    return replace(face, box=face.box * scale + np.tile(shift, 2), landmarks=face.landmarks * scale + np.array(shift))


def scene(background: tuple[int, int, int] = (90, 120, 150), size: int = SIDE, head: float = 1) -> np.ndarray:
    """A head in front of a wall: an ellipse that shades from one side to the other, with two eyes and a mouth."""
    y, x = (np.mgrid[:size, :size] + 0.5) * (SIDE / size)
    inside = (np.hypot((x - 256) / 150, (y - 235) / 200) < head)[..., None]
    skin = np.stack([190 - 0.15 * x, 140 - 0.1 * y, 120 + 0 * x], axis=-1)
    for ex, ey in MARKS[[0, 1, 3, 4]]:
        skin[np.hypot(x - ex, y - ey) < 18] = (60, 40, 40)
    return np.rint(np.where(inside, skin, background)).astype(np.uint8)


def jpeg(pixels: np.ndarray, quality: int = 92) -> np.ndarray:
    content = io.BytesIO()
    Pillow.fromarray(pixels).save(content, "JPEG", quality=quality)
    return np.array(Pillow.open(content))


def difference(one: np.ndarray, other: np.ndarray) -> np.ndarray:
    return np.abs(one.astype(int) - other.astype(int))


def test_resolution_and_format_of_the_original_are_removed() -> None:
    large = scene()
    small = np.asarray(Pillow.fromarray(large).reduce(4))
    one = harmonise(make_image(jpeg(large)), FACE, PLAIN).image.pixels
    other = harmonise(make_image(small), scaled(FACE, 1 / 4), PLAIN).image.pixels
    assert one.shape == other.shape == (96, 96, 3)
    assert difference(one, other).mean() < 1
    assert np.quantile(difference(one, other), 0.99) < 8


def test_the_position_of_the_face_in_the_original_is_removed() -> None:
    whole = scene()
    part = whole[40:480, 60:460]
    one = harmonise(make_image(whole), FACE, PLAIN).image.pixels
    other = harmonise(make_image(part), scaled(FACE, 1, (-60, -40)), PLAIN).image.pixels
    inner = slice(20, 76)
    assert difference(one[inner, inner], other[inner, inner]).max() <= 2


def test_the_face_has_the_requested_height_and_is_centred() -> None:
    harmonised = harmonise(make_image(scene()), FACE, HarmonisationConfig(face=80, context=2.4))
    assert harmonised.image.pixels.shape == (192, 192, 3)
    x0, y0, x1, y1 = harmonised.face.box
    assert y1 - y0 == pytest.approx(80, abs=1e-3)
    assert ((x0 + x1) / 2, (y0 + y1) / 2) == pytest.approx((96, 96), abs=1e-3)
    assert not harmonised.image.pixels.flags.writeable


def test_all_canonical_images_are_encoded_with_the_same_tables() -> None:
    sources = [scene(), jpeg(scene(), 30), np.asarray(Pillow.fromarray(scene()).convert("L").convert("RGB"))]
    opened = [Pillow.open(io.BytesIO(harmonise(make_image(pixels), FACE, HarmonisationConfig()).content)) for pixels in sources]
    assert {image.format for image in opened} == {"JPEG"}
    assert {image.size for image in opened} == {(192, 192)}
    tables = [image.quantization for image in opened]
    assert tables[0] == tables[1] == tables[2]
    assert all(image.info.keys() == opened[0].info.keys() for image in opened)


def test_the_canonical_image_equals_its_decoded_file(tmp_path) -> None:
    harmonised = harmonise(make_image(scene()), FACE, HarmonisationConfig())
    (tmp_path / "a.jpg").write_bytes(harmonised.content)
    assert np.array_equal(read_image(tmp_path / "a.jpg").pixels, harmonised.image.pixels)
    assert harmonise(make_image(scene()), FACE, HarmonisationConfig()).content == harmonised.content


def test_masking_removes_any_background() -> None:
    one, other = (
        harmonise(make_image(scene(b)), FACE, HarmonisationConfig()).image.pixels for b in ((250, 250, 250), (10, 60, 20))
    )
    assert np.array_equal(one, other)  # the head fills the ellipse
    corner = one[:16]  # above the head
    assert difference(corner, np.full_like(corner, GREY)).max() == 0
    kept = harmonise(make_image(scene((250, 250, 250))), FACE, HarmonisationConfig(background="keep")).image.pixels
    assert kept[:12].min() > 240
    centre = slice(72, 120)
    assert difference(one[centre, centre], kept[centre, centre]).max() <= 6  # the face is unchanged


def test_the_mask_is_rotated_with_the_head() -> None:
    upright = harmonise(make_image(scene()), FACE, HarmonisationConfig()).image.pixels
    rotation = np.array([[0.0, -1.0], [1.0, 0.0]])
    corners = (BOX.reshape(2, 2) - 256) @ rotation.T + 256
    lying = Face(
        np.concatenate([corners.min(axis=0), corners.max(axis=0)]).astype(np.float32),
        1.0,
        ((MARKS - 256) @ rotation.T + 256).astype(np.float32),
    )
    turned = harmonise(make_image(np.rot90(scene(), -1).copy()), lying, HarmonisationConfig()).image.pixels
    assert (turned[:, 96] != GREY).any(axis=1).sum() < (turned[96] != GREY).any(axis=1).sum()
    assert difference(np.rot90(turned), upright).mean() < 2


def test_a_blurred_background_keeps_its_colour_without_the_head() -> None:
    harmonised = harmonise(
        make_image(scene((30, 60, 220), head=0.7)), FACE, HarmonisationConfig(background="blur")
    ).image.pixels
    assert difference(harmonised[:, :20], np.full_like(harmonised[:, :20], (30, 60, 220))).max() <= 6
    stripes = scene()
    stripes[:, 32::64] = stripes[:, 33::64] = 255
    kept, blurred = (
        harmonise(make_image(stripes), FACE, HarmonisationConfig(background=b)).image.pixels[8:24].astype(float)
        for b in ("keep", "blur")
    )
    assert blurred.std(axis=1).max() < 0.25 * kept.std(axis=1).max()


def test_normalising_colour_removes_lighting_tint_and_contrast() -> None:
    plain = scene()
    tinted = np.clip(plain * np.array([0.75, 0.9, 1.1]) + 12, 0, 255).astype(np.uint8)
    keys = HarmonisationConfig(colour="normalise")
    before = [harmonise(make_image(p), FACE, HarmonisationConfig()).image.pixels for p in (plain, tinted)]
    after = [harmonise(make_image(p), FACE, keys).image.pixels for p in (plain, tinted)]
    centre = slice(70, 120)
    assert difference(before[0][centre, centre], before[1][centre, centre]).mean() > 15
    assert difference(after[0][centre, centre], after[1][centre, centre]).mean() < 4


def test_normalising_colour_of_a_uniform_face_does_not_fail() -> None:
    harmonised = harmonise(make_image(np.full((SIDE, SIDE, 3), 255, np.uint8)), FACE, HarmonisationConfig(colour="normalise"))
    assert harmonised.image.pixels.shape == (192, 192, 3)


@pytest.mark.parametrize("box", [BOX, BOX + 300, BOX * 0.3, BOX * 5], ids=["inside", "across the edge", "small", "large"])
def test_regions_can_be_transformed_back_to_the_original(box) -> None:
    image = make_image(scene(size=SIDE))
    harmonised = harmonise(image, Face(box, 1.0, MARKS), HarmonisationConfig())
    there = np.array([[200, 200], [300, 200], [256, 300]], np.float32)
    region = Region("nose", transform(inverse(harmonised.to_original), there))
    (back,) = transform_regions(Segmentation((region,)), harmonised.to_original).regions
    assert back.name == "nose"
    assert back.polygon == pytest.approx(there, abs=0.01)
    assert transform(harmonised.to_original, harmonised.face.box.reshape(2, 2)).reshape(4) == pytest.approx(box, abs=0.01)


def test_a_region_outside_the_original_is_absent() -> None:
    """The canonical image is mirrored there."""
    cut = scene()[:300]  # without mouth and chin
    harmonised = harmonise(make_image(cut), FACE, HarmonisationConfig())
    boxes = {"eyes": [[180, 190], [330, 190], [330, 250], [180, 250]], "chin": [[200, 290], [310, 290], [310, 376], [200, 376]]}
    regions = tuple(Region(name, transform(inverse(harmonised.to_original), np.array(box))) for name, box in boxes.items())
    found = harmonised.without_regions_outside(Segmentation(regions, {"nose": "turned away"}), make_image(cut))
    assert [region.name for region in found.regions] == ["eyes"]
    assert found.absent == {"nose": "turned away", "chin": "out of the image"}


def test_source_and_hash_are_those_of_the_original() -> None:
    harmonised = harmonise(make_image(scene()), FACE, HarmonisationConfig()).image
    assert (harmonised.source, harmonised.sha256) == ("a.png", "0" * 64)


def test_a_box_without_area_is_an_error() -> None:
    with pytest.raises(ValueError, match="the box of the face has no area: 5 5 5 9"):
        harmonise(make_image(scene()), Face(np.array([5, 5, 5, 9], np.float32), 1.0, MARKS), HarmonisationConfig())
