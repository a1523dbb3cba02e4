import hashlib
import subprocess
import sys
from importlib.metadata import entry_points
from pathlib import Path

import numpy as np
import pytest
import timm
import torch
from dysfw_timm import backbone as backbone_module
from dysfw_timm.backbone import Timm
from dysfw_timm.config import GRAPHS
from dysfw_timm.models import last_block
from PIL import Image
from safetensors.torch import load_file, save_file

from dysfw.errors import DysfwError
from dysfw.util.install import install_command

pytestmark = pytest.mark.slow

PHANTOMS = Path(__file__).parents[3] / "tests" / "fixtures" / "data" / "phantoms"


@pytest.fixture(scope="module")
def backbone():
    return Timm("test_resnet", "random")


@pytest.fixture(scope="module")
def faces():
    """Five synthetic faces, as 160 px crops."""
    return np.stack([np.asarray(Image.open(p).convert("RGB").resize((160, 160))) for p in sorted(PHANTOMS.rglob("*.jpg"))[:5]])


@pytest.fixture
def saved(tmp_path):
    """A weight file of test_resnet with its classifier, and its tensors."""
    torch.manual_seed(7)
    tensors = timm.create_model("test_resnet").state_dict()
    save_file(tensors, tmp_path / "backbone.safetensors")
    return tmp_path / "backbone.safetensors", tensors


def test_average_pooling_equals_timms_pooled_features(faces, saved):
    path, tensors = saved
    model = timm.create_model("test_resnet").eval()
    model.load_state_dict(tensors)
    model.reset_classifier(0)
    mean, std = (np.array(model.pretrained_cfg[k], np.float32) for k in ("mean", "std"))
    pixels = torch.from_numpy(((faces / np.float32(255) - mean) / std).transpose(0, 3, 1, 2).astype(np.float32))
    with torch.inference_mode():
        expected = model(pixels).numpy()
    np.testing.assert_allclose(Timm("test_resnet", str(path)).embed(faces), expected, atol=1e-5)


def test_all_kinds_of_pooling_use_the_same_map(faces):
    average, maximum, flat = (
        Timm("test_resnet", "random", pooling=p).embed(faces) for p in ("average", "max", "flatten")
    )  # fmt: skip
    positions = flat.reshape(len(faces), average.shape[1], 25)
    np.testing.assert_allclose(positions.mean(2), average, atol=1e-5)
    np.testing.assert_allclose(positions.max(2), maximum, atol=1e-5)


@pytest.mark.parametrize("pooling", ["average", "max", "flatten"])
@pytest.mark.parametrize("model", ["test_vit", "test_mambaout", "mobilenetv3_small_050"])
def test_maps_and_tokens_of_any_layout_are_supported(model, pooling):
    backbone = Timm(model, "random", pooling=pooling)
    side = backbone.input_size
    assert backbone.embed(np.zeros((2, side, side, 3), np.uint8)).shape == (2, backbone.dim)


def test_inception_resnet_v2_has_the_dimensions_in_the_paper():
    backbone = Timm("inception_resnet_v2", "random", pooling="flatten")
    assert (backbone.input_size, backbone.dim) == (299, 8 * 8 * 1536)
    assert 54e6 < sum(p.numel() for p in backbone.module.parameters()) < 55e6


def test_size_sets_the_side_of_the_crops(faces):
    for model in ("test_resnet", "test_vit"):  # the second has position embeddings
        backbone = Timm(model, "random", size=96)
        assert backbone.embed(faces[:, :96, :96]).shape == (5, backbone.dim)
    with pytest.raises(ValueError, match="does not support crops of 20 px"):
        Timm("inception_resnet_v2", "random", size=20)


def test_embeddings_do_not_depend_on_the_batch(backbone, faces):
    together = backbone.embed(faces)
    alone = np.concatenate([backbone.embed(f[None]) for f in faces])
    np.testing.assert_allclose(alone, together, atol=1e-5)
    np.testing.assert_allclose(Timm("test_resnet", "random", batch_size=2).embed(faces), together, atol=1e-5)


