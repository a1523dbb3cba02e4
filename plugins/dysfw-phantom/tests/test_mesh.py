from importlib.resources import files

import numpy as np
import pytest
from dysfw_phantom.mesh import Part, load_head


@pytest.fixture(scope="module")
def head():
    return load_head()


def test_the_mesh_is_cached_and_read_only(head):
    assert load_head() is head
    for array in (head.vertices, head.triangles, head.part, head.lip, head.occlusion, head.morphs["unit-jawOpen"].offsets):
        with pytest.raises(ValueError, match="read-only"):
            array[0] = 0
    with pytest.raises(TypeError):
        head.morphs["unit-jawOpen"] = None


def test_arrays_have_the_documented_shapes_and_dtypes(head):
    count = len(head.vertices)
    assert (head.vertices.shape, head.vertices.dtype) == ((count, 3), np.float32)
    assert (head.triangles.shape, head.triangles.dtype) == ((len(head.part), 3), np.int32)
    assert head.part.dtype == np.int8
    for mask in (head.lip, head.eyelid, head.ear, head.occlusion):
        assert (mask.shape, mask.dtype) == ((count,), np.float32)
        assert (mask.min(), mask.max()) == (0, 1)
    assert len(np.unique(head.source)) == count
    assert set(np.unique(head.triangles)) == set(range(count))


def test_every_part_exists_on_its_side(head):
    assert set(head.part) == set(Part)
    assert (
        head.vertices[head.vertices_of(Part.EYE_RIGHT), 0].max() < 0 < head.vertices[head.vertices_of(Part.EYE_LEFT), 0].min()
    )
    teeth, lips = head.vertices[head.vertices_of(Part.TEETH)], head.vertices[head.lip > 0.5]
    assert lips[:, 1].min() < teeth[:, 1].mean() < lips[:, 1].max()
    assert teeth[:, 2].max() < lips[:, 2].max()


def test_the_neutral_head_is_symmetric_and_the_eyes_are_at_the_origin(head):
    order = np.lexsort(head.vertices.T)
    mirrored = head.vertices * np.array([-1, 1, 1], np.float32)
    np.testing.assert_array_equal(head.vertices[order], mirrored[np.lexsort(mirrored.T)])
    right, left = head.eyeball(Part.EYE_RIGHT), head.eyeball(Part.EYE_LEFT)
    np.testing.assert_allclose((right.centre + left.centre) / 2, 0, atol=1e-3)
    assert 0.55 < left.centre[0] - right.centre[0] < 0.7  # dm between the pupils of an adult
    assert 0.11 < right.radius < 0.15


def test_triangles_are_counter_clockwise_seen_from_outside(head):
    corners = head.vertices[head.triangles[head.part == Part.EYE_LEFT]] - head.eyeball(Part.EYE_LEFT).centre
    assert (np.linalg.det(corners) > 0).mean() > 0.99
    skin = head.triangles[head.part == Part.SKIN]
    front = skin[np.linalg.norm(head.vertices[skin].mean(axis=1) - [0, 0, 0.2], axis=1) < 0.3]
    a, b, c = (head.vertices[front[:, k]] for k in range(3))
    assert np.cross(b - a, c - a)[:, 2].sum() > 0


def test_occlusion_is_dark_in_folds_and_light_on_ridges(head):
    place = {number: index for index, number in enumerate(head.source)}
    tip, brow = (head.occlusion[place[number]] for number in (5054, 222))
    assert min(tip, brow) > 0.85
    nostril = np.linalg.norm(head.vertices - head.vertices[place[367]], axis=1) < 0.06
    assert head.occlusion[nostril].min() < 0.3
    inside = head.occlusion[head.vertices_of(Part.TEETH)]
    assert 0.02 < inside.mean() < 0.6  # baked with the mouth open, or it would be black


def test_morphs_are_valid(head):
    assert len(head.morphs) > 400
    for name, morph in head.morphs.items():
        assert len(np.unique(morph.indices)) == len(morph.indices) == len(morph.offsets), name
        assert morph.indices.max() < len(head.vertices), name
        assert np.isfinite(morph.offsets).all(), name
        if not name.startswith("base-"):
            assert np.abs(morph.offsets).max() < 1, name


def test_the_file_stays_small():
    assert len((files("dysfw_phantom") / "assets" / "head.npz").read_bytes()) < 3_000_000
