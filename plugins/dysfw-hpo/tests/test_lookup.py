"""What a page looks up: signs while a person types, conditions, and the ranking of all diseases."""

import json
import sys
import time
from concurrent.futures import ThreadPoolExecutor

import pytest
from dysfw_hpo.lookup.lookup import HpoLookup

from dysfw.cli.main import main
from dysfw.plugin import ConditionIds, DysfwError, PatientRecord, PhenotypeOntology
from dysfw.registry.registry import load_registry

CORNELIA = ConditionIds("cdls", ("MONDO:0007387", "OMIM:122470"))
RECORD = PatientRecord(observed=("Synophrys", "Bushy eyebrows", "Ventricular septal defect"), excluded=("Ptosis",))


@pytest.fixture(scope="module")
def lookup():
    lookup = HpoLookup()
    lookup.load()
    return lookup


def test_the_plugin_registers_the_ontology():
    registry = load_registry()
    (entry,) = [one for one in registry.ontologies if one.plugin.distribution == "dysfw-hpo"]
    assert issubclass(registry.load_ontology(entry), PhenotypeOntology)


@pytest.mark.parametrize(
    ("typed", "name"),
    [
        ("long phil", "Long philtrum"),
        ("phil long", "Long philtrum"),
        ("hyperteloris", "Hypertelorism"),
        ("synoph", "Synophrys"),
        ("ptos", "Ptosis"),
        ("eyebrows bushy", "Thick eyebrow"),
        ("broad to", "Broad toe"),
        ("ear pa", "Ear pain"),
        ("hp343", "Long philtrum"),
        ("HP:343", "Long philtrum"),
        ("HP:000030", "Oval face"),
        ("haemang", "Hemangioblastoma"),
        ("tumou", "Neoplasm"),
        ("behaviou", "Atypical behavior"),
        ("anisocori", "Anisocoria"),
        ("zygom", "Malar flattening"),
        ("synophris", "Synophrys"),
        ("macroglosia", "Macroglossia"),
        ("cleft pal", "Cleft palate"),
        ("epicanth", "Epicanthus"),
        ("low set ears", "Low-set ears"),
        ("LOW-SET EAR", "Low-set ears"),
        ("ptosis", "Ptosis"),
        ("bushy eyebr", "Thick eyebrow"),
        ("widely spaced eyes", "Hypertelorism"),
        ("oedema", "Edema"),
        ("tumour", "Neoplasm"),
        ("hypertelorims", "Hypertelorism"),
        ("broad forhead", "Broad forehead"),
        ("HP:0000664", "Synophrys"),
        ("0000664", "Synophrys"),
        ("hp_0000664", "Synophrys"),
        ("seizure", "Seizure"),
        ("epilepsy", "Seizure"),
    ],
)
def test_typed_letters_find_the_sign(lookup, typed, name):
    assert lookup.search(typed, 12)[0].name == name


def test_a_synonym_that_was_typed_is_named(lookup):
    match = lookup.search("bushy eyebrows", 12)[0]
    assert (match.id, match.synonym) == ("HP:0000574", "Bushy eyebrows")
    assert match.definition
    assert lookup.search("Synophrys", 12)[0].synonym == ""


def test_each_sign_is_found_once_and_terms_of_other_branches_never(lookup):
    found = [match.id for match in lookup.search("a", 500)]
    assert len(found) == len(set(found)) == 500
    assert lookup.search("Autosomal dominant inheritance", 12) == [] or all(
        "inheritance" not in match.name for match in lookup.search("Autosomal dominant inheritance", 12)
    )
    assert lookup.search("HP:0000006", 12) == []


@pytest.mark.parametrize("typed", ["", "   ", "😀", "----", "x" * 10_000])
def test_what_is_no_name_finds_nothing(lookup, typed):
    assert lookup.search(typed, 12) == []


def test_a_search_is_quick(lookup):
    """Typical searches take below 1 ms; the bound leaves room for a machine with other work."""
    typed = ["a", "s", "lo", "abnormality of the", "xqzkv wwyq", "hypertelorims"]
    started = time.perf_counter()
    for text in typed:
        lookup.search(text, 12)
    assert (time.perf_counter() - started) / len(typed) < 0.05


