"""What is used of a record, and what is reported."""

import pytest
from dysfw_hpo.evidence import Hpo
from dysfw_hpo.record_signs import RecordReader
from tiny_release import BROAD, FACE, LONG, PHILTRUM, WIDE

from dysfw.plugin import ConditionIds, PatientRecord


def read(data, observed=(), excluded=()):
    return RecordReader(data).read(PatientRecord(observed=observed, excluded=excluded))


def test_signs_by_id_and_name(tiny):
    found = read(tiny, (LONG, "hypertelorism", ""), ("Broad philtrum", "  "))
    assert [(s.id, s.name, s.status) for s in found.signs] == [
        (LONG, "Long philtrum", "observed"), (WIDE, "Hypertelorism", "observed"), (BROAD, "Broad philtrum", "excluded"),
    ]  # fmt: skip
    assert found.problems == ()


@pytest.mark.parametrize(
    ("text", "code", "used", "message"),
    [
        ("HP:0000010", "obsolete_term", LONG, "former id of Long philtrum (HP:0000343)"),
        ("HP:0009999", "obsolete_term", LONG, "former id of Long philtrum (HP:0000343)"),
        ("HP:0000011", "obsolete_term", None, "it may mean Long philtrum (HP:0000343), Broad philtrum (HP:0000289)"),
        ("HP:0000013", "obsolete_term", None, "it has no successor"),
        ("Very long philtrum", "inexact_synonym", LONG, "means about Long philtrum (HP:0000343)"),
        ("Lip sign", "ambiguous_term", None, "Long philtrum (HP:0000343)"),
        ("Log philtrum", "unknown_term", None, "the closest: Long philtrum (HP:0000343)"),
        ("HP:1234567", "unknown_term", None, "no term of HPO 2025-01-16"),
        ("xqzw", "unknown_term", None, "write an id such as HP:0000343, or a name"),
        ("Autosomal dominant inheritance", "not_a_sign", None, "belongs to 'Mode of inheritance'"),
        ("HP:0000118", "not_a_sign", None, "stands for any sign"),
        ("HP:0000001", "not_a_sign", None, "belongs to 'All'"),
    ],
)
def test_problems(tiny, text, code, used, message):
    found = read(tiny, (text, WIDE))
    assert [sign.id for sign in found.signs] == ([used] if used else []) + [WIDE]
    (problem,) = found.problems
    assert (problem.code, problem.used) == (code, used is not None)
    assert message in problem.message


def test_observed_and_excluded(tiny):
    found = read(tiny, (LONG, WIDE), ("long philtrum",))
    assert [sign.id for sign in found.signs] == [WIDE]
    (problem,) = found.problems
    assert (problem.code, problem.used) == ("contradictory_term", False)


def test_an_excluded_ancestor_of_an_observed_sign(tiny):
    found = read(tiny, (LONG,), (PHILTRUM, BROAD))
    assert [(sign.id, sign.status) for sign in found.signs] == [(LONG, "observed"), (BROAD, "excluded")]
    (problem,) = found.problems
    assert problem.code == "contradictory_term"
    assert "Abnormality of the philtrum (HP:0000288) is excluded, but Long philtrum (HP:0000343)" in problem.message


def test_an_excluded_kind_of_an_observed_sign_is_no_contradiction(tiny):
    assert read(tiny, (PHILTRUM,), (LONG,)).problems == ()


def test_an_observed_term_above_another_one_counts_once(tiny):
    found = read(tiny, (FACE, LONG, PHILTRUM, BROAD))
    assert [sign.id for sign in found.signs] == [LONG, BROAD]
    assert [(p.code, p.used) for p in found.problems] == [("implied_term", True)] * 2
    assert "Abnormality of the philtrum (HP:0000288) follows from" in found.problems[1].message


def test_an_excluded_term_below_another_one_counts_once(tiny):
    found = read(tiny, (WIDE,), (LONG, PHILTRUM, BROAD))
    assert [(sign.id, sign.status) for sign in found.signs] == [(WIDE, "observed"), (PHILTRUM, "excluded")]
    assert [(p.code, p.used) for p in found.problems] == [("implied_term", True)] * 2
    assert "is a kind of Abnormality of the philtrum (HP:0000288), which is also excluded" in found.problems[0].message


def test_an_excluded_term_that_contradicts_implies_nothing(tiny):
    """The excluded philtrum is wrong, since a kind of it is observed; so it does not explain why broad is excluded."""
    found = read(tiny, (LONG,), (PHILTRUM, BROAD))
    assert [(sign.id, sign.status) for sign in found.signs] == [(LONG, "observed"), (BROAD, "excluded")]
    assert [p.code for p in found.problems] == ["contradictory_term"]


@pytest.mark.parametrize("status", ["observed", "excluded"])
def test_implied_terms_change_no_likelihood(hpo, status):
    """Long and broad philtrum, with all terms above them (observed) or below them (excluded)."""
    conditions = [ConditionIds("kabuki", ("OMIM:147920",)), ConditionIds("williams", ("OMIM:194050",))]
    own = ("HP:0000343", "HP:0000316")
    if status == "observed":
        more = tuple(one for id in own for one in hpo.ontology.ancestors(id) if hpo.ontology.is_sign(one))
        records = [PatientRecord(own), PatientRecord((*more, *own))]
    else:
        own = ("HP:0000288",)
        records = [PatientRecord(("HP:0000316",), own), PatientRecord(("HP:0000316",), ("HP:0000343", "HP:0000289", *own))]
    first, second = Hpo().log_likelihood(records, conditions)
    assert first.tolist() == second.tolist()


def test_duplicates_count_once(tiny):
    found = read(tiny, (LONG, "Long philtrum", "HP:0009999"))
    assert [sign.id for sign in found.signs] == [LONG]
    assert [(p.code, p.used) for p in found.problems] == [
        ("duplicate_term", True), ("obsolete_term", True), ("duplicate_term", True),
    ]  # fmt: skip


def test_three_hundred_signs(hpo):
    above = {one for id in hpo.ontology.ids for one in hpo.ontology.ancestors(id)}
    ids = [id for id in hpo.ontology.ids if hpo.ontology.is_sign(id) and id not in above][:300]
    assert len(read(hpo, tuple(ids)).signs) == 300


def test_three_hundred_unknown_signs(hpo):
    """Each is reported; the closest terms are searched for the first ones only, so that it takes less than a second or two."""
    found = read(hpo, tuple(f"Log philtrum {n}" for n in range(300)))
    assert len(found.problems) == 300
    assert sum("the closest" in problem.message for problem in found.problems) == 20


def test_long_and_odd_texts_are_quoted_briefly(tiny):
    (problem,) = read(tiny, ("\x1b[31m" + "x" * 10_000,)).problems
    assert len(problem.message) < 250
    assert "\x1b" not in problem.message