def test_no_crops_give_no_embeddings(backbone):
    assert backbone.embed(np.empty((0, 160, 160, 3), np.uint8)).shape == (0, backbone.dim)


def test_bfloat16_stays_within_five_percent(backbone, faces):
    exact, rounded = backbone.embed(faces), Timm("test_resnet", "random", precision="bfloat16").embed(faces)
    error = np.linalg.norm(rounded - exact, axis=1) / np.linalg.norm(exact, axis=1)
    assert rounded.dtype == np.float32
    assert 1e-5 < error.max() < 0.05


def test_random_weights_depend_on_the_seed_and_leave_the_global_state_unchanged(backbone):
    torch.manual_seed(1)
    before = torch.random.get_rng_state()
    again, other = Timm("test_resnet", "random"), Timm("test_resnet", "random", seed=1)
    assert torch.equal(torch.random.get_rng_state(), before)
    (a,), (b,), (c,) = backbone.weights(), again.weights(), other.weights()
    assert a.sha256 == b.sha256 != c.sha256
    assert not a.trained
    assert all(torch.equal(x, y) for x, y in zip(backbone.module.parameters(), again.module.parameters(), strict=True))


def test_files_are_loaded_with_or_without_a_classifier(faces, saved, tmp_path):
    path, tensors = saved
    first = Timm("test_resnet", str(path))
    (weights,) = first.weights()
    assert weights.trained
    assert weights.sha256 == hashlib.sha256(path.read_bytes()).hexdigest()
    bare = tmp_path / "bare.safetensors"
    save_file({k: v for k, v in tensors.items() if not k.startswith("fc.")}, bare)
    np.testing.assert_array_equal(Timm("test_resnet", str(bare)).embed(faces), first.embed(faces))


def test_a_file_that_does_not_fit_is_refused_with_five_names(saved, tmp_path):
    path, _ = saved
    tensors, other = load_file(path), tmp_path / "other.safetensors"
    for name in sorted(k for k in tensors if k.startswith("layer1."))[:7]:
        del tensors[name]
    tensors["head.weight"] = torch.zeros(1)
    tensors["conv1.0.weight"] = torch.zeros(1, 3, 3, 3)
    save_file(tensors, other)
    with pytest.raises(ValueError, match=r"7 missing \(layer1[^)]* and 2 more\); 1 unexpected \(head.weight\); 1 of the") as e:
        Timm("test_resnet", str(other))
    assert str(e.value).count("layer1.") == 5
    assert "conv1.0.weight [1, 3, 3, 3] for [" in str(e.value)


def test_invalid_weights_are_refused(tmp_path):
    with pytest.raises(ValueError, match=r'weights must be "imagenet", "random" or the path .* found \'imagnet\''):
        Timm("test_resnet", "imagnet")
    torch.save({}, tmp_path / "pickled.pth")
    with pytest.raises(ValueError, match="cannot be read as a safetensors file"):
        Timm("test_resnet", str(tmp_path / "pickled.pth"))


def test_weights_have_no_default():
    with pytest.raises(TypeError, match="weights"):
        Timm("test_resnet")


@pytest.mark.parametrize(
    ("name", "match"),
    [
        ("inception_resnetv2", "timm has no model 'inception_resnetv2'; the closest are inception_resnet_v2"),
        ("hf-hub:timm/test_resnet", "timm has no model 'hf-hub:timm/test_resnet'"),
        ("inception_resnet_v2.in1k", "inception_resnet_v2 has no weights 'in1k'; it has tf_"),
    ],
)
def test_unknown_models_are_refused(name, match):
    with pytest.raises(ValueError, match=match):
        Timm(name, "random")


