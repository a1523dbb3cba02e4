"""What a data set says of its photographs is true of them."""

import numpy as np
import pyarrow.parquet as pq
import pytest
from dysfw_phantom.condition import shipped_conditions
from dysfw_phantom.dataset import make_dataset
from dysfw_phantom.effects import Effects
from dysfw_phantom.phantom import capture, make_phantom
from dysfw_phantom.spec import RandomTerms, parse_spec
from dysfw_phantom.terms import find_term
from dysfw_phantom.truth import describe
from PIL import Image as Pillow

from dysfw.util.progress import Silent

SPEC = """\
version: 1
name: truth
seed: 3
size: 128
file: {format: png}
severity: 0.5
classes:
  - {condition: phantom-unaffected, patients: 6, photographs: 2, effects: {border: 7, software: Camera 3}}
  - {condition: phantom-noonan-syndrome, patients: 12}
"""
UNAFFECTED = "phantom-unaffected"


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    folder = tmp_path_factory.mktemp("truth") / "set"
    make_dataset(parse_spec(SPEC, "truth.yaml", None), folder, 1, Silent())
    return folder


@pytest.fixture(scope="module")
def rows(made):
    return pq.read_table(made / "truth.parquet").to_pylist()


def phantom(condition=UNAFFECTED, number=0, **options):
    return make_phantom(shipped_conditions()[condition], 21, number, **options)


def point(row, name):
    return np.array([row[f"landmark:{name}:x"], row[f"landmark:{name}:y"]])


def inside(polygon, points):
    """Which points lie in a polygon: an odd number of its edges is to the right of them."""
    a, b = polygon[:, None], np.roll(polygon, -1, axis=0)[:, None]
    crosses = (a[..., 1] > points[:, 1]) != (b[..., 1] > points[:, 1])
    slope = (b[..., 0] - a[..., 0]) / np.where(crosses, b[..., 1] - a[..., 1], 1)
    return (crosses & (points[:, 0] < a[..., 0] + slope * (points[:, 1] - a[..., 1]))).sum(axis=0) % 2 == 1


def test_there_is_a_row_for_each_line_of_the_manifest_in_its_order(made, rows):
    lines = (made / "manifest.csv").read_text().splitlines()[1:]
    assert [row["path"] for row in rows] == [line.split(",")[0] for line in lines]


def test_the_schema_says_which_format_it_is_and_that_these_are_no_persons(made):
    metadata = pq.read_schema(made / "truth.parquet").metadata
    assert metadata[b"format"] == b"dysfw.phantom.truth/1"
    assert b"no persons" in metadata[b"note"]
    assert b"Research use only" in metadata[b"note"]


def test_terms_are_those_of_the_condition_and_half_as_strong_where_the_spec_says_so(rows):
    mean = {sign.term: sign.severity[0] for sign in shipped_conditions()["phantom-noonan-syndrome"].terms}
    for row in rows:
        present = {name.removeprefix("term:"): v for name, v in row.items() if name.startswith("term:") and v}
        assert set(present) <= (set(mean) if row["label"] == "phantom-noonan-syndrome" else set())
        assert all(0.1 * mean[term] < severity < 1.5 * mean[term] for term, severity in present.items())
    assert sum(row["term:HP:0000316"] > 0 for row in rows) >= 4


def test_the_attributes_are_the_patients_and_the_same_in_all_their_photographs(rows):
    first, second = rows[0], rows[1]
    assert first["patient"] == second["patient"]
    same = [name for name in first if name.startswith(("attribute:", "term:", "appearance:", "patient:"))]
    assert len(same) > 80
    assert all(first[name] == second[name] for name in same)
    assert first["photograph:yaw"] != second["photograph:yaw"]


def test_landmarks_and_outlines_lie_where_the_face_has_them(rows):
    for row in rows:
        right, left = point(row, "pupil_right"), point(row, "pupil_left")
        assert right[0] < left[0]
        assert point(row, "subnasale")[1] < point(row, "stomion_superius")[1] < point(row, "pogonion")[1]
        face, nose, mouth = (np.reshape(row[f"region:{name}"], (-1, 2)) for name in ("face", "nose", "mouth"))
        middles = np.stack([nose.mean(axis=0), mouth.mean(axis=0), (right + left) / 2])
        assert inside(face, middles).all()


def test_the_pupils_are_dark_where_the_truth_says_that_they_are(made, rows):
    """The one landmark that every picture shows as itself; seen against the mean of the face."""
    darker = []
    for row in rows:
        pixels = np.asarray(Pillow.open(made / row["path"]).convert("L"), np.float32)
        x, y = point(row, "pupil_right").astype(int)
        cheek = ((point(row, "pupil_right") + point(row, "cheilion_right")) / 2).astype(int)
        darker.append(pixels[y - 1 : y + 2, x - 1 : x + 2].min() < pixels[cheek[1], cheek[0]])
    assert np.mean(darker) > 0.8


def test_a_border_moves_the_landmarks_with_the_picture(made, rows):
    plain = describe(phantom(), capture(phantom(), 0, 128))
    bordered = describe(phantom(), capture(phantom(), 0, 128, Effects(border=7)))
    assert point(bordered, "pronasale") == pytest.approx(point(plain, "pronasale") + 7, abs=1e-4)
    assert Pillow.open(made / rows[0]["path"]).size == (142, 142)


def test_another_size_scales_the_landmarks():
    small = describe(phantom(), capture(phantom(), 0, 128))
    large = describe(phantom(), capture(phantom(), 0, 128, Effects(size=256)))
    assert point(large, "pronasale") == pytest.approx(2 * point(small, "pronasale"), abs=0.05)


def test_a_plain_background_is_plain_and_leaves_the_patient_as_they_are():
    plain = capture(phantom(), 0, 128, Effects(background=(120, 150, 170)))
    usual = capture(phantom(), 0, 128)
    assert plain.pixels[:6, :6].reshape(-1, 3).std(axis=0).max() < 6
    x, y = describe(phantom(), usual)["landmark:pronasale:x"], describe(phantom(), usual)["landmark:pronasale:y"]
    assert np.abs(plain.pixels[int(y), int(x)].astype(int) - usual.pixels[int(y), int(x)]).max() <= 2


def test_terms_at_random_are_of_different_axes_and_as_many_as_wanted():
    wanted = RandomTerms(count=(2, 5), severity=(1.0, 3.0))
    drawn = [phantom(number=n, random_terms=wanted).patient.terms for n in range(60)]
    assert {len(terms) for terms in drawn} == {2, 3, 4, 5}
    assert all(len({find_term(term).axis for term in terms}) == len(terms) for terms in drawn)
    assert all(1.0 <= severity <= 3.0 for terms in drawn for severity in terms.values())


def test_ages_are_the_conditions_or_those_that_are_asked_for():
    youngest, oldest = shipped_conditions()["phantom-sotos-syndrome"].age
    ages = [phantom("phantom-sotos-syndrome", n).patient.age for n in range(40)]
    assert youngest <= min(ages) < max(ages) <= oldest
    assert all(50 <= phantom(number=n, age=(50, 60)).patient.age <= 60 for n in range(10))


def test_without_natural_variation_the_unaffected_are_alike():
    patient = phantom(natural_variation=0.0).patient
    assert set(patient.axes.values()) == {0.0}
    assert np.std(list(phantom(number=1).patient.axes.values())) > 0.5
