"""Terms and axes, measured on the mesh."""

from collections.abc import Callable, Mapping
from dataclasses import replace

import numpy as np
import pytest
from dysfw_phantom.axes import axes, traits
from dysfw_phantom.landmarks import landmark_points
from dysfw_phantom.mesh import Part, load_head
from dysfw_phantom.patient import average_patient
from dysfw_phantom.shape import shape
from dysfw_phantom.terms import terms
from scipy.spatial import ConvexHull

Points = Mapping[str, np.ndarray]
Measure = Callable[[Points], float]


def points(values=None, expression=None, **options) -> Points:
    """Landmarks of that patient in mm, and vertices of the base mesh under their numbers ("#292")."""
    head = load_head()
    vertices = 100 * shape(head, average_patient(values, **options), expression or {})
    numbered = {f"#{number}": vertices[place] for place, number in enumerate(head.source)}
    return landmark_points(head, vertices) | numbered


def distance(a: str, b: str) -> Measure:
    return lambda p: float(np.linalg.norm(p[a] - p[b]))


def width(name: str) -> Measure:
    return distance(f"{name}_right", f"{name}_left")


def along(axis: str, a: str, b: str) -> Measure:
    """How much farther a is than b to the subject's left (x), up (y) or forwards (z)."""
    return lambda p: float((p[a] - p[b])["xyz".index(axis)])


def slant(p: Points) -> float:
    """The rise of the palpebral fissure from the inner to the outer corner, degrees."""
    x, y, z = p["exocanthion_right"] - p["endocanthion_right"]
    return float(np.degrees(np.arctan2(y, np.hypot(x, z))))


def fold(p: Points) -> float:
    """How far the skin beside the nose reaches over the inner corner of the eye."""
    return float(p["endocanthion_right"][0] - p["#96"][0])


def groove(p: Points) -> float:
    """How deep the philtrum lies behind its ridges (vertices halfway between nose and lip)."""
    return float((p["#5344"] + p["#5345"])[2] / 2 - p["philtrum_middle"][2])


def bridge(p: Points) -> float:
    """How far the dorsum at the height of the lower lids stands out from the inner corners of the eyes."""
    return float(p["#131"][2] - p["endocanthion_right"][2])


def proportion(p: Points) -> float:
    """The face's height in percent of its width."""
    return 100 * distance("nasion", "gnathion")(p) / width("zygion")(p)


def unevenness(p: Points) -> float:
    """How much higher the right corner of the mouth is than the left."""
    return along("y", "cheilion_right", "cheilion_left")(p)


def circumference(p: Points) -> float:
    """The perimeter of the head, seen from above, at a band from above the eyebrows to the occiput."""
    head = load_head()
    band = np.abs(head.vertices[:, 1] - 0.27 - 0.08 * head.vertices[:, 2]) < 0.09
    skin = np.isin(np.arange(len(band)), head.vertices_of(Part.SKIN)) & (head.ear < 0.3)
    around = np.array([p[f"#{number}"] for number in head.source[band & skin]])
    return float(ConvexHull(around[:, [0, 2]]).area)  # in two dimensions, "area" is the perimeter


def cephalic_index(p: Points) -> float:
    """The head's width in percent of its length, both above the ears."""
    return 100 * -2 * float(p["#1008"][0]) / along("z", "glabella", "#962")(p)


def vault_height(p: Points) -> float:
    """The height of the vertex above the glabella in percent of the head's width."""
    return 100 * along("y", "#881", "glabella")(p) / (-2 * float(p["#1008"][0]))


def forehead_inclination(p: Points) -> float:
    """The inclination of the forehead to the vertical, degrees."""
    return float(np.degrees(np.arctan2(along("z", "glabella", "trichion")(p), along("y", "trichion", "glabella")(p))))


def convexity(p: Points) -> float:
    """How far the base of the nose stands out from the line between glabella and chin."""
    part = along("y", "glabella", "subnasale")(p) / along("y", "glabella", "pogonion")(p)
    return along("z", "subnasale", "glabella")(p) + part * along("z", "glabella", "pogonion")(p)


def taper(p: Points) -> float:
    """The width of the jaw in percent of that of the forehead."""
    return 100 * width("gonion")(p) / width("frontotemporale")(p)


def forehead_extent(p: Points) -> float:
    """The forehead's height plus its width."""
    return distance("trichion", "nasion")(p) + width("frontotemporale")(p)


