"""Typical faces: which signs are shown, and the images."""

from __future__ import annotations

import os
import threading
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
from dysfw_phantom.condition import shipped_conditions
from dysfw_phantom.published.annotations import annotated_diseases
from dysfw_phantom.published.hpo import hpo_terms, is_facial
from dysfw_phantom.terms import terms
from dysfw_phantom.typical.candidates import ENOUGH, MIN_COUNTED, facial_signs
from dysfw_phantom.typical.generator import AGES, TypicalFaces
from dysfw_phantom.typical.opposites import exclude, opposites, stated_opposites

from dysfw.plugin import ConditionIds, ConditionSign, DysfwError, GeneratedFace

SOME = ConditionIds("some condition", ("OMIM:000001",))
LONG_PHILTRUM, SHORT_PHILTRUM = ("HP:0000343", "Long philtrum"), ("HP:0000322", "Short philtrum")
HYPERTELORISM, PTOSIS = ("HP:0000316", "Hypertelorism"), ("HP:0000508", "Ptosis")
THICK_BROW = ("HP:0000574", "Thick eyebrow")
CLEFT, GREY = ("HP:0000204", "Cleft upper lip"), ("HP:0002216", "Premature graying of hair")
FREQUENT = (
    HYPERTELORISM,
    PTOSIS,
    ("HP:0000154", "Wide mouth"),
    ("HP:0000411", "Protruding ear"),
)


def _sign(term: tuple[str, str], frequency: float | None, source: str = "") -> ConditionSign:
    return ConditionSign(term[0], term[1], frequency, source, facial=True)


def _face(signs: Sequence[ConditionSign], number: int = 0, size: int = 64, **known: object) -> GeneratedFace:
    face = TypicalFaces().generate(SOME, signs, number=number, size=size, **known)  # type: ignore[arg-type]
    assert face is not None
    return face


def _annotated(disease: str) -> list[ConditionSign]:
    """The signs of a disease in HPO's annotations, as an ontology states them."""
    return [
        ConditionSign(
            sign.term,
            hpo_terms()[sign.term].label,
            sign.frequency if sign.stated else None,
            f"{sign.present} of {sign.patients}" if sign.patients else "",
            is_facial(sign.term),
        )
        for sign in annotated_diseases()[disease].signs
    ]


def test_the_same_arguments_give_the_same_face_whatever_the_order_of_signs() -> None:
    signs = _annotated("OMIM:122470")
    one, other = _face(signs, 3), _face(signs[::-1], 3)
    assert np.array_equal(one.pixels, other.pixels)
    assert set(one.shown) == set(other.shown)


def test_numbers_ages_sexes_and_conditions_give_different_faces() -> None:
    signs = [_sign(HYPERTELORISM, 0.9)]
    faces = [_face(signs, 0), _face(signs, 1), _face(signs, 2), _face(signs, 1, age=60.0), _face(signs, 1, sex="female")]
    faces.append(_face(signs, 1, sex="male"))
    other = TypicalFaces().generate(ConditionIds("another"), signs, number=0, size=64)
    assert other is not None
    assert len({face.pixels.tobytes() for face in [*faces, other]}) == len(faces)  # the first of two sexes is that of any


@pytest.mark.parametrize("disease", ["OMIM:122470", "OMIM:147920", "OMIM:154500"])
def test_shown_and_not_shown_are_all_facial_signs_that_patients_have(disease: str) -> None:
    signs = _annotated(disease)
    names = sorted(sign.name for sign in signs if sign.facial and sign.frequency != 0)
    for number in range(3):
        face = _face(signs, number)
        assert sorted(face.shown + face.not_shown) == names
        assert face.shown


def test_the_most_typical_face_shows_what_at_least_half_of_the_patients_have() -> None:
    face = _face([_sign(HYPERTELORISM, 0.5), _sign(PTOSIS, 0.49), _sign(CLEFT, 0.9)])
    assert face.shown == ("Hypertelorism",)
    assert face.not_shown == ("Cleft upper lip", "Ptosis")


