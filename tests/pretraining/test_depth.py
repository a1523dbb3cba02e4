import pytest
import timm
import torch
from torch import nn

from dysfw.pretraining.depth import Depth


class Trunk(nn.Module):
    def __init__(self, model):
        super().__init__()
        self.model = model

    def forward(self, pixels):
        return self.model(pixels.float() / 255)


@pytest.fixture
def network():
    torch.manual_seed(0)
    return Trunk(timm.create_model("resnet34", num_classes=0, zero_init_last=False)).eval()


def pixels(side=32):
    return torch.randint(0, 256, (2, 3, side, side), generator=torch.Generator().manual_seed(0))


def test_the_blocks_that_keep_their_input_s_shape_are_found(network):
    layers = [network.model.layer1, network.model.layer2, network.model.layer3, network.model.layer4]
    assert Depth(network, 32).rows == [list(layer)[first:] for layer, first in zip(layers, (0, 1, 1, 1), strict=True)]


def test_of_inception_resnet_the_three_rows_of_blocks_are_found(network):
    model = timm.create_model("inception_resnet_v2", num_classes=0)
    assert [len(row) for row in Depth(Trunk(model), 96).rows] == [10, 20, 9]


def test_convolutions_in_a_row_are_no_residual_blocks():
    plain = Trunk(nn.Sequential(nn.Conv2d(3, 3, 1), nn.Conv2d(3, 3, 1), nn.Conv2d(3, 3, 1)))
    assert Depth(plain, 32).rows == []


def test_the_first_blocks_of_each_row_are_computed_and_no_others(network):
    whole = network(pixels())
    depth = Depth(network, 32)
    assert torch.equal(network(pixels()), whole)
    computed = []
    for row in depth.rows:
        for block in row:
            block.conv1.register_forward_hook(lambda module, *_: computed.append(module))
    for share, expected in ((0.0, [1, 1, 1, 1]), (0.4, [2, 2, 2, 1]), (1.0, [3, 3, 5, 2])):
        computed.clear()
        depth.grow(share)
        network(pixels())
        assert computed == [block.conv1 for row, number in zip(depth.rows, expected, strict=True) for block in row[:number]]
    depth.grow(0)
    assert not torch.equal(network(pixels()), whole)
    depth.restore()
    assert torch.equal(network(pixels()), whole)


def test_a_block_that_joins_changes_nothing_at_first_and_learns_at_once(network):
    depth = Depth(network, 32)
    depth.begin()
    depth.grow(0)
    few = network(pixels())
    depth.grow(1)
    every = network(pixels())
    assert torch.allclose(every, few, atol=1e-5)
    every.sum().backward()
    assert all(block.bn2.weight.grad.abs().sum() > 0 for row in depth.rows for block in row)
