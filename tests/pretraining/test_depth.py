import pytest
import timm
import torch
from torch import nn

from dysfw.pretraining.depth import ProgressiveDepth


class Network(nn.Module):
    def __init__(self, model):
        super().__init__()
        self.model = model

    def forward(self, pixels):
        return self.model(pixels.float() / 255)


@pytest.fixture
def network():
    torch.manual_seed(0)
    return Network(timm.create_model("resnet34", num_classes=0, zero_init_last=False)).eval()


def pixels(side=32):
    return torch.randint(0, 256, (2, 3, side, side), generator=torch.Generator().manual_seed(0))


def test_blocks_that_preserve_the_shape_are_found(network):
    layers = [network.model.layer1, network.model.layer2, network.model.layer3, network.model.layer4]
    assert ProgressiveDepth(network, 32).stages == [
        list(layer)[first:] for layer, first in zip(layers, (0, 1, 1, 1), strict=True)
    ]


def test_the_three_stages_of_inception_resnet_are_found(network):
    model = timm.create_model("inception_resnet_v2", num_classes=0)
    assert [len(stage) for stage in ProgressiveDepth(Network(model), 96).stages] == [10, 20, 9]


def test_a_sequence_of_convolutions_has_no_residual_blocks():
    plain = Network(nn.Sequential(nn.Conv2d(3, 3, 1), nn.Conv2d(3, 3, 1), nn.Conv2d(3, 3, 1)))
    assert ProgressiveDepth(plain, 32).stages == []


def test_only_the_first_blocks_of_each_stage_are_computed(network):
    whole = network(pixels())
    depth = ProgressiveDepth(network, 32)
    assert torch.equal(network(pixels()), whole)
    computed = []
    for stage in depth.stages:
        for block in stage:
            block.conv1.register_forward_hook(lambda module, *_: computed.append(module))
    for share, expected in ((0.0, [1, 1, 1, 1]), (0.4, [2, 2, 2, 1]), (1.0, [3, 3, 5, 2])):
        computed.clear()
        depth.set_share(share)
        network(pixels())
        assert computed == [
            block.conv1 for stage, number in zip(depth.stages, expected, strict=True) for block in stage[:number]
        ]
    depth.set_share(0)
    assert not torch.equal(network(pixels()), whole)
    depth.restore()
    assert torch.equal(network(pixels()), whole)


def test_a_block_that_joins_changes_nothing_at_first_and_has_gradients(network):
    depth = ProgressiveDepth(network, 32)
    depth.initialise_as_identity()
    depth.set_share(0)
    few = network(pixels())
    depth.set_share(1)
    every = network(pixels())
    assert torch.allclose(every, few, atol=1e-5)
    every.sum().backward()
    assert all(block.bn2.weight.grad.abs().sum() > 0 for stage in depth.stages for block in stage)