def test_without_a_frequent_sign_the_most_frequent_one_is_shown() -> None:
    assert _face([_sign(HYPERTELORISM, 0.1), _sign(PTOSIS, 0.2)]).shown == ("Ptosis",)


def test_signs_are_drawn_as_often_as_patients_have_them() -> None:
    signs = [_sign(HYPERTELORISM, 0.8), _sign(PTOSIS, 0.2), _sign(THICK_BROW, 1.0)]
    faces = [_face(signs, number) for number in range(1, 151)]
    for name, expected in (("Hypertelorism", 0.8), ("Ptosis", 0.2), ("Thick eyebrow", 1.0)):
        assert np.mean([name in face.shown for face in faces]) == pytest.approx(expected, abs=0.11)


def test_unknown_frequencies_count_less_beside_enough_known_ones() -> None:
    unknown = _sign(THICK_BROW, None)
    assert "Thick eyebrow" in _face([_sign(HYPERTELORISM, 0.9), unknown]).shown
    known = [_sign(term, 0.9, f"{9 * MIN_COUNTED} of {10 * MIN_COUNTED}") for term in FREQUENT[:ENOUGH]]
    assert "Thick eyebrow" not in _face([*known, unknown]).shown
    assert "Thick eyebrow" not in _face([*known, _sign(THICK_BROW, 0.67, "1 of 1")]).shown
    assert "Thick eyebrow" in _face([*known, _sign(THICK_BROW, 0.9, "1,046 of 1,100")]).shown


def test_opposite_signs_are_never_in_one_face() -> None:
    signs = [_sign(LONG_PHILTRUM, 0.8), _sign(SHORT_PHILTRUM, 0.7), _sign(HYPERTELORISM, 0.9)]
    assert _face(signs).shown == ("Hypertelorism", "Long philtrum")
    shown = [set(_face(signs, number).shown) & {"Long philtrum", "Short philtrum"} for number in range(1, 60)]
    assert all(len(both) <= 1 for both in shown)
    assert {"Long philtrum"} in shown
    assert {"Short philtrum"} in shown


def test_equally_frequent_opposites_leave_the_most_typical_face_as_it_is() -> None:
    signs = [_sign(LONG_PHILTRUM, 0.8), _sign(SHORT_PHILTRUM, 0.8), _sign(HYPERTELORISM, 0.9)]
    assert _face(signs).shown == ("Hypertelorism",)


@pytest.mark.parametrize("disease", ["OMIM:147920", "OMIM:154500", "OMIM:194050"])
def test_no_face_of_a_disease_contradicts_itself(disease: str) -> None:
    signs = _annotated(disease)
    known = {one.name: one.terms for one in facial_signs(SOME, signs, AGES).candidates}
    for number in range(6):
        shown = [known[name] for name in _face(signs, number).shown if name in known]
        assert not any(exclude(one, other) for one in shown for other in shown)


def test_a_more_general_sign_is_shown_by_a_more_specific_one() -> None:
    general = ConditionSign("HP:0000377", "Abnormal pinna morphology", 0.3, "", facial=True)
    assert set(_face([_sign(("HP:0000400", "Macrotia"), 0.9), general]).shown) == {"Macrotia", "Abnormal pinna morphology"}


def test_signs_of_adults_are_not_shown_in_children() -> None:
    signs = [_sign(GREY, 0.9), _sign(HYPERTELORISM, 0.9)]
    assert "Premature graying of hair" in _face(signs, age=40.0).shown
    assert "Premature graying of hair" in _face(signs, age=6.0).not_shown


def test_a_condition_without_signs_to_draw_has_no_face() -> None:
    hidden = [_sign(CLEFT, 0.9), ConditionSign("HP:0001627", "Abnormal heart morphology", 0.9, "", facial=False)]
    for signs in ([], hidden, [_sign(HYPERTELORISM, 0.0)]):
        assert TypicalFaces().generate(SOME, signs, number=0, size=64) is None
    assert TypicalFaces().generate(ConditionIds("phantom-unaffected"), hidden, number=0, size=64) is None