def facial_extent(p: Points) -> float:
    """The face's height plus its width."""
    return distance("nasion", "gnathion")(p) + width("zygion")(p)


def neck_width(p: Points) -> float:
    """The width of the neck below the jaw."""
    return float(-2 * p["#819"][0])


def neck_flare(p: Points) -> float:
    """How much wider the neck is at its base than below the ears."""
    return float(2 * (p["#817"] - p["#821"])[0])


def heaviness(p: Points) -> float:
    """Thickness of the lips plus width of nose and jaw."""
    lips = distance("labiale_superius", "stomion_superius")(p) + distance("labiale_inferius", "stomion_inferius")(p)
    return lips + width("alare")(p) + width("gonion")(p)


def fissure_height(side: str) -> Measure:
    return along("y", f"palpebrale_superius_{side}", f"palpebrale_inferius_{side}")


def droop(p: Points) -> float:
    """How much higher the right palpebral fissure is than the left."""
    return fissure_height("right")(p) - fissure_height("left")(p)


def fissure_extent(p: Points) -> float:
    """Length plus height of the palpebral fissure."""
    return distance("exocanthion_right", "endocanthion_right")(p) + fissure_height("right")(p)


def almond(p: Points) -> float:
    """How much higher the palpebral fissure is laterally than medially."""
    heights = (p[f"upper_lid_{half}_right"][1] - p[f"lower_lid_{half}_right"][1] for half in ("lateral", "medial"))
    return float(next(heights) - next(heights))


def notch(p: Points) -> float:
    """How far the margin of the lower lid dips between its middle and lateral third."""
    return float((p["palpebrale_inferius_right"] + p["lower_lid_lateral_right"])[1] / 2 - p["#41"][1])


def vermilion(p: Points) -> float:
    """The height of both lips."""
    lips = (distance(f"labiale_{lip}", f"stomion_{lip}")(p) for lip in ("superius", "inferius"))
    return sum(lips)


def ridge(p: Points) -> float:
    """How far the middle of the nasal ridge lies in front of the line from its root to the tip."""
    (_, y0, z0), (_, y, z), (_, y1, z1) = p["sellion"], p["rhinion"], p["pronasale"]
    return float(z - (z0 + (z1 - z0) * (y0 - y) / (y0 - y1)))


def ear_rotation(p: Points) -> float:
    """How far the ear leans backwards, degrees."""
    _, y, z = p["superaurale_right"] - p["subaurale_right"]
    return float(np.degrees(np.arctan2(-z, y)))


