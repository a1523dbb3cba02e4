"""Inception-ResNet-v2 without timm, compared with timm's."""

from __future__ import annotations

import subprocess
import sys

import numpy as np
import pytest
import timm
import torch
from dysfw_timm.backbone import Timm
from dysfw_timm.inception_resnet_v2 import MEAN, STD, InceptionResnetV2
from dysfw_timm.models import find_config, last_block
from safetensors.torch import save_file
from torch import nn

pytestmark = pytest.mark.slow

NAME = "inception_resnet_v2"
WITHOUT_TIMM = """
import sys
from pathlib import Path
import numpy as np
from dysfw_timm.backbone import Timm
Timm("inception_resnet_v2", Path(sys.argv[1]), size=96, runtime="torch").embed(np.zeros((1, 96, 96, 3), np.uint8))
loaded = {"timm", "torchvision", "torch._dynamo", "sympy"} & set(sys.modules)
assert not loaded, loaded
"""


@pytest.fixture(scope="module")
def of_timm() -> nn.Module:
    net = timm.create_model(NAME, num_classes=0)
    generator = torch.Generator().manual_seed(0)
    for buffer in net.buffers():
        if buffer.is_floating_point():
            buffer.uniform_(0.5, 1.5, generator=generator)  # running means and variances
    return net.eval().to(memory_format=torch.channels_last)


@pytest.fixture(scope="module")
def file(of_timm, tmp_path_factory):
    path = tmp_path_factory.mktemp("weights") / "model.safetensors"
    save_file({name: tensor.contiguous() for name, tensor in of_timm.state_dict().items()}, path)
    return path


@pytest.fixture(scope="module")
def built_here(of_timm) -> InceptionResnetV2:
    net = InceptionResnetV2()
    net.load_state_dict(of_timm.state_dict())
    return net.eval().to(memory_format=torch.channels_last)


def test_tensors_and_configuration_are_those_of_timm(of_timm, built_here):
    assert list(built_here.state_dict()) == list(of_timm.state_dict())
    config = find_config(NAME)
    assert (built_here.num_features, MEAN, STD) == (of_timm.num_features, config.mean, config.std)


@pytest.mark.parametrize("train", [False, True])
def test_features_are_those_of_timm(of_timm, built_here, train):
    pixels = torch.rand(2, 3, 112, 112, generator=torch.Generator().manual_seed(1)) * 2 - 1
    one, other = built_here.train(train).forward_features(pixels), of_timm.train(train).forward_features(pixels)
    built_here.eval(), of_timm.eval()
    assert torch.allclose(one, other, rtol=1e-5, atol=1e-6)


def test_the_backbone_computes_and_tunes_what_timm_does(of_timm, file):
    backbone = Timm(NAME, file, size=96, runtime="torch")
    crops = np.random.default_rng(0).integers(0, 256, (2, 96, 96, 3), np.uint8)
    pixels = torch.from_numpy(crops).permute(0, 3, 1, 2) / 127.5 - 1
    with torch.inference_mode():
        expected = of_timm.forward_features(pixels).flatten(2).mean(2).numpy()
    assert np.allclose(backbone.embed(crops), expected, rtol=1e-4, atol=1e-5)
    assert backbone.last_block == last_block(of_timm)


def test_neither_timm_nor_the_compiler_is_imported(file):
    subprocess.run([sys.executable, "-c", WITHOUT_TIMM, str(file)], check=True)
