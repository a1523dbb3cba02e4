"""The backbone ``facenet``: the published architecture, files that fit it and files that do not."""

import os
import pickle
from pathlib import Path

import numpy as np
import pytest
import torch
from dysfw_facenet.backbone import DIM, Facenet
from dysfw_facenet.weights import WEIGHTS
from facenet_pytorch import InceptionResnetV1
from safetensors.torch import save_file

from dysfw.imaging.alignment import FACENET
from dysfw.imaging.crop import crop_region
from dysfw.imaging.decode import read_image
from dysfw.torch_utils import Tunable
from dysfw.types import Crop, Region
from dysfw.weights.store import look

ROOT = Path(__file__).parents[3]
WITHOUT_CLASSIFIER = 23_482_624  # parameters of the reference
PERSONS = 8631  # of VGGFace2, in the classifier


@pytest.fixture(scope="module")
def random():
    return Facenet("random")


@pytest.fixture(scope="module")
def crops():
    rng = np.random.default_rng(0)
    return rng.integers(0, 256, (3, 160, 160, 3), np.uint8)


@pytest.fixture
def published(tmp_path):
    """A file as facenet-pytorch publishes them, with a classifier, of random weights."""
    torch.manual_seed(3)
    state = InceptionResnetV1(pretrained=None, classify=True, num_classes=10).state_dict()
    torch.save(state, tmp_path / "published.pt")
    return tmp_path / "published.pt"


def test_the_network_has_the_reference_s_parameters(random):
    assert sum(p.numel() for p in random.net.parameters()) == WITHOUT_CLASSIFIER
    with_classifier = WITHOUT_CLASSIFIER + PERSONS * (DIM + 1)
    assert with_classifier == 27_910_327
    buffers = sum(t.numel() for t in random.net.buffers())
    wanted = 4 * (with_classifier + buffers)
    assert 0 <= WEIGHTS[0].size - wanted < 300_000  # the rest is names


def test_embeddings_are_facenet_pytorchs_own(published, crops):
    ours = Facenet(published).embed(crops)
    reference = InceptionResnetV1(pretrained=None, classify=False)
    state = torch.load(published, weights_only=True)
    reference.load_state_dict({k: v for k, v in state.items() if not k.startswith("logits")})
    with torch.no_grad():
        pixels = (torch.from_numpy(crops).permute(0, 3, 1, 2).float() - 127.5) / 128
        theirs = reference.eval()(pixels).numpy()
    np.testing.assert_allclose(ours, theirs, atol=1e-5)
    np.testing.assert_allclose(np.linalg.norm(ours, axis=1), 1, atol=1e-5)
    assert ours.dtype == np.float32


def test_random_weights_say_so_and_follow_their_seed(random, crops):
    (weights,) = random.weights()
    assert not weights.trained
    np.testing.assert_array_equal(Facenet("random").embed(crops), random.embed(crops))
    assert Facenet("random", seed=1).weights()[0].sha256 != weights.sha256


def test_it_declares_its_alignment_and_can_be_tuned(random, crops):
    assert random.alignment is FACENET
    assert isinstance(random, Tunable)
    assert any(name.startswith("last_linear") for name in random.last_block)
    name = "last_bn.bias"
    changed = random.variant({name: np.ones(DIM, np.float32)})
    assert not np.allclose(changed.embed(crops), random.embed(crops))


def test_a_trunk_as_pretraining_writes_it_is_read(random, crops, tmp_path):
    tensors = {k: v.contiguous() for k, v in random.net.state_dict().items()}
    save_file(tensors, tmp_path / "trunk.safetensors", {"licence": "Apache-2.0"})
    network = Facenet(tmp_path / "trunk.safetensors")
    np.testing.assert_array_equal(network.embed(crops), random.embed(crops))
    assert network.weights()[0].licence == "Apache-2.0"
    assert network.weights()[0].trained


@pytest.mark.parametrize(("change", "part"), [
    (lambda s: s.pop("last_bn.bias"), r"1 missing \(last_bn.bias\)"),
    (lambda s: s.update(extra=torch.zeros(3)), r"1 left over \(extra\)"),
    (lambda s: s.update({"last_bn.bias": torch.zeros(3)}), r"1 of another shape \(last_bn.bias \[3\] for \[512\]\)"),
])  # fmt: skip
def test_a_file_for_another_network_says_which_tensors_differ(published, tmp_path, change, part):
    state = torch.load(published, weights_only=True)
    change(state)
    torch.save(state, tmp_path / "other.pt")
    with pytest.raises(ValueError, match=part):
        Facenet(tmp_path / "other.pt")


class Evil:
    def __reduce__(self):
        return os.system, ("true",)


def test_files_that_are_not_tensors_alone_are_refused_without_being_run(published, tmp_path):
    (tmp_path / "half.pt").write_bytes(published.read_bytes()[:1_000_000])
    (tmp_path / "text.pt").write_text("Dear colleague,")
    (tmp_path / "evil.pt").write_bytes(pickle.dumps({"a": Evil()}))
    torch.save([1, 2], tmp_path / "list.pt")
    for name in ("half.pt", "text.pt", "evil.pt"):
        with pytest.raises(ValueError, match="cannot be read as a file of tensors alone"):
            Facenet(tmp_path / name)
    with pytest.raises(ValueError, match="holds no tensors by name"):
        Facenet(tmp_path / "list.pt")
    with pytest.raises(ValueError, match="facenet-vggface2 or facenet-casia-webface"):
        Facenet(tmp_path / "missing.pt")


@pytest.mark.parametrize("wrong", [{"size": 74}, {"seed": -1}, {"batch": 0}, {"device": "cuda:99"}])
def test_wrong_parameters_are_refused(wrong):
    with pytest.raises(ValueError, match="found|not there"):
        Facenet("random", **wrong)


@pytest.mark.parametrize("spec", WEIGHTS, ids=lambda spec: spec.name)
def test_published_weights_know_a_person_again(spec):
    """On phantoms that trunks for people were never shown: photographs of one are nearer than those of two."""
    found = look(spec)
    if found.condition != "here":
        pytest.skip(f"{spec.name} is not on this machine (dysfw weights fetch {spec.name})")
    from dysfw_facenet.detector import Mtcnn

    network = Facenet(found.path)
    assert network.weights()[0].name == spec.name
    folder = ROOT / "tests" / "fixtures" / "data" / "phantoms" / "phantom-unaffected"
    images = [read_image(path) for path in sorted(folder.glob("*.jpg"))[:4]]  # two photographs each of two patients
    faces = [faces[0] for faces in Mtcnn().detect(images)]
    whole = Region("face", np.zeros((3, 2), np.float32))
    shown = [crop_region(i, f, whole, Crop(), 160, alignment=FACENET) for i, f in zip(images, faces, strict=True)]
    alike = network.embed(np.stack(shown))
    alike = alike @ alike.T
    assert min(alike[0, 1], alike[2, 3]) > max(alike[0, 2], alike[0, 3], alike[1, 2], alike[1, 3])
