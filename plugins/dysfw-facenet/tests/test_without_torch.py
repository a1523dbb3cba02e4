"""Detector and backbone run where torch is not installed, and say what to do if they need it."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch
from dysfw_facenet.backbone import Facenet
from dysfw_facenet.detector import Mtcnn
from facenet_pytorch import InceptionResnetV1
from safetensors.torch import save_file

from .cases import cases

pytestmark = pytest.mark.slow

PROGRAM = """
import sys
sys.modules.update(dict.fromkeys(["torch", "torchvision", "facenet_pytorch"]))  # importing them now fails
import json
import numpy as np
from dysfw_facenet.backbone import Facenet
from dysfw_facenet.detector import Mtcnn
from dysfw.errors import DysfwError
from dysfw.types import Image

def refused(build):
    try:
        build()
    except DysfwError as error:
        return str(error)

arrays = np.load("arrays.npz")
detector, backbone = Mtcnn(runtime=sys.argv[1]), Facenet("weights.safetensors", runtime=sys.argv[1])
[[face]] = detector.detect([Image(arrays["image"], "test", "0" * 64)])
print(json.dumps({
    "box": face.box.tolist(),
    "embeddings": backbone.embed(arrays["crops"]).tolist(),
    "runtimes": [*detector.runtimes(), *backbone.runtimes()],
    "refused": [refused(build) for build in (
        lambda: Mtcnn(runtime="torch"),
        lambda: Mtcnn(device="cuda:0", runtime=sys.argv[1]),
        lambda: Facenet("weights.pt"),
        lambda: Facenet("random"),
        lambda: Facenet("weights.safetensors", runtime="torch"),
    )],
}))
"""


def test_results_are_those_with_torch(tmp_path: Path) -> None:
    torch.manual_seed(1)
    state = InceptionResnetV1(pretrained=None, classify=False).state_dict()
    save_file({name: tensor.contiguous() for name, tensor in state.items()}, tmp_path / "weights.safetensors")
    torch.save(state, tmp_path / "weights.pt")
    image = next(iter(cases())).image()
    crops = np.random.default_rng(0).integers(0, 256, (2, 160, 160, 3), np.uint8)
    np.savez(tmp_path / "arrays.npz", image=image.pixels, crops=crops)
    [[face]] = Mtcnn(runtime="torch").detect([image])
    reference = Facenet(tmp_path / "weights.safetensors", runtime="torch").embed(crops)
    for runtime in ("onnxruntime", "openvino"):
        done = subprocess.run(  # the program above
            [sys.executable, "-c", PROGRAM, runtime], cwd=tmp_path, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stderr
        found = json.loads(done.stdout)
        np.testing.assert_allclose(found["box"], face.box, atol=0.01)
        np.testing.assert_allclose(found["embeddings"], reference, atol=1e-5)
        assert all(one.startswith(f"{runtime} ") for one in found["runtimes"])
    torch_detector, wrong_device, torch_file, random, torch_backbone = found["refused"]
    assert "torch is not installed" in torch_detector
    assert "runtime openvino does not compute in float32 on cuda:0" in wrong_device
    assert "can only be read with torch" in torch_file
    assert "python -m dysfw_facenet.convert weights.pt weights.safetensors" in torch_file
    assert "needs torch, which is not installed" in random
    assert "torch is not installed" in torch_backbone