def test_a_phantom_condition_is_drawn_by_its_own_definition() -> None:
    own = shipped_conditions()["phantom-kabuki-syndrome"]
    face = TypicalFaces().generate(ConditionIds(own.label), [_sign(HYPERTELORISM, 1.0)], number=0, size=64)
    assert face is not None
    assert set(face.shown) >= {terms()[one.term].label for one in own.terms if one.frequency >= 0.5}
    assert sorted(face.shown + face.not_shown) == sorted(terms()[one.term].label for one in own.terms)


@pytest.mark.parametrize("size", [64, 256, 512])
def test_a_face_has_the_size_that_was_asked_for(size: int) -> None:
    pixels = _face([_sign(HYPERTELORISM, 0.9)], size=size).pixels
    assert pixels.shape == (size, size, 3)
    assert pixels.dtype == np.uint8
    assert pixels.std() > 20  # a face before a plain background


def test_a_sign_changes_the_face_where_it_is() -> None:
    wide, narrow = (
        _face([_sign(term, 1.0)], size=256).pixels.astype(int) for term in (HYPERTELORISM, ("HP:0000601", "Hypotelorism"))
    )
    change = np.abs(wide - narrow).mean((1, 2))
    assert change[105:140].mean() > 4 * change[170:].mean()  # the eyes, and mouth and chin


@pytest.mark.parametrize(("number", "size", "message"), [(-1, 64, "-1"), (0, 8, "8 px"), (0, 5000, "5000 px")])
def test_what_cannot_be_drawn_is_refused(number: int, size: int, message: str) -> None:
    with pytest.raises(DysfwError, match=message):
        _face([_sign(HYPERTELORISM, 0.9)], number, size)


def test_any_age_can_be_drawn() -> None:
    for age in (0.0, 0.5, 2.0, 110.0):
        assert _face([_sign(HYPERTELORISM, 0.9)], age=age).shown


def test_four_threads_draw_what_one_draws() -> None:
    signs = _annotated("OMIM:163950")
    expected = [_face(signs, number, 128).pixels for number in range(8)]
    generator, ready = TypicalFaces(), threading.Barrier(4)

    def draw(number: int) -> np.ndarray:
        if number < 4:
            ready.wait(30)  # all begin at once
        face = generator.generate(SOME, signs, number=number, size=128)
        assert face is not None
        return face.pixels

    with ThreadPoolExecutor(4) as pool:
        drawn = list(pool.map(draw, range(8)))
    assert all(np.array_equal(one, other) for one, other in zip(drawn, expected, strict=True))


def test_drawing_writes_no_file_and_leaves_random_numbers_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    _face([_sign(HYPERTELORISM, 0.9)])  # compiles, which fills numba's cache
    monkeypatch.chdir(tmp_path)
    cache = Path(os.environ["NUMBA_CACHE_DIR"])
    before = sorted(cache.rglob("*"))
    np.random.seed(5)  # the state of the process, which must stay as it is
    state = np.random.get_state()[1]
    _face([_sign(HYPERTELORISM, 0.9)], 4)
    assert np.array_equal(np.random.get_state()[1], state)
    assert list(tmp_path.iterdir()) == []
    assert sorted(cache.rglob("*")) == before


def test_stated_opposites_are_terms_of_phantoms_by_their_labels() -> None:
    for line in stated_opposites():
        assert len(line) > 1
        for id, label in line:
            assert terms()[id].label == label


def test_both_ends_of_an_axis_exclude_each_other() -> None:
    assert SHORT_PHILTRUM[0] in opposites()[LONG_PHILTRUM[0]]
    assert LONG_PHILTRUM[0] in opposites()[SHORT_PHILTRUM[0]]
    assert all(id in opposites()[other] for id, others in opposites().items() for other in others)
