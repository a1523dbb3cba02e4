"""The backbone ``facenet``: architecture, embeddings, and weight files."""

import os
import pickle
from pathlib import Path

import numpy as np
import pytest
import torch
from dysfw_facenet.backbone import DIM, Facenet
from dysfw_facenet.convert import main as convert
from dysfw_facenet.weights import WEIGHTS
from facenet_pytorch import InceptionResnetV1
from safetensors.torch import save_file

from dysfw.decoding.decode import read_image
from dysfw.errors import DysfwError
from dysfw.imaging.alignment import FACENET_ALIGNMENT
from dysfw.imaging.crop import crop_region
from dysfw.runtime.torch_utils import Tunable
from dysfw.types import Crop, Region
from dysfw.util.files import sha256_of
from dysfw.weights.store import file_status
from dysfw.weights.weight_file import read_metadata, read_shapes

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parents[3]
WITHOUT_CLASSIFIER = 23_482_624  # parameters of the reference
IDENTITIES = 8631  # of VGGFace2, in the classifier
RUNTIMES = ["torch", "onnxruntime", "openvino"]


@pytest.fixture(scope="module")
def random():
    return Facenet("random")


@pytest.fixture(scope="module")
def crops():
    rng = np.random.default_rng(0)
    return rng.integers(0, 256, (3, 160, 160, 3), np.uint8)


@pytest.fixture
def published(tmp_path):
    """A file in the old format in which facenet-pytorch publishes them, with a classifier and random weights."""
    torch.manual_seed(3)
    state = InceptionResnetV1(pretrained=None, classify=True, num_classes=10).state_dict()
    torch.save(state, tmp_path / "published.pt", _use_new_zipfile_serialization=False)
    return tmp_path / "published.pt"


@pytest.fixture
def converted(published, tmp_path):
    """The same as safetensors."""
    assert convert([str(published), str(tmp_path / "converted.safetensors")]) == 0
    return tmp_path / "converted.safetensors"


def test_the_number_of_parameters_equals_the_reference(random):
    assert sum(p.numel() for p in random.net.parameters()) == WITHOUT_CLASSIFIER
    with_classifier = WITHOUT_CLASSIFIER + IDENTITIES * (DIM + 1)
    assert with_classifier == 27_910_327
    buffers = sum(t.numel() for t in random.net.buffers())
    expected = 4 * (with_classifier + buffers)
    assert 0 <= WEIGHTS[0].size - expected < 300_000  # the rest is names


@pytest.mark.parametrize("runtime", RUNTIMES)
def test_embeddings_equal_those_of_facenet_pytorch(published, crops, runtime):
    network = Facenet(published, runtime=runtime)
    embeddings = network.embed(crops)
    assert network.runtimes()[0].startswith(f"{runtime} ")
    reference = InceptionResnetV1(pretrained=None, classify=False)
    state = torch.load(published, weights_only=True)
    reference.load_state_dict({k: v for k, v in state.items() if not k.startswith("logits")})
    with torch.no_grad():
        pixels = (torch.from_numpy(crops).permute(0, 3, 1, 2).float() - 127.5) / 128
        expected = reference.eval()(pixels).numpy()
    np.testing.assert_allclose(embeddings, expected, atol=1e-5)
    np.testing.assert_allclose(np.linalg.norm(embeddings, axis=1), 1, atol=1e-5)
    assert embeddings.dtype == np.float32


@pytest.mark.parametrize("runtime", RUNTIMES)
@pytest.mark.parametrize("size", [75, 112])
def test_other_sizes_give_the_same_in_every_runtime(converted, runtime, size):
    crops = np.random.default_rng(1).integers(0, 256, (2, size, size, 3), np.uint8)
    reference = Facenet(converted, size=size, runtime="torch").embed(crops)
    np.testing.assert_allclose(Facenet(converted, size=size, runtime=runtime).embed(crops), reference, atol=1e-5)


def test_a_tuned_variant_gives_the_same_in_every_runtime(converted, crops):
    rng = np.random.default_rng(2)
    changes = {"last_bn.bias": rng.normal(size=DIM).astype(np.float32), "block8.conv2d.bias": np.ones(1792, np.float32)}
    reference, *others = [Facenet(converted, runtime=runtime).variant(changes).embed(crops) for runtime in RUNTIMES]
    for embeddings in others:
        np.testing.assert_allclose(embeddings, reference, atol=1e-5)
    assert not np.allclose(reference, Facenet(converted).embed(crops), atol=1e-3)


def test_random_weights_need_torch(crops):
    with pytest.raises(DysfwError, match="not available as an ONNX graph"):
        Facenet("random", runtime="onnxruntime")


def test_random_weights_are_marked_and_depend_on_the_seed(random, crops):
    (weights,) = random.weights()
    assert not weights.trained
    np.testing.assert_array_equal(Facenet("random").embed(crops), random.embed(crops))
    assert Facenet("random", seed=1).weights()[0].sha256 != weights.sha256