# HPO id -> what its definition measures (mm, degrees, percent), and the minimum change for 2 SD in the term's direction.
MEASURES: Mapping[str, tuple[Measure, float]] = {
    "HP:0000316": (width("endocanthion"), 4),
    "HP:0000601": (width("endocanthion"), -4),
    "HP:0000582": (slant, 3),
    "HP:0000494": (slant, -3),
    "HP:0000637": (distance("exocanthion_right", "endocanthion_right"), 1.5),
    "HP:0012745": (distance("exocanthion_right", "endocanthion_right"), -1.5),
    "HP:0000286": (fold, 2),
    "HP:0000508": (along("y", "palpebrale_superius_right", "palpebrale_inferius_right"), -1.5),
    "HP:0000520": (along("z", "pupil_right", "zygion_right"), 2.5),
    "HP:0000490": (along("z", "pupil_right", "zygion_right"), -2.5),
    "HP:0000426": (bridge, 1.5),
    "HP:0005280": (bridge, -1.5),
    "HP:0000431": (width("maxillofrontale"), 2),
    "HP:0000446": (width("maxillofrontale"), -2),
    "HP:0000463": (along("y", "pronasale", "alare_right"), 2),
    "HP:0000455": (along("x", "#292", "pronasale"), -1.2),
    "HP:0000414": (along("x", "#292", "pronasale"), -1.2),
    "HP:0000445": (width("alare"), 4),
    "HP:0000460": (width("alare"), -4),
    "HP:0003189": (distance("nasion", "subnasale"), 3),
    "HP:0003196": (distance("nasion", "subnasale"), -3),
    "HP:0000430": (width("subalare"), -2),
    "HP:0000343": (distance("subnasale", "labiale_superius"), 2),
    "HP:0000322": (distance("subnasale", "labiale_superius"), -2),
    "HP:0002002": (groove, 0.4),
    "HP:0000319": (groove, -0.4),
    "HP:0000215": (distance("labiale_superius", "stomion_superius"), 2),
    "HP:0000219": (distance("labiale_superius", "stomion_superius"), -1.8),
    "HP:0000179": (distance("labiale_inferius", "stomion_inferius"), 2),
    "HP:0000154": (width("cheilion"), 4.5),
    "HP:0000160": (width("cheilion"), -4.5),
    "HP:0002714": (along("y", "cheilion_right", "stomion_superius"), -1.5),
    "HP:0000194": (along("y", "stomion_superius", "stomion_inferius"), 4),
    "HP:0000303": (along("z", "pogonion", "subnasale"), 4),
    "HP:0000347": (along("z", "pogonion", "subnasale"), -4),
    "HP:0000307": (width("mentale"), -4),
    "HP:0000369": (along("y", "otobasion_superius_right", "exocanthion_right"), -5),
    "HP:0000400": (distance("superaurale_right", "subaurale_right"), 5),
    "HP:0400005": (distance("superaurale_right", "subaurale_right"), -5),
    "HP:0000411": (along("x", "tragion_right", "postaurale_right"), 4),
    "HP:0000348": (distance("trichion", "nasion"), 5),
    "HP:0000337": (width("frontotemporale"), 3),
    "HP:0000341": (width("frontotemporale"), -3),
    "HP:0000293": (along("z", "buccale_right", "nasion"), 2.5),
    "HP:0000272": (along("z", "malar_right", "exocanthion_right"), -1.5),
    "HP:0000276": (proportion, 3),
    "HP:0000311": (proportion, -4),
    "HP:0000256": (circumference, 20),
    "HP:0000252": (circumference, -20),
    "HP:0011220": (along("z", "metopion", "glabella"), 4),
    "HP:0000340": (forehead_inclination, 4),
    "HP:0002007": (along("z", "#5190", "metopion"), 3),
    "HP:0000248": (cephalic_index, 6),
    "HP:0000268": (cephalic_index, -6),
    "HP:0000262": (vault_height, 5),
    "HP:0000243": (along("z", "#5190", "metopion"), -3),
    "HP:0001357": (along("z", "frontotemporale_left", "frontotemporale_right"), 6),
    "HP:0000336": (along("z", "superciliare_right", "exocanthion_right"), 2.5),
    "HP:0009891": (along("z", "superciliare_right", "exocanthion_right"), -2.5),
    "HP:0012371": (along("z", "alar_groove_right", "nasion"), 2.5),
    "HP:0430028": (along("z", "alar_groove_right", "nasion"), 2.5),
    "HP:0011800": (along("z", "alar_groove_right", "nasion"), -2.5),
    "HP:0000327": (along("z", "alar_groove_right", "nasion"), -2.5),
    "HP:0012368": (convexity, -4),
    "HP:0000278": (along("z", "pogonion", "subnasale"), -4),
    "HP:0000283": (width("zygion"), 8),
    "HP:0000275": (width("zygion"), -8),
    "HP:0012802": (width("gonion"), 9),
    "HP:0012801": (width("gonion"), -9),
    "HP:0000325": (taper, -8),
    "HP:0000321": (taper, 6),
    "HP:0400000": (distance("labiale_inferius", "gnathion"), 4),
    "HP:0000331": (distance("labiale_inferius", "gnathion"), -3),
    "HP:0011822": (width("mentale"), 7),
    "HP:0000280": (heaviness, 10),
    "HP:0000470": (along("y", "gnathion", "#1522"), -12),
    "HP:0000472": (along("y", "gnathion", "#1522"), 12),
    "HP:0000465": (neck_flare, 8),
    "HP:0000475": (neck_width, 8),
    "HP:0005487": (along("z", "metopion", "#5194"), 3),
    "HP:0002057": (along("z", "glabella", "nasion"), 2.5),
    "HP:0002003": (forehead_extent, 7),
    "HP:0000350": (forehead_extent, -7),
    "HP:0025386": (width("frontotemporale"), -5),
    "HP:0011219": (distance("nasion", "gnathion"), -5),
    "HP:0100729": (facial_extent, 10),
    "HP:0000274": (facial_extent, -10),
    "HP:0009938": (along("z", "buccale_right", "nasion"), -2.5),
    "HP:0010751": (along("z", "#5158", "pogonion"), 2),
    "HP:0010669": (along("z", "malar_right", "exocanthion_right"), -1.5),
    "HP:0002678": (along("z", "frontotemporale_left", "frontotemporale_right"), 6),
    "HP:0000267": (along("z", "frontotemporale_left", "frontotemporale_right"), 6),
    "HP:0040194": (circumference, 20),
    "HP:0040195": (circumference, -20),
    "HP:0040196": (circumference, -20),
    "HP:0000324": (unevenness, 2),
    "HP:0010628": (unevenness, 3),
    "HP:0001488": (fissure_height("right"), -1.5),
    "HP:0007687": (droop, 1.5),
    "HP:0000506": (width("endocanthion"), 3.5),
    "HP:0045025": (fissure_height("right"), -2.5),
    "HP:0000581": (fissure_extent, -5),
    "HP:0007874": (almond, 1.2),
    "HP:0000568": (distance("#14683", "#14728"), -3),
    "HP:0000656": (along("y", "palpebrale_inferius_right", "endocanthion_right"), -1.5),
    "HP:0007655": (along("y", "lower_lid_lateral_right", "palpebrale_inferius_right"), -1),
    "HP:0000652": (notch, 1.5),
    "HP:0100540": (along("z", "#191", "zygion_right"), 2),
    "HP:0000448": (along("z", "pronasale", "subnasale"), 2),
    "HP:0000457": (along("z", "rhinion", "exocanthion_right"), -1.5),
    "HP:0005274": (along("z", "pronasale", "subnasale"), 2),
    "HP:0000437": (along("z", "pronasale", "subnasale"), -2),
    "HP:0009765": (along("y", "columella", "alare_right"), -2),
    "HP:0000444": (ridge, 1.5),
    "HP:0011120": (ridge, -1.5),
    "HP:0012811": (along("x", "rhinion", "#162"), 1.2),
    "HP:0000418": (along("x", "rhinion", "#162"), -0.8),
    "HP:0012810": (width("subalare"), 4),
    "HP:0009928": (along("x", "alar_groove_right", "alare_right"), 1),
    "HP:0012471": (vermilion, 4),
    "HP:0000233": (vermilion, -4),
    "HP:0010282": (distance("labiale_inferius", "stomion_inferius"), -1.5),
    "HP:0010805": (along("y", "cheilion_right", "stomion_superius"), 1.5),
    "HP:0000289": (width("crista_philtri"), 3),
    "HP:0000232": (along("z", "labiale_inferius", "sublabiale"), 1.5),
    "HP:0010804": (along("y", "stomion_superius", "cheilion_right"), 2),
    "HP:0000207": (along("y", "stomion_superius", "cheilion_right"), 2),
    "HP:0002263": (along("y", "crista_philtri_right", "labiale_superius"), 0.8),
    "HP:0000358": (ear_rotation, 10),
    "HP:0008551": (distance("superaurale_right", "subaurale_right"), -10),
    "HP:0000378": (along("x", "tragion_right", "postaurale_right"), 6),
    "HP:0020206": (along("x", "#5653", "#5445"), -2),  # the helix over the scapha
    "HP:0000396": (along("y", "superaurale_right", "otobasion_superius_right"), -3),
    "HP:0009748": (along("y", "otobasion_inferius_right", "subaurale_right"), 3),
    "HP:0000385": (along("y", "otobasion_inferius_right", "subaurale_right"), -1.1),
}

