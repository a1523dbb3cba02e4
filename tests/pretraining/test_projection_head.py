import numpy as np
import pyarrow as pa
import pytest
from PIL import Image as Pillow
from pyarrow import parquet

from dysfw.weights.projection_head import ProjectionHead, projection_head_of, read_projection_head
from dysfw.weights.weight_file import write_weights

from .conftest import draw_identities

pytestmark = pytest.mark.slow

MEASURES = ProjectionHead(
    np.arange(6, dtype=np.float32).reshape(3, 2),
    np.ones(3, np.float32),
    "measures",
    (("upper", "width", 0.5), ("lower", "width", 0.25), ("upper", "height", 0.75)),
)


def test_a_projection_head_is_written_and_read(tmp_path):
    write_weights(tmp_path / "w.safetensors", MEASURES.tensors(), {"neck": MEASURES.about()})
    found = read_projection_head(tmp_path / "w.safetensors")
    assert np.array_equal(found.weight, MEASURES.weight)
    assert (found.outputs, found.rows) == (MEASURES.outputs, MEASURES.rows)
    write_weights(tmp_path / "none.safetensors", {"conv.weight": np.zeros((1, 1), np.float32)}, {})
    assert read_projection_head(tmp_path / "none.safetensors") is None


def test_a_region_selects_its_own_attributes():
    upper = MEASURES.of("upper")
    assert [name for _, name, _ in upper.rows] == ["width", "height"]
    assert upper(np.array([[1, 2]], np.float32)).tolist() == [[3, 15]]
    with pytest.raises(ValueError, match="nothing from the region 'ear'"):
        MEASURES.of("ear")
    identity = ProjectionHead(MEASURES.weight, MEASURES.bias, "identity")
    assert identity.of("ear") is identity


@pytest.mark.parametrize("about", ["not json", '{"rows": [["a"]]}', "[]", '{"gives": "measures", "rows": []}'])
def test_a_damaged_projection_head_is_refused(about):
    with pytest.raises(ValueError, match=r"damaged|do not fit"):
        projection_head_of(MEASURES.tensors(), {"neck": about})


def test_without_an_identity_loss_the_projection_head_predicts_attributes(train_here, identities, tmp_path):
    draw_identities(identities, range(6, 40))
    paths = sorted(path for path in identities.rglob("*.*") if path.is_file())
    brightness = [float(np.asarray(Pillow.open(path)).mean()) for path in paths]
    table = {"path": [str(path.relative_to(identities)) for path in paths], "attribute:brightness": brightness}
    parquet.write_table(pa.table(table), identities / "truth.parquet")
    train_here(tmp_path / "w.safetensors", "pretrain.identity=0", "pretrain.attributes=1")
    projection = read_projection_head(tmp_path / "w.safetensors")
    assert projection.outputs == "measures"
    assert {name for _, name, _ in projection.rows} == {"brightness"}
    assert all(0.05 <= share <= 1 for _, _, share in projection.rows)
