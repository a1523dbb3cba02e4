"""Ground truth of images."""

import numpy as np
import pyarrow.parquet as pq
import pytest
from dysfw_phantom.condition import shipped_conditions
from dysfw_phantom.dataset import make_dataset
from dysfw_phantom.effects import Effects
from dysfw_phantom.phantom import capture, make_phantom
from dysfw_phantom.spec import parse_spec
from dysfw_phantom.spec_config import RandomTerms
from dysfw_phantom.terms import find_term
from dysfw_phantom.truth import truth_row
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
  - {condition: phantom-unaffected, patients: 6, images: 2, effects: {border: 7, software: Camera 3}}
  - {condition: phantom-noonan-syndrome, patients: 12}
"""
UNAFFECTED = "phantom-unaffected"


@pytest.fixture(scope="module")
def dataset_folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("truth") / "set"
    make_dataset(parse_spec(SPEC, "truth.yaml", None), folder, 1, Silent())
    return folder


@pytest.fixture(scope="module")
def rows(dataset_folder):
    return pq.read_table(dataset_folder / "truth.parquet").to_pylist()


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


def test_rows_are_in_the_order_of_the_manifest(dataset_folder, rows):
    lines = (dataset_folder / "manifest.csv").read_text().splitlines()[1:]
    assert [row["path"] for row in rows] == [line.split(",")[0] for line in lines]


def test_the_schema_contains_format_and_note(dataset_folder):
    metadata = pq.read_schema(dataset_folder / "truth.parquet").metadata
    assert metadata[b"format"] == b"dysfw.phantom.truth/1"
    assert b"no real people" in metadata[b"note"]
    assert b"Research use only" in metadata[b"note"]


def test_terms_are_those_of_the_condition_scaled_by_the_spec(rows):
    mean = {term.term: term.severity[0] for term in shipped_conditions()["phantom-noonan-syndrome"].terms}
    for row in rows:
        present = {name.removeprefix("term:"): v for name, v in row.items() if name.startswith("term:") and v}
        assert set(present) <= (set(mean) if row["label"] == "phantom-noonan-syndrome" else set())
        assert all(0.1 * mean[term] < severity < 1.5 * mean[term] for term, severity in present.items())
    assert sum(row["term:HP:0000316"] > 0 for row in rows) >= 4


def test_attributes_are_the_same_in_all_images_of_a_patient(rows):
    first, second = rows[0], rows[1]
    assert first["patient"] == second["patient"]
    same = [name for name in first if name.startswith(("attribute:", "term:", "appearance:", "patient:"))]
    assert len(same) > 80
    assert all(first[name] == second[name] for name in same)
    assert first["image:yaw"] != second["image:yaw"]


def test_landmarks_and_outlines_match_the_face(rows):
    for row in rows:
        right, left = point(row, "pupil_right"), point(row, "pupil_left")
        assert right[0] < left[0]
        assert point(row, "subnasale")[1] < point(row, "stomion_superius")[1] < point(row, "pogonion")[1]
        face, nose, mouth = (np.reshape(row[f"region:{name}"], (-1, 2)) for name in ("face", "nose", "mouth"))
        centres = np.stack([nose.mean(axis=0), mouth.mean(axis=0), (right + left) / 2])
        assert inside(face, centres).all()


def test_the_pupils_are_dark(dataset_folder, rows):
    """Pupils are the one landmark that is recognisable in every image; compared with the cheek."""
    darker = []
    for row in rows:
        pixels = np.asarray(Pillow.open(dataset_folder / row["path"]).convert("L"), np.float32)
        x, y = point(row, "pupil_right").astype(int)
        cheek = ((point(row, "pupil_right") + point(row, "cheilion_right")) / 2).astype(int)
        darker.append(pixels[y - 1 : y + 2, x - 1 : x + 2].min() < pixels[cheek[1], cheek[0]])
    assert np.mean(darker) > 0.8


def test_a_border_moves_the_landmarks(dataset_folder, rows):
    plain = truth_row(phantom(), capture(phantom(), 0, 128))
    bordered = truth_row(phantom(), capture(phantom(), 0, 128, Effects(border=7)))
    assert point(bordered, "pronasale") == pytest.approx(point(plain, "pronasale") + 7, abs=1e-4)
    assert Pillow.open(dataset_folder / rows[0]["path"]).size == (142, 142)


def test_another_size_scales_the_landmarks():
    small = truth_row(phantom(), capture(phantom(), 0, 128))
    large = truth_row(phantom(), capture(phantom(), 0, 128, Effects(size=256)))
    assert point(large, "pronasale") == pytest.approx(2 * point(small, "pronasale"), abs=0.05)


def test_a_plain_background_does_not_change_the_face():
    plain = capture(phantom(), 0, 128, Effects(background=(120, 150, 170)))
    default = capture(phantom(), 0, 128)
    assert plain.pixels[:6, :6].reshape(-1, 3).std(axis=0).max() < 6
    x, y = truth_row(phantom(), default)["landmark:pronasale:x"], truth_row(phantom(), default)["landmark:pronasale:y"]
    assert np.abs(plain.pixels[int(y), int(x)].astype(int) - default.pixels[int(y), int(x)]).max() <= 2


def test_random_terms_are_of_different_axes_and_in_range():
    config = RandomTerms(count=(2, 5), severity=(1.0, 3.0))
    drawn = [phantom(number=n, random_terms=config).patient.terms for n in range(60)]
    assert {len(terms) for terms in drawn} == {2, 3, 4, 5}
    assert all(len({find_term(term).axis for term in terms}) == len(terms) for terms in drawn)
    assert all(1.0 <= severity <= 3.0 for terms in drawn for severity in terms.values())


def test_ages_are_those_of_the_condition_or_of_the_spec():
    youngest, oldest = shipped_conditions()["phantom-sotos-syndrome"].age
    ages = [phantom("phantom-sotos-syndrome", n).patient.age for n in range(40)]
    assert youngest <= min(ages) < max(ages) <= oldest
    assert all(50 <= phantom(number=n, age=(50, 60)).patient.age <= 60 for n in range(10))


def test_without_natural_variation_unaffected_patients_are_average():
    patient = phantom(natural_variation=0.0).patient
    assert set(patient.axes.values()) == {0.0}
    assert np.std([value for value in phantom(number=1).patient.axes.values() if value]) > 0.5