def test_alignment_and_tuning(random, crops):
    assert random.alignment is FACENET_ALIGNMENT
    assert isinstance(random, Tunable)
    assert any(name.startswith("last_linear") for name in random.last_block)
    name = "last_bn.bias"
    changed = random.variant({name: np.ones(DIM, np.float32)})
    assert not np.allclose(changed.embed(crops), random.embed(crops))


def test_files_of_pretraining_can_be_read(random, crops, tmp_path):
    tensors = {k: v.contiguous() for k, v in random.net.state_dict().items()}
    save_file(tensors, tmp_path / "backbone.safetensors", {"licence": "Apache-2.0"})
    network = Facenet(tmp_path / "backbone.safetensors")
    np.testing.assert_allclose(network.embed(crops), random.embed(crops), atol=1e-5)
    assert network.weights()[0].licence == "Apache-2.0"
    assert network.weights()[0].trained


@pytest.mark.parametrize(("change", "part"), [
    (lambda s: s.pop("last_bn.bias"), r"1 missing \(last_bn.bias\)"),
    (lambda s: s.update(extra=torch.zeros(3)), r"1 unexpected \(extra\)"),
    (lambda s: s.update({"last_bn.bias": torch.zeros(3)}), r"1 of the wrong shape \(last_bn.bias \[3\] for \[512\]\)"),
])  # fmt: skip
def test_a_file_of_another_network_is_refused_with_the_tensors_that_differ(published, tmp_path, change, part):
    state = torch.load(published, weights_only=True)
    change(state)
    torch.save(state, tmp_path / "other.pt")
    with pytest.raises(ValueError, match=part):
        Facenet(tmp_path / "other.pt")


class Malicious:
    def __reduce__(self):
        return os.system, ("true",)


def test_files_with_other_objects_are_refused_without_executing_code(published, tmp_path):
    (tmp_path / "half.pt").write_bytes(published.read_bytes()[:1_000_000])
    (tmp_path / "text.pt").write_text("Dear colleague,")
    (tmp_path / "malicious.pt").write_bytes(pickle.dumps({"a": Malicious()}))
    torch.save([1, 2], tmp_path / "list.pt")
    for name in ("half.pt", "text.pt", "malicious.pt"):
        with pytest.raises(ValueError, match="cannot be read as a file of tensors"):
            Facenet(tmp_path / name)
    with pytest.raises(ValueError, match="does not contain a dictionary of tensors"):
        Facenet(tmp_path / "list.pt")
    with pytest.raises(ValueError, match="facenet-vggface2 or facenet-casia-webface"):
        Facenet(tmp_path / "missing.pt")


def test_a_converted_file_has_no_classifier_and_names_its_origin(published, converted, crops):
    reference = Facenet(published, runtime="torch").embed(crops)
    np.testing.assert_array_equal(Facenet(converted, runtime="torch").embed(crops), reference)
    assert not any(name.startswith("logits") for name in read_shapes(converted))
    assert read_metadata(converted) == {
        "licence": "unstated", "original": published.name, "original_sha256": sha256_of(published)
    }  # fmt: skip


def test_conversions_of_wrong_files_are_refused_without_a_traceback(published, converted, tmp_path, capsys):
    (tmp_path / "text.pt").write_text("Dear colleague,")
    new = tmp_path / "new.safetensors"
    for source, target, part in (
        (tmp_path / "missing.pt", new, "is not a file"),
        (tmp_path / "text.pt", new, "cannot be read as a file of tensors"),
        (published, tmp_path / "new.pt", "must end in .safetensors"),
        (published, converted, "exists"),
    ):
        assert convert([str(source), str(target)]) == 2
        assert part in capsys.readouterr().err
    assert not new.exists()


@pytest.mark.parametrize("parameters", [{"size": 74}, {"seed": -1}, {"batch_size": 0}, {"device": "cuda:99"}])
def test_invalid_parameters_are_refused(parameters):
    with pytest.raises(ValueError, match="found|device"):
        Facenet("random", **parameters)


@pytest.mark.parametrize("spec", WEIGHTS, ids=lambda spec: spec.name)
def test_published_weights_recognise_phantoms(spec):
    """Images of the same phantom are more similar than images of different ones."""
    found = file_status(spec)
    if found.condition != "here":
        pytest.skip(f"{spec.name} is not installed (dysfw weights fetch {spec.name})")
    from dysfw_facenet.detector import Mtcnn

    network = Facenet(found.path)
    assert network.weights()[0].name == spec.name
    folder = ROOT / "tests" / "fixtures" / "data" / "phantoms" / "phantom-unaffected"
    images = [read_image(path) for path in sorted(folder.glob("*.jpg"))[:4]]  # two images each of two patients
    faces = [faces[0] for faces in Mtcnn().detect(images)]
    whole = Region("face", np.zeros((3, 2), np.float32))
    crops = [crop_region(i, f, whole, Crop(), 160, alignment=FACENET_ALIGNMENT) for i, f in zip(images, faces, strict=True)]
    embeddings = network.embed(np.stack(crops))
    similarity = embeddings @ embeddings.T
    assert min(similarity[0, 1], similarity[2, 3]) > max(similarity[0, 2], similarity[0, 3], similarity[1, 2], similarity[1, 3])