# Terms that the renderer draws and no vertex shows; see test_render.py and test_signs.py.
DRAWN = {id for id, term in terms().items() if term.axis in axes() and axes()[term.axis].drawn}

# Axis -> (measure, standard deviation in percent of the mean): young adults of Farkas LG (ed.), Anthropometry of the Head and
# Face, 2nd ed., Raven Press 1994: en-en 33 +- 2.7 mm, ex-en 31 +- 1.3, al-al 35 +- 2.5, ch-ch 53 +- 3.3, sn-ls 15 +- 2,
# ls-sto 8 +- 1.3, sa-sba 62 +- 3.7, zy-zy 135 +- 5, go-go 100 +- 5.8. Head circumference: WHO Child Growth Standards, at five
# years 51 +- 1.4 cm.
CALIBRATED: Mapping[str, tuple[Measure, float]] = {
    "inner canthal distance": (width("endocanthion"), 8.2),
    "palpebral fissure length": (distance("exocanthion_right", "endocanthion_right"), 4.2),
    "nose width": (width("alare"), 7.1),
    "mouth width": (width("cheilion"), 6.2),
    "philtrum length": (distance("subnasale", "labiale_superius"), 13.3),
    "upper lip vermilion height": (distance("labiale_superius", "stomion_superius"), 16.2),
    "ear size": (distance("superaurale_right", "subaurale_right"), 6.0),
    "head circumference": (circumference, 2.8),
    "face width": (width("zygion"), 3.7),
    "jaw width": (width("gonion"), 5.8),
}

