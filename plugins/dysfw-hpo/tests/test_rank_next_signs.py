"""Which signs ``dysfw rank`` proposes to examine next."""

import numpy as np
import pytest
from dysfw_hpo.data import load_hpo
from dysfw_hpo.evidence import Hpo
from dysfw_hpo.profiles import load_profiles
from dysfw_hpo.rank.catalog import Catalog
from dysfw_hpo.rank.next_signs import NextSign, next_signs
from dysfw_hpo.rank.of_one_sex import SIGNS_OF, of_other_sex
from dysfw_hpo.rank.patient import RankedPatient, rank_patient
from dysfw_hpo.rank.prior import Prior, uniform_prior
from dysfw_hpo.rank.ranking import posterior_of

from dysfw.plugin import PatientRecord

DE_LANGE, WILLIAMS, DOWN = "OMIM:122470", "OMIM:194050", "OMIM:190685"
SIGNS = ("Long philtrum", "Synophrys", "Short foot", "Hirsutism", "Long eyelashes")


@pytest.fixture(scope="module")
def catalog() -> Catalog:
    return Catalog(load_hpo(), load_profiles())


def ranked(catalog, observed=(), excluded=(), sex=None) -> RankedPatient:
    record = PatientRecord(tuple(observed), tuple(excluded), sex=sex)
    return rank_patient(catalog, record, Hpo().interpret(record), prior=uniform_prior(catalog))


def proposed(catalog, ids: dict[str, float], record: PatientRecord, number: int = 5) -> list[NextSign]:
    """The signs that are proposed if only some diseases are possible."""
    probabilities = np.zeros(len(catalog))
    probabilities[[catalog.number_of[id] for id in ids]] = list(ids.values())
    prior, evidence = Prior("some", probabilities), Hpo()

    def rerank(records):
        return posterior_of(np.nan_to_num(evidence.log_likelihood(records, catalog.conditions).astype(np.float64)), prior)

    return next_signs(catalog, rerank([record])[0], evidence.interpret(record).signs, rerank, number)


def entropy(p) -> float:
    p = p[p > 0]
    return float(-(p * np.log2(p)).sum())


@pytest.mark.parametrize(("observed", "excluded"), [(SIGNS, ("Ptosis",)), (("Synophrys",), ()), ((), ("Ptosis",))])
def test_the_bits_are_those_by_which_this_ranking_becomes_clearer(catalog, observed, excluded):
    result = ranked(catalog, observed, excluded)
    now, profiles = result.ranking.posterior, catalog.profiles
    assert len(result.next_signs) == 5
    for one in result.next_signs:
        present = ranked(catalog, (*observed, one.id), excluded).ranking.posterior
        absent = ranked(catalog, observed, (*excluded, one.id)).ranking.posterior
        position = catalog.data.ontology.position[one.id]
        column = profiles.frequency[catalog.first][:, [position]].toarray().ravel()
        probability = float(now @ np.maximum(column, profiles.background[position]))
        assert one.probability == pytest.approx(probability, abs=1e-4)
        expected = entropy(now) - one.probability * entropy(present) - (1 - one.probability) * entropy(absent)
        assert one.information == pytest.approx(expected, abs=1e-3)
        if one.if_present:
            assert one.if_present[0] == int((present - now).argmax())
    bits = [one.information for one in result.next_signs]
    assert bits == sorted(bits, reverse=True)
    assert bits[-1] > 0


def test_what_was_assessed_or_follows_from_it_is_not_proposed(catalog):
    ids = {DE_LANGE: 0.5, WILLIAMS: 0.5}
    record = PatientRecord(("HP:0000664",), ("HP:0000478",))  # Synophrys; no abnormality of the eye
    ontology = catalog.data.ontology
    without = {one.id for one in proposed(catalog, ids, PatientRecord(), 100)}
    found = {one.id for one in proposed(catalog, {DE_LANGE: 0.05, WILLIAMS: 0.95}, record, 100)}
    implied = {"HP:0000664", *ontology.ancestors("HP:0000664"), "HP:0000478", *ontology.descendants("HP:0000478")}
    assert without & implied
    assert found
    assert not found & implied
    assert not any(found & {*ontology.ancestors(id)} for id in found)
    assert all(ontology.is_sign(id) and not ontology.name(id).startswith("Abnormal") for id in found)


def test_the_next_sign_separates_the_diseases_that_are_left(catalog):
    (best,) = proposed(catalog, {DE_LANGE: 0.5, DOWN: 0.5}, PatientRecord(), 1)
    assert best.if_present in {(catalog.number_of[DE_LANGE],), (catalog.number_of[DOWN],)}
    assert 0.4 < best.information < 1  # bits, of the 1 bit that is open


def test_if_the_disease_is_certain_no_sign_is_proposed(catalog):
    assert proposed(catalog, {DE_LANGE: 1}, PatientRecord(("Synophrys",))) == []


def test_signs_of_the_other_sex_are_not_proposed(catalog):
    ontology, record = catalog.data.ontology, ("Infertility", "Delayed puberty")
    male, female = (of_other_sex(ontology, sex) for sex in ("female", "male"))
    found = {sex: {one.id for one in ranked(catalog, record, sex=sex).next_signs} for sex in (None, "female", "male")}
    assert not any(male[ontology.position[id]] for id in found["female"])
    assert not any(female[ontology.position[id]] for id in found["male"])
    assert any((male | female)[ontology.position[id]] for id in found[None])
    assert all(len(ids) == 5 for ids in found.values())


def test_each_sign_of_one_sex_is_in_the_release_and_belongs_to_one(catalog):
    ontology = catalog.data.ontology
    assert all(id in ontology for ids in SIGNS_OF.values() for id in ids)
    of = {sex: of_other_sex(ontology, other) for sex, other in (("male", "female"), ("female", "male"))}
    assert not (of["male"] & of["female"]).any()
    assert not of_other_sex(ontology, None).any()
    for sex, name in (("male", "Hypospadias"), ("male", "Cryptorchidism"), ("female", "Primary amenorrhea")):
        assert of[sex][ontology.position[catalog.data.names.find(name).id]]
