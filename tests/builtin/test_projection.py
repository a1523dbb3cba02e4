import numpy as np
import pytest
from dysfw_toys.components import Mosaic

from dysfw.builtin.backbones.projection import Projection
from dysfw.weights.projection_head import ProjectionHead
from dysfw.weights.weight_file import write_weights


@pytest.fixture
def of():
    return Mosaic()


def file_with(path, projection):
    write_weights(
        path,
        projection.tensors() if projection else {},
        {"neck": projection.about(), "licence": "CC0-1.0"} if projection else {},
    )
    return path


def random_projection(dim):
    rng = np.random.default_rng(0)
    return ProjectionHead(rng.normal(size=(5, dim)).astype(np.float32), rng.normal(size=5).astype(np.float32), "identity")


def test_embeddings_are_projected_by_the_layer_in_the_file(of, tmp_path):
    projection = random_projection(of.dim)
    backbone = Projection(of, file_with(tmp_path / "w.safetensors", projection))
    crops = np.random.default_rng(1).integers(0, 256, (3, of.input_size, of.input_size, 3)).astype(np.uint8)
    assert np.allclose(backbone.embed(crops), of.embed(crops) @ projection.weight.T + projection.bias, atol=1e-5)
    assert (backbone.dim, backbone.input_size) == (5, of.input_size)
    assert backbone.embed(crops[:0]).shape == (0, 5)
    assert backbone.weights()[-1].licence == "CC0-1.0"


def test_a_file_without_a_matching_projection_head_is_refused(of, tmp_path):
    with pytest.raises(ValueError, match="must be the path"):
        Projection(of, tmp_path / "missing.safetensors")
    write_weights(tmp_path / "none.safetensors", {"a.weight": np.zeros((1, 1), np.float32)}, {})
    with pytest.raises(ValueError, match="contains no projection head"):
        Projection(of, tmp_path / "none.safetensors")
    with pytest.raises(ValueError, match=f"expects embeddings of length {of.dim + 1}, but the backbone's have length {of.dim}"):
        Projection(of, file_with(tmp_path / "w.safetensors", random_projection(of.dim + 1)))
