"""The networks of the shipped recipes give the same results in every runtime, with and without torch."""

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image as Pillow

from dysfw.inference.loading import open_pipeline
from dysfw.registry.registry import load_registry

pytestmark = pytest.mark.slow
ROOT = Path(__file__).parents[2]
RUNTIMES = ("onnxruntime", "openvino")
MAX_DIFFERENCE = 1e-4  # of any probability


@pytest.fixture(scope="module")
def registry():
    for package in ("dysfw_timm", "dysfw_dlib", "dysfw_onnx", "dysfw_openvino", "dysfw_phantom", "torch"):
        pytest.importorskip(package)
    return load_registry()


@pytest.fixture(scope="module")
def predictions(registry, phantoms):
    """predictions(recipe, runtime, *overrides): probabilities [N, K] of four phantoms."""
    images = sorted(phantoms.rglob("*.jpg"))[::12]

    def predictions(recipe: str, runtime: str, *overrides: str):
        pipeline = open_pipeline(
            ROOT / "recipes" / f"{recipe}.yaml", registry, [f"runtime={runtime}", "device=cpu", *overrides]
        )
        assert any(name.startswith(runtime) for name in pipeline.components.backbone.runtimes())
        return np.stack([one.probabilities for one in pipeline.predict(images)])

    return predictions


@pytest.mark.parametrize("recipe", ["paper", "dlib", "gestalt"])
def test_probabilities_agree_with_torch(predictions, recipe):
    expected = predictions(recipe, "torch")
    for runtime in RUNTIMES:
        found = predictions(recipe, runtime)
        assert np.abs(found - expected).max() < MAX_DIFFERENCE
        assert (found.argmax(1) == expected.argmax(1)).all()


def test_bfloat16_stays_close(predictions):
    expected, found = predictions("paper", "torch"), predictions("paper", "openvino", "precision=bfloat16")
    assert 0 < np.abs(found - expected).max() < 0.05


@pytest.fixture
def weights(tmp_path):
    """weights(model): a file with random weights of a timm model; all but the largest networks fit."""
    import timm
    from safetensors.torch import save_file

    def weights(model: str) -> Path:
        file = tmp_path / f"{model}.safetensors"
        save_file(timm.create_model(model, pretrained=False).eval().state_dict(), file)
        return file

    return weights


@pytest.mark.parametrize("pooling", ["average", "max", "flatten"])
def test_every_pooling_and_size_agrees(registry, weights, phantoms, pooling):
    from dysfw_timm.backbone import Timm

    face = Pillow.open(next(phantoms.rglob("*.jpg"))).convert("RGB")
    crops = np.stack([np.asarray(face.resize((96, 96))), np.asarray(face.transpose(0).resize((96, 96)))])
    file = weights("inception_resnet_v2")
    in_torch, *others = (
        Timm("inception_resnet_v2", file, pooling=pooling, size=96, runtime=one) for one in ("torch", *RUNTIMES)
    )
    expected = in_torch.embed(crops)
    for one in others:
        assert one.dim == in_torch.dim
        np.testing.assert_allclose(one.embed(crops), expected, atol=1e-4 * np.abs(expected).max())
        assert one.embed(crops[:0]).shape == (0, one.dim)


def test_a_variant_agrees_and_leaves_the_original_unchanged(registry, weights, phantoms):
    from dysfw_timm.backbone import Timm

    crops = np.asarray(Pillow.open(next(phantoms.rglob("*.jpg"))).convert("RGB").resize((80, 80)))[None]
    file, rng = weights("inception_resnet_v2"), np.random.default_rng(0)
    in_torch, *others = (Timm("inception_resnet_v2", file, size=80, runtime=one) for one in ("torch", *RUNTIMES))
    name = "conv2d_7b.bn.weight"
    deltas = {name: rng.normal(0, 0.5, tuple(in_torch.net.state_dict()[name].shape)).astype(np.float32)}
    before, expected = in_torch.embed(crops), in_torch.variant(deltas).embed(crops)
    twice = in_torch.variant(deltas).variant(deltas).embed(crops)
    assert np.abs(before - expected).max() > 1e-2
    for one in others:
        variant = one.variant(deltas)
        np.testing.assert_allclose(variant.embed(crops), expected, atol=1e-4 * np.abs(expected).max())
        np.testing.assert_allclose(variant.variant(deltas).embed(crops), twice, atol=1e-4 * np.abs(twice).max())
        np.testing.assert_allclose(one.embed(crops), before, atol=1e-4 * np.abs(before).max())
        assert np.array_equal(variant.net.state_dict()[name].numpy(), one.net.state_dict()[name].numpy() + deltas[name])
        with pytest.raises(ValueError, match=r"\[1\] cannot be added to no such tensor"):
            one.variant({"nose": np.zeros(1, np.float32)})


def test_weights_of_another_network_are_refused_alike(registry, weights):
    from dysfw_timm.backbone import Timm

    file = weights("vgg11")
    messages = []
    for runtime in ("torch", *RUNTIMES):
        with pytest.raises(ValueError, match="does not fit this model") as caught:
            Timm("inception_resnet_v2", file, runtime=runtime)
        messages.append(str(caught.value))
    assert len(set(messages)) == 1


WITHOUT_TORCH = """
import sys
sys.modules.update(torch=None, torchvision=None, timm=None, facenet_pytorch=None)  # importing them is an ImportError
from dysfw.cli.main import main
main()
"""


PHANTOM = "docs/images/phantom.jpg"


def without_torch(*command: str) -> subprocess.CompletedProcess[str]:
    program = [sys.executable, "-c", WITHOUT_TORCH, *command]
    return subprocess.run(program, cwd=ROOT, capture_output=True, text=True, check=False)


@pytest.mark.parametrize("recipe", ["paper", "dlib", "gestalt"])
@pytest.mark.parametrize("runtime", RUNTIMES)
def test_a_prediction_needs_no_torch(registry, recipe, runtime):
    ran = without_torch("run", f"recipes/{recipe}.yaml", PHANTOM, "--json", "--no-cache", "--runtime", runtime)
    assert ran.returncode == 0, ran.stderr
    result = json.loads(ran.stdout)
    assert [name.partition(" ")[0] for name in result["runtimes"]] == [runtime]


def test_what_needs_torch_says_so(registry):
    ran = without_torch("run", "recipes/paper.yaml", PHANTOM, "--runtime", "torch")
    assert ran.returncode == 2
    assert "--set runtime=torch: runtime: torch is not installed" in ran.stderr
    assert "Traceback" not in ran.stderr
