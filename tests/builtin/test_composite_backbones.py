"""The backbones ``concat`` and ``tta``."""

import numpy as np
import pytest
from dysfw_toys.components import Mosaic
from PIL import Image as Pillow

from dysfw.builtin.backbones import tta
from dysfw.builtin.backbones.concat import Concat
from dysfw.builtin.backbones.tta import Tta
from dysfw.imaging.alignment import ARCFACE_ALIGNMENT, DLIB_ALIGNMENT


class Aligned(Mosaic):
    def __init__(self, alignment=None, side=32, tiles=4, salt=""):
        super().__init__(tiles=tiles, salt=salt)
        self._alignment, self._side = alignment, side

    alignment = property(lambda self: self._alignment)
    input_size = property(lambda self: self._side)


@pytest.fixture
def crops():
    crops = np.random.default_rng(0).integers(0, 256, (4, 32, 32, 3), np.uint8)
    crops.setflags(write=False)
    return crops


def unit_vectors(x):
    return x / np.linalg.norm(x, axis=1, keepdims=True)


def test_embeddings_are_normalised_weighted_and_concatenated(crops):
    a, b = Mosaic(tiles=2), Mosaic(tiles=4)
    np.testing.assert_array_equal(Concat([a, b], unit=False).embed(crops), np.hstack([a.embed(crops), b.embed(crops)]))
    weighted = Concat([a, b], shares=[3, 1])
    expected = np.hstack([np.sqrt(0.75) * unit_vectors(a.embed(crops)), np.sqrt(0.25) * unit_vectors(b.embed(crops))])
    np.testing.assert_allclose(weighted.embed(crops), expected, rtol=1e-5)
    np.testing.assert_allclose(np.linalg.norm(weighted.embed(crops), axis=1), 1, rtol=1e-5)
    assert weighted.dim == 3 * 4 + 3 * 16


def test_each_backbone_gets_crops_of_its_input_size(crops):
    small = Aligned(side=16)
    concat = Concat([Mosaic(), small], unit=False)
    assert concat.input_size == 32
    reduced = np.stack([np.asarray(Pillow.fromarray(c).resize((16, 16), Pillow.Resampling.BICUBIC)) for c in crops])
    np.testing.assert_allclose(concat.embed(crops)[:, 48:], small.embed(reduced), atol=1e-4)


def test_each_row_depends_only_on_its_crop(crops):
    for backbone in (Concat([Mosaic(), Aligned(side=16)]), Tta(Mosaic(), scales=[1.0, 0.9, 1.1])):
        batch = backbone.embed(crops)
        assert batch.dtype == np.float32
        np.testing.assert_array_equal(batch, np.concatenate([backbone.embed(crops[i : i + 1]) for i in range(4)]))
        assert backbone.embed(crops[:0]).shape == (0, backbone.dim)


def test_zero_embeddings_stay_zero():
    black = np.zeros((2, 32, 32, 3), np.uint8)
    np.testing.assert_array_equal(Concat([Mosaic(), Mosaic(tiles=2)]).embed(black), 0)
    np.testing.assert_array_equal(Tta(Mosaic()).embed(black), 0)


def test_crops_of_another_size_are_refused(crops):
    for backbone in (Concat([Mosaic(), Aligned(side=16)]), Tta(Mosaic())):
        with pytest.raises(ValueError, match=r"crops must be uint8 \[N, 32, 32, 3\], found uint8 \[4, 16, 16, 3\]"):
            backbone.embed(crops[:, :16, :16])


def test_backbones_with_different_alignments_are_refused():
    assert Concat([Aligned(DLIB_ALIGNMENT), Aligned(DLIB_ALIGNMENT)]).alignment is DLIB_ALIGNMENT
    with pytest.raises(ValueError, match=r"different alignments \(Aligned: dlib, Aligned: arcface\); set crop"):
        _ = Concat([Aligned(DLIB_ALIGNMENT), Aligned(ARCFACE_ALIGNMENT)]).alignment


def test_weight_files_are_listed_once():
    hashes = [w.sha256 for w in Concat([Mosaic(), Mosaic(), Mosaic(salt="x")]).weights()]
    assert len(hashes) == len(set(hashes)) == 2


@pytest.mark.parametrize(
    "parameters", [{"of": [Mosaic()]}, {"shares": [1.0]}, {"shares": [1, 0]}, {"shares": [1, 1], "unit": False}]
)
def test_invalid_ensembles_are_refused(parameters):
    with pytest.raises(ValueError, match="of must name|shares"):
        Concat(**({"of": [Mosaic(), Mosaic()]} | parameters))


def test_a_crop_and_its_mirror_image_have_the_same_embedding(crops):
    backbone = Mosaic()
    augmented = Tta(backbone)
    assert not np.allclose(backbone.embed(crops), backbone.embed(crops[:, :, ::-1]))
    np.testing.assert_allclose(augmented.embed(crops), augmented.embed(crops[:, :, ::-1]), atol=1e-6)
    expected = (unit_vectors(backbone.embed(crops)) + unit_vectors(backbone.embed(crops[:, :, ::-1]))) / 2
    np.testing.assert_allclose(augmented.embed(crops), expected, atol=1e-6)


def test_flipping_does_not_change_a_symmetric_crop(crops):
    symmetric = np.concatenate([crops[:, :, :16], crops[:, :, 15::-1]], axis=2)
    backbone = Mosaic()
    np.testing.assert_allclose(Tta(backbone, unit=False).embed(symmetric), backbone.embed(symmetric), atol=1e-4)


def test_scales_zoom_about_the_centre():
    image = np.zeros((1, 32, 32, 3), np.uint8)
    image[:, 8:24, 8:24] = 200
    close = Tta(Mosaic(tiles=1), flip=False, scales=[2.0], unit=False).embed(image)
    wide = Tta(Mosaic(tiles=1), flip=False, scales=[0.5], unit=False).embed(image)
    plain = Tta(Mosaic(tiles=1), flip=False, unit=False).embed(image)
    assert close[0, 0] > 190
    assert wide[0, 0] == pytest.approx(plain[0, 0], rel=0.1)  # the crop and its mirror images around it


def test_all_views_of_all_crops_are_one_batch(crops):
    backbone = Mosaic()
    Tta(backbone, scales=[1.0, 0.9, 1.1]).embed(crops)
    assert backbone.batches == [4 * 6]


def test_large_batches_are_split(crops, monkeypatch):
    backbone = Mosaic()
    whole = Tta(backbone).embed(crops)
    monkeypatch.setattr(tta, "MAX_BATCH_BYTES", 4 * crops[:1].nbytes)
    np.testing.assert_array_equal(Tta(backbone).embed(crops), whole)
    assert backbone.batches == [8, 4, 4]


def test_views_are_mirrored_after_scaling(crops):
    augmented = Tta(Mosaic(), scales=[0.8, 1.3])
    np.testing.assert_allclose(augmented.embed(crops), augmented.embed(crops[:, :, ::-1]), atol=1e-3)


def test_alignment_and_weight_files_are_the_backbones():
    augmented = Tta(Aligned(DLIB_ALIGNMENT))
    assert augmented.alignment is DLIB_ALIGNMENT
    assert augmented.weights() == Aligned(DLIB_ALIGNMENT).weights()


@pytest.mark.parametrize("parameters", [{"scales": []}, {"scales": [0.1]}, {"scales": [1.0, 1.0]}])
def test_invalid_scales_are_refused(parameters):
    with pytest.raises(ValueError, match="scales must"):
        Tta(Mosaic(), **parameters)
