import numpy as np
import pytest
from dysfw_toys.components import Mosaic

from dysfw.builtin.backbones.neck import NeckBackbone
from dysfw.neck import Neck
from dysfw.weightfile import write_weights


@pytest.fixture
def of():
    return Mosaic()


def file_with(path, neck):
    write_weights(path, neck.tensors() if neck else {}, {"neck": neck.about(), "licence": "CC0-1.0"} if neck else {})
    return path


def random_neck(dim):
    rng = np.random.default_rng(0)
    return Neck(rng.normal(size=(5, dim)).astype(np.float32), rng.normal(size=5).astype(np.float32), "identity")


def test_it_reads_the_trunk_s_embedding_through_the_file_s_layer(of, tmp_path):
    neck = random_neck(of.dim)
    backbone = NeckBackbone(of, file_with(tmp_path / "w.safetensors", neck))
    crops = np.random.default_rng(1).integers(0, 256, (3, of.input_size, of.input_size, 3)).astype(np.uint8)
    assert np.allclose(backbone.embed(crops), of.embed(crops) @ neck.weight.T + neck.bias, atol=1e-5)
    assert (backbone.dim, backbone.input_size) == (5, of.input_size)
    assert backbone.embed(crops[:0]).shape == (0, 5)
    assert backbone.weights()[-1].licence == "CC0-1.0"


def test_a_file_without_a_neck_or_for_another_trunk_is_refused(of, tmp_path):
    with pytest.raises(ValueError, match="must be the path"):
        NeckBackbone(of, tmp_path / "missing.safetensors")
    write_weights(tmp_path / "none.safetensors", {"a.weight": np.zeros((1, 1), np.float32)}, {})
    with pytest.raises(ValueError, match="holds no neck"):
        NeckBackbone(of, tmp_path / "none.safetensors")
    with pytest.raises(ValueError, match=f"takes {of.dim + 1} numbers, the trunk gives {of.dim}"):
        NeckBackbone(of, file_with(tmp_path / "w.safetensors", random_neck(of.dim + 1)))