MORPHED = [name for name, axis in axes().items() if not axis.drawn]


@pytest.fixture(scope="module")
def average():
    return points()


def test_every_term_is_measured_or_drawn():
    assert set(MEASURES) | DRAWN == set(terms())
    assert {terms()[id].axis for id in DRAWN} == {name for name, axis in axes().items() if axis.drawn}


@pytest.mark.parametrize("id", MEASURES, ids=lambda id: terms()[id].label)
def test_severity_changes_the_measure_in_the_direction_of_the_term(id, average):
    measure, threshold = MEASURES[id]
    term = terms()[id]
    one, two = (measure(points({term.axis: term.sign * severity})) - measure(average) for severity in (1, 2))
    assert two / threshold > 1
    assert two / one == pytest.approx(2, rel=0.12)  # about linear


@pytest.mark.parametrize("name", CALIBRATED)
def test_one_unit_is_about_a_standard_deviation(name, average):
    measure, percent = CALIBRATED[name]
    deviation = (measure(points({name: 1.0})) - measure(points({name: -1.0}))) / 2
    assert deviation == pytest.approx(percent / 100 * measure(average), rel=0.15)


@pytest.mark.parametrize("name", MORPHED)
def test_skin_is_not_inverted_at_three_standard_deviations(name):
    for value in (-3.0, 3.0):
        assert inverted_fraction(shape(load_head(), average_patient({name: value}), {})) < 0.003


def inverted_fraction(vertices):
    """Return the fraction of the skin area whose triangles face the opposite direction in the neutral head."""
    head = load_head()
    skin = head.triangles[head.part == Part.SKIN]
    before, after = (np.cross(v[skin[:, 1]] - v[skin[:, 0]], v[skin[:, 2]] - v[skin[:, 0]]) for v in (head.vertices, vertices))
    area = np.linalg.norm(before, axis=1)
    return area[(before * after).sum(axis=1) < 0].sum() / area.sum()


def test_axes_are_symmetric(average):
    for name in MORPHED:
        if "left" not in axes()[name].ends:
            moved = points({name: 2.0})
            right, left = moved["exocanthion_right"], moved["exocanthion_left"]
            np.testing.assert_allclose(left, right * [-1, 1, 1], atol=0.05)
            right, left = moved["cheilion_right"], moved["cheilion_left"]
            np.testing.assert_allclose(left, right * [-1, 1, 1], atol=0.05)


@pytest.mark.parametrize("name", ["facial asymmetry", "facial palsy"])
def test_one_sided_axes_act_on_the_patients_side(name, average):
    left, right = (points({name: 2.0}, side=side) for side in (1.0, -1.0))
    for place in ("cheilion", "alare"):
        np.testing.assert_allclose(left[f"{place}_left"], right[f"{place}_right"] * [-1, 1, 1], atol=0.3)
    assert left["cheilion_left"][1] < left["cheilion_right"][1] - 1


def test_fissure_length_does_not_move_the_eyeballs():
    head = load_head()
    eyes = head.vertices_of(Part.EYE_LEFT, Part.EYE_RIGHT)
    long = shape(head, average_patient({"palpebral fissure length": 3.0}), {})
    np.testing.assert_allclose(long[eyes], shape(head, average_patient(), {})[eyes], atol=1e-6)


def test_all_referenced_morphs_exist():
    named = {name for axis in (*axes().values(), *traits().values()) for end in axis.ends.values() for name in end}
    assert named <= set(load_head().morphs)
    assert all(axis.ends for axis in axes().values() if not axis.drawn)


@pytest.mark.parametrize("name", traits())
def test_the_ends_of_every_trait_differ(name):
    person = average_patient()
    average = shape(load_head(), person, {})
    low, high = (shape(load_head(), replace(person, traits={**person.traits, name: v}), {}) - average for v in (-2.0, 2.0))
    sizes = [np.linalg.norm(moved) for moved in (low, high)]
    assert min(sizes) > 0.02
    assert (low * high).sum() / np.prod(sizes) < 0.5