def test_a_condition_is_compared_with_the_record(lookup):
    profile = lookup.profile(CORNELIA, RECORD)
    assert profile.identifiers == ("OMIM:122470", "ORPHA:199", "MONDO:0007387")
    assert "NIPBL" in [gene.symbol for gene in profile.genes]
    signs = {sign.name: sign for sign in profile.signs}
    assert signs["Synophrys"].assessed == "observed"
    assert signs["Synophrys"].facial
    assert signs["Synophrys"].source.endswith("of 49")
    assert signs["Ptosis"].assessed == "excluded"
    assert signs["Long philtrum"].assessed == "not assessed"
    assert not signs["Global developmental delay"].facial
    frequencies = [0.5 if sign.frequency is None else sign.frequency for sign in profile.signs]
    assert frequencies == sorted(frequencies, reverse=True)
    compared = {one.sign.name: one for one in profile.compared}
    assert compared["Synophrys"].log_ratio > 1
    assert compared["Synophrys"].because == "Synophrys: 46 of 49 patients"
    assert compared["Ptosis"].log_ratio < 0


def test_who_has_a_kind_of_a_sign_has_the_sign(lookup):
    profile = lookup.profile(CORNELIA, PatientRecord(observed=("Severe global developmental delay",)))
    assert {sign.name: sign.assessed for sign in profile.signs}["Global developmental delay"] == "observed"


def test_without_a_record_nothing_is_compared(lookup):
    profile = lookup.profile(CORNELIA, PatientRecord())
    assert profile.compared == ()
    assert {sign.assessed for sign in profile.signs} == {"not assessed"}


def test_an_unknown_condition_has_no_profile(lookup):
    assert lookup.profile(ConditionIds("unaffected"), RECORD) is None
    assert lookup.profile(ConditionIds("x", ("OMIM:999999",)), RECORD) is None


def test_a_disease_is_found_by_its_id_alone(lookup):
    assert lookup.profile(ConditionIds("ORPHA:199"), PatientRecord()).id == "OMIM:122470"


def test_the_ranking_is_that_of_the_command(lookup, capsys, monkeypatch):
    ranked = lookup.rank(RECORD, top=5)
    terms = [word for name in RECORD.observed for word in ("--term", name)]
    monkeypatch.setattr(sys, "argv", ["dysfw", "rank", *terms, "--excluded-term", "Ptosis", "--json", "--top", "5"])
    with pytest.raises(SystemExit):
        main()
    printed = json.loads(capsys.readouterr().out)
    assert ranked["ranking"] == printed["ranking"]
    assert ranked["signs"] == printed["signs"]
    assert ranked["warnings"] == []


def test_genes_restrict_the_ranking_and_are_never_files(lookup, tmp_path, monkeypatch):
    (tmp_path / "NIPBL").write_text("KMT2D\n")
    monkeypatch.chdir(tmp_path)
    ranked = lookup.rank(RECORD, genes=["NIPBL", "no gene"])
    assert ranked["panel"]["genes"] == ["NIPBL"]
    assert any("no gene" in text and "--genes" not in text for text in ranked["warnings"])
    with pytest.raises(DysfwError, match="nothing is left to rank"):
        lookup.rank(RECORD, genes=["/etc/passwd"])


def test_nothing_to_rank_by_is_an_error(lookup):
    with pytest.raises(DysfwError, match="nothing to rank by"):
        lookup.rank(PatientRecord(age=3.0))


def test_threads_share_the_ontology(lookup):
    with ThreadPoolExecutor(8) as pool:
        profiles = list(pool.map(lambda _: lookup.profile(CORNELIA, RECORD).compared, range(16)))
        found = list(pool.map(lambda text: lookup.search(text, 3), ["synoph", "long ph"] * 8))
    assert all(one == profiles[0] for one in profiles)
    assert found[0] == found[2]
