import numpy as np
import pytest
from dysfw_phantom.landmarks import REGIONS, landmark_points, landmark_vertices, landmark_visible, region_outline
from dysfw_phantom.mesh import Part, load_head
from dysfw_phantom.patient import sample_patient
from dysfw_phantom.shape import shape

FLIP = np.array([-1, 1, 1])
INSIDE = {  # a landmark that each region must hold
    "face": ["pronasale", "exocanthion_right", "labiale_inferius", "buccale_left", "glabella"],
    "forehead": ["metopion"],
    "periorbital": ["exocanthion_right", "endocanthion_left", "superciliare_right", "pupil_left", "orbitale_left"],
    "nose": ["pronasale", "rhinion", "nostril_right", "nostril_left", "alar_groove_left"],
    "philtrum": ["philtrum_middle"],
    "mouth": ["cheilion_right", "labiale_superius", "labiale_inferius", "stomion_superius", "crista_philtri_left"],
    "chin": ["pogonion"],
}


@pytest.fixture(scope="module")
def head():
    return load_head()


def project(vertices, yaw=0.0):
    """Project the mesh orthographically into an image of 1000 px, y down."""
    turn = np.radians(yaw)
    x = vertices[:, 0] * np.cos(turn) + vertices[:, 2] * np.sin(turn)
    return (500 + 350 * np.stack([x, -vertices[:, 1]], axis=1)).astype(np.float32)


def area(polygon):
    """Twice the signed area, positive if clockwise for the viewer."""
    x, y = polygon.T
    return float((x * np.roll(y, -1) - np.roll(x, -1) * y).sum())


def contains(polygon, point):
    """Whether a point lies in a polygon, by the number of edges to its right."""
    (x, y), ahead = polygon.T, np.roll(polygon, -1, axis=0).T
    crossed = (y > point[1]) != (ahead[1] > point[1])
    with np.errstate(divide="ignore", invalid="ignore"):
        at = x + (point[1] - y) / (ahead[1] - y) * (ahead[0] - x)
    return (crossed & (at > point[0])).sum() % 2 == 1


def crossings(polygon):
    """How many pairs of edges that are no neighbours cross."""

    def left(a, b, c):
        return (b[0] - a[0]) * (c[1] - a[1]) - (b[1] - a[1]) * (c[0] - a[0]) > 0

    edges = list(zip(polygon, np.roll(polygon, -1, axis=0), strict=True))
    apart = [(i, j) for i in range(len(edges)) for j in range(i + 2, len(edges)) if (i, j) != (0, len(edges) - 1)]
    pairs = [(*edges[i], *edges[j]) for i, j in apart]
    return sum(left(a, b, c) != left(a, b, d) and left(c, d, a) != left(c, d, b) for a, b, c, d in pairs)


def test_landmarks_are_symmetric(head):
    points = landmark_points(head, head.vertices)
    for name, point in points.items():
        if name.endswith("_right"):
            assert point[0] < 0
            np.testing.assert_array_equal(points[name.replace("_right", "_left")], point * FLIP)
        elif not name.endswith("_left"):
            assert point[0] == 0


def test_landmarks_are_in_anatomical_order(head):
    points = landmark_points(head, head.vertices)
    midline = ["trichion", "metopion", "glabella", "nasion", "sellion", "rhinion", "pronasale", "columella", "subnasale"]
    midline += ["philtrum_middle", "labiale_superius", "stomion_superius", "stomion_inferius", "labiale_inferius"]
    midline += ["sublabiale", "pogonion", "gnathion"]
    heights = [points[name][1] for name in midline]
    assert heights == sorted(heights, reverse=True)
    assert points["pronasale"][2] == pytest.approx(head.vertices[:, 2].max(), abs=0.005)
    assert points["sellion"][2] == min(points[name][2] for name in midline[2:7])
    across = ["endocanthion_right", "pupil_right", "exocanthion_right", "zygion_right", "tragion_right", "postaurale_right"]
    assert [points[name][0] for name in across] == sorted((points[name][0] for name in across), reverse=True)
    ball = head.eyeball(Part.EYE_RIGHT)
    assert points["pupil_right"][2] == pytest.approx(ball.centre[2] + ball.radius, abs=0.02)
    for name in ("cheilion_left", "labiale_superius", "labiale_inferius", "crista_philtri_right"):
        (vertex,) = landmark_vertices(head)[name]
        assert head.lip[vertex] > 0.2


def test_landmarks_are_distinct(head):
    landmarks = landmark_vertices(head)
    assert 68 <= len(landmarks) <= 100
    assert len(set(landmarks.values())) == len(landmarks)


def test_a_landmark_is_visible_if_its_vertices_are(head):
    visible = np.ones(len(head.vertices), bool)
    visible[landmark_vertices(head)["pupil_left"][0]] = False
    visible[landmark_vertices(head)["pronasale"][0]] = False
    hidden = [name for name, is_visible in landmark_visible(head, visible).items() if not is_visible]
    assert sorted(hidden) == ["pronasale", "pupil_left"]


@pytest.mark.parametrize("name", REGIONS)
def test_outlines_contain_their_landmarks_and_do_not_intersect_themselves(name, head):
    for seed in range(5):
        points = project(shape(head, sample_patient(np.random.default_rng(seed), "p", ages=(5, 60)), {}))
        outline = region_outline(head, name, points)
        assert outline.dtype == np.float32
        assert area(outline) > 0
        assert crossings(outline) == 0
        marks = landmark_points(head, points)
        assert [mark for mark in INSIDE[name] if not contains(outline, marks[mark])] == []


def test_outlines_start_at_the_upper_midline_towards_the_subjects_left(head):
    for name in REGIONS[1:]:
        outline = region_outline(head, name, project(head.vertices))
        assert outline[0, 0] == 500
        assert outline[1, 0] > 500


def test_the_outline_of_a_rotated_face_contains_all_regions(head):
    points = project(head.vertices, yaw=35.0)
    face = region_outline(head, "face", points)
    grown = face + 0.01 * (face - face.mean(axis=0))
    for name in REGIONS[1:]:
        assert all(contains(grown, point) for point in region_outline(head, name, points))


def test_an_unknown_region_is_rejected(head):
    with pytest.raises(KeyError):
        region_outline(head, "ear", project(head.vertices))
