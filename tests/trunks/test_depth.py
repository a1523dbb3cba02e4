import numpy as np
import pytest
import timm
import torch
from torch import nn

from dysfw.trunks.depth import Depth


class Trunk(nn.Module):
    def __init__(self, model):
        super().__init__()
        self.model = model

    def forward(self, pixels):
        return self.model(pixels.float() / 255)


@pytest.fixture
def trunk():
    torch.manual_seed(0)
    return Trunk(timm.create_model("resnet34", num_classes=0, zero_init_last=False)).eval()


def pixels(side=32):
    return torch.randint(0, 256, (2, 3, side, side), generator=torch.Generator().manual_seed(0))


def test_the_blocks_that_keep_their_input_s_shape_are_found(trunk):
    layers = [trunk.model.layer1, trunk.model.layer2, trunk.model.layer3, trunk.model.layer4]
    expected = [block for layer, first in zip(layers, (0, 1, 1, 1), strict=True) for block in layer[first:]]
    assert Depth(trunk, 32).blocks == expected


def test_of_inception_resnet_the_three_rows_of_blocks_are_found(trunk):
    model = timm.create_model("inception_resnet_v2", num_classes=0)
    found = Depth(Trunk(model), 96).blocks
    assert len(found) == 10 + 20 + 9


def test_convolutions_in_a_row_are_no_residual_blocks():
    plain = Trunk(nn.Sequential(nn.Conv2d(3, 3, 1), nn.Conv2d(3, 3, 1), nn.Conv2d(3, 3, 1)))
    assert Depth(plain, 32).blocks == []


def test_with_all_blocks_nothing_changes_and_without_any_none_is_computed(trunk):
    whole = trunk(pixels())
    depth = Depth(trunk, 32)
    assert torch.equal(trunk(pixels()), whole)
    computed = []
    for block in depth.blocks:
        block.conv1.register_forward_hook(lambda *_: computed.append(1))
    depth.draw(0, np.random.default_rng(0))
    assert not torch.equal(trunk(pixels()), whole)
    assert computed == []
    depth.draw(1, np.random.default_rng(0))
    trunk(pixels())
    assert len(computed) == len(depth.blocks)
    depth.draw(0, np.random.default_rng(0))
    depth.restore()
    assert torch.equal(trunk(pixels()), whole)


def test_a_draw_is_the_generator_s_alone_and_keeps_the_share(trunk):
    depth = Depth(trunk, 32)
    kept = []
    for seed in range(400):
        depth.draw(0.3, np.random.default_rng(seed))
        kept.append(list(depth.kept))
    assert np.mean(kept) == pytest.approx(0.3, abs=0.03)
    depth.draw(0.3, np.random.default_rng(5))
    assert depth.kept == kept[5]