def test_without_timm_other_models_say_what_to_install(monkeypatch):
    monkeypatch.setitem(sys.modules, "timm", None)
    with pytest.raises(DysfwError, match="resnet50 needs timm; without them there are inception_resnet_v2, vgg16") as caught:
        Timm("resnet50", "random")
    assert caught.value.hint == install_command("dysfw-timm", "torch")


def test_the_graphs_are_those_that_messages_name():
    graphs = {file.stem for file in (Path(backbone_module.__file__).parent / "graphs").glob("*.onnx")}
    assert graphs == set(GRAPHS)


@pytest.mark.parametrize(
    ("values", "match"),
    [
        ({"pooling": "sum"}, "pooling must be"),
        ({"batch_size": 0}, "batch_size must be 1 or more, found"),
        ({"seed": -1}, "seed must be 0 or more, found -1"),
        ({"device": "cuda:99"}, "device 'cuda:99'"),
        ({"precision": "float16"}, "precision must be"),
    ],
)
def test_invalid_values_are_refused(values, match):
    with pytest.raises(ValueError, match=match):
        Timm("test_resnet", "random", **values)


def test_the_plugin_registers_without_importing_torch():
    (entry,) = entry_points(group="dysfw", name="timm")
    assert entry.load().dysfw_components()[0].name == "timm"
    code = "import sys, dysfw_timm.plugin; assert not {'torch', 'timm'} & set(sys.modules), 'imported'"
    subprocess.run([sys.executable, "-c", code], check=True)


def test_a_variant_adds_differences_and_does_not_change_the_original(backbone, faces):
    before = backbone.embed(faces)
    name = "stem.conv.weight" if "stem.conv.weight" in backbone.net.state_dict() else next(iter(backbone.net.state_dict()))
    difference = np.full(tuple(backbone.net.state_dict()[name].shape), 0.01, np.float32)
    other = backbone.variant({name: difference})
    assert not np.allclose(other.embed(faces), before)
    assert np.array_equal(backbone.embed(faces), before)
    assert np.array_equal(other.variant({name: -difference}).embed(faces).round(4), before.round(4))


def test_a_variant_shares_unchanged_tensors(backbone):
    name, *others = dict(backbone.net.named_parameters())
    other = backbone.variant({name: np.zeros(tuple(backbone.net.state_dict()[name].shape), np.float32)})
    original, variant = (dict(b.net.named_parameters()) for b in (backbone, other))
    assert original[name] is not variant[name]
    assert all(original[n] is variant[n] for n in others)


def test_differences_that_do_not_fit_are_refused(backbone):
    with pytest.raises(ValueError, match="no such tensor"):
        backbone.variant({"nothing.weight": np.zeros(3, np.float32)})


@pytest.mark.parametrize(("model", "part"), [("resnet18", "layer4.1."), ("inception_resnet_v2", "block8."), ("vgg11", "pre_")])
def test_the_last_block_is_at_the_end_of_the_network(model, part):
    net = timm.create_model(model, num_classes=0)
    names = last_block(net)
    parameters = dict(net.named_parameters())
    assert any(name.startswith(part) for name in names)
    share = sum(p.numel() for n, p in parameters.items() if n in names) / sum(p.numel() for p in parameters.values())
    assert 0.05 <= share < 0.95
    assert next(iter(parameters)) not in names


def test_vgg16_returns_its_last_map_and_can_be_tuned():
    """Uses small crops, because VGG16 needs 15 GMAC per crop at 224 px."""
    network = Timm("vgg16", "random", size=64)
    crops = np.random.default_rng(0).integers(0, 256, (2, 64, 64, 3), np.uint8)
    rows = network.embed(crops)
    assert rows.shape == (2, network.dim) == (2, 512)
    assert len(np.unique(rows[0])) > 100
    assert Timm("vgg16", "random", size=64, pooling="flatten").dim == 512 * 2 * 2
    assert Timm("vgg16", "random").dim == 512
    assert sum(p.numel() for p in network.net.parameters()) == 14_714_688  # of its 13 convolutions
    assert network.last_block < set(network.net.state_dict())
