"""Ranking all diseases for one patient: the numbers, and how they look."""

import io

import numpy as np
import pytest
from dysfw_hpo.data import load_hpo
from dysfw_hpo.evidence import Hpo
from dysfw_hpo.profiles import load_profiles
from dysfw_hpo.rank.catalog import Catalog
from dysfw_hpo.rank.explanation import annotated_signs
from dysfw_hpo.rank.panel import find_panel
from dysfw_hpo.rank.patient import RankedPatient, rank_patient
from dysfw_hpo.rank.prior import find_prior, uniform_prior
from dysfw_hpo.rank.ranking import Part, posterior_of, posterior_text, rank_diseases
from dysfw_hpo.rank.text import print_result
from rich.console import Console

from dysfw.plugin import DysfwError, PatientRecord

DE_LANGE, WILLIAMS, KABUKI, DOWN = "OMIM:122470", "OMIM:194050", "OMIM:147920", "OMIM:190685"


@pytest.fixture(scope="module")
def catalog() -> Catalog:
    return Catalog(load_hpo(), load_profiles())


def ranked(catalog, observed=(), excluded=(), **more) -> RankedPatient:
    record = PatientRecord(tuple(observed), tuple(excluded))
    return rank_patient(catalog, record, Hpo().interpret(record), **more)


def frequent(catalog, id: str, number: int) -> list[str]:
    """The most frequent signs of a disease as they are annotated."""
    signs = annotated_signs(catalog, catalog.number_of[id]).values()
    return [one.id for one in sorted(signs, key=lambda one: -(one.frequency or 0))[:number]]


# The diseases


def test_two_entries_of_one_disease_are_ranked_once(catalog):
    disease = catalog[catalog.find("ORPHA:199")]
    assert (disease.id, disease.name, disease.other_ids) == (DE_LANGE, "Cornelia de Lange syndrome 1", ("ORPHA:199",))
    assert disease.genes[0].symbol == "NIPBL"
    assert {"SMC1A", "RAD21"} <= {gene.symbol for gene in disease.genes}  # Orphanet's entry is of all types
    positions = [*catalog.first.tolist(), *(one for one in catalog.second.tolist() if one >= 0)]
    ids = catalog.data.diseases.ids
    left_out = {ids[one] for one in {*range(len(ids))} - {*positions}}
    assert len(positions) == len(set(positions)) == len(ids) - len(left_out)
    assert left_out == {id for id in ids if id.startswith("DECIPHER:")}  # doubles of OMIM and Orphanet
    numbers = [catalog[number].id for number in range(len(catalog))]
    assert numbers == sorted(numbers)  # which decides between equal diseases: OMIM before ORPHA


@pytest.mark.parametrize("text", ["omim:122470", " ORPHA:199 ", "cornelia de lange  syndrome 1", "Cornelia de Lange syndrome"])
def test_a_disease_is_found_by_id_or_name_of_either_entry(catalog, text):
    assert catalog.find(text) == catalog.number_of[DE_LANGE]


@pytest.mark.parametrize(("text", "hint"), [
    ("OMIM:122471", "no annotated disease is called “OMIM:122471” in HPO 2025-01-16"),
    ("Cornelia de Lang syndrom", "Cornelia de Lange syndrome 1 (OMIM:122470)"),
    ("qqqq", "no annotated disease is called “qqqq”"),
    ("decipher:16", "diseases of OMIM and Orphanet are ranked, and none of DECIPHER"),
])  # fmt: skip
def test_an_unknown_disease_is_an_error_with_the_closest(catalog, text, hint):
    with pytest.raises(DysfwError) as error:
        catalog.find(text)
    assert hint in error.value.message


# The order


@pytest.mark.parametrize("id", [WILLIAMS, KABUKI, DOWN])
def test_the_signs_of_a_disease_find_it(catalog, id):
    ranking = ranked(catalog, frequent(catalog, id, 12)).ranking
    assert ranking.rank[catalog.number_of[id]] == 1


def test_facial_signs_of_de_lange_find_its_genes(catalog):
    signs = ("Synophrys", "Long eyelashes", "Long philtrum", "Short foot", "Hirsutism", "Microcephaly")
    result = ranked(catalog, signs, top=5)
    assert catalog.name(result.shown[0]).startswith("Cornelia de Lange")
    genes = {gene.symbol for number in result.shown for gene in catalog[number].genes}
    assert {"NIPBL", "SMC3", "HDAC8"} <= genes


def test_the_log_ratio_is_that_of_the_evidence(catalog):
    record = PatientRecord(("Synophrys", "HP:0000343"), ("Ptosis",))
    result = ranked(catalog, record.observed, record.excluded)
    expected = Hpo().log_likelihood([record], catalog.conditions)[0]
    np.testing.assert_allclose(result.ranking.log_ratio, expected, rtol=1e-4, atol=1e-4)
    sign, ratio = result.best_sign(catalog.number_of[DE_LANGE])
    assert (sign.name, sign.status) == ("Synophrys", "observed")
    assert ratio > 0


def test_equal_diseases_share_a_rank_and_weights_count(catalog):
    values = np.full(len(catalog), np.nan)
    values[[5, 9, 7, 3]] = 1.0, 2.0, 2.0 + 1e-9, 0.5
    face = np.full(len(catalog), np.nan)
    face[[3, 4]] = 3.0, -1.0
    ranking = rank_diseases(catalog, [Part("signs", values, 0.5), Part("face", face, 2.0)])
    assert ranking.order[:4].tolist() == [3, 7, 9, 5]
    assert ranking.order[-1] == 4
    ranked = len(ranking.order)
    assert ranking.rank[[3, 7, 9, 5, 0, 1, 4]].tolist() == [1, 2, 2, 4, 5, 5, ranked]
    np.testing.assert_allclose(ranking.log_ratio[[3, 5, 4, 0]], [0.25 + 6, 0.5, -2, 0])  # what a part does not know is 0
    assert ranking.posterior is None


def test_what_nothing_is_known_of_is_not_ranked(catalog):
    (unknown, *_) = np.flatnonzero(~catalog.annotated)
    values = np.where(catalog.annotated, 1.0, np.nan)
    ranking = rank_diseases(catalog, [Part("signs", values)], uniform_prior(catalog))
    assert ranking.rank[unknown] == ranking.posterior[unknown] == 0
    assert np.isnan(ranking.log_ratio[unknown])
    values[unknown] = 2.0  # as if a recipe knew the face
    assert rank_diseases(catalog, [Part("face", values)]).rank[unknown] == 1


def test_with_a_face_alone_the_other_diseases_keep_their_probability(catalog):
    face = np.full(len(catalog), np.nan)
    face[catalog.number_of[DE_LANGE]] = np.log(5)
    ranking = rank_diseases(catalog, [Part("face", face)], uniform_prior(catalog))
    number = int(catalog.annotated.sum())
    np.testing.assert_allclose(ranking.posterior[catalog.number_of[DE_LANGE]], 5 / (number + 4))
    np.testing.assert_allclose(ranking.posterior[catalog.number_of[WILLIAMS]], 1 / (number + 4))
    assert ranking.rank[[catalog.number_of[DE_LANGE], catalog.number_of[WILLIAMS]]].tolist() == [1, 2]
    panel = find_panel("ELN", catalog.data.diseases)
    assert len(rank_diseases(catalog, [Part("face", face)], panel=panel).panel_order)


def test_three_hundred_signs_are_ranked(catalog):
    ontology = catalog.data.ontology
    signs = [id for id in ontology.descendants("HP:0000271") if not ontology.children(id)][:300]
    result = ranked(catalog, signs)
    assert len(result.interpreted.signs) == 300
    assert np.isfinite(result.ranking.log_ratio[result.ranking.order]).all()
    assert np.isfinite([one.information for one in result.next_signs]).all()


# Probabilities


def test_the_posterior_is_that_of_bayes(catalog, tmp_path):
    file = tmp_path / "prior.tsv"
    file.write_text("# of our clinic\ndisease\tprior\nomim:122470\t0.2\nORPHA:2322,0.3\n")
    prior = find_prior(str(file), catalog)
    first, second = catalog.number_of[DE_LANGE], catalog.number_of[KABUKI]
    rest = 0.5 / (len(catalog) - 2)
    np.testing.assert_allclose(prior.probabilities[[first, second]], [0.2, 0.3])
    assert prior.name.startswith("prior.tsv: 2 diseases listed")
    log_ratio = np.full(len(catalog), np.nan)
    log_ratio[[first, second, 0]] = np.log([10, 1, 4])
    expected = np.array([0.2 * 10, 0.3 * 1, rest * 4])
    np.testing.assert_allclose(posterior_of(log_ratio, prior)[[first, second, 0]], expected / expected.sum())
    twice = posterior_of(np.stack([log_ratio, 2 * log_ratio]), prior)
    np.testing.assert_allclose(twice, [posterior_of(log_ratio, prior), posterior_of(2 * log_ratio, prior)])
    ranking = rank_diseases(catalog, [Part("signs", log_ratio)], prior)
    assert ranking.order[:3].tolist() == [first, second, 0]  # by probability, not by ratio
    assert ranking.posterior.sum() == pytest.approx(1)


def test_the_uniform_prior_counts_each_disease_once(catalog):
    prior = find_prior("uniform", catalog)
    assert set(prior.probabilities) == {1 / len(catalog)}
    assert ranked(catalog, ["Synophrys"], prior=prior).ranking.posterior.sum() == pytest.approx(1)


@pytest.mark.parametrize(("text", "message"), [
    ("OMIM:999999\t0.1\n", "line 1: no annotated disease has the id “OMIM:999999”"),
    ("OMIM:122470\t1.5\n", "OMIM:122470: found “1.5”; expected a probability from 0 to 1"),
    ("OMIM:122470\tnan\n", "found “nan”"),
    ("OMIM:122470\n", "found “OMIM:122470” alone"),
    ("OMIM:122470\t0.1\nORPHA:199\t0.1\n", "line 2: ORPHA:199 is listed twice, or its entry in the other database is"),
    ("OMIM:122470\t0.6\nOMIM:194050\t0.6\n", "the probabilities sum to 1.2; at most 1 is allowed"),
    ("# nothing\n", "it holds no disease"),
])  # fmt: skip
def test_a_wrong_prior_is_an_error(catalog, tmp_path, text, message):
    file = tmp_path / "prior.tsv"
    file.write_text(text)
    with pytest.raises(DysfwError) as error:
        find_prior(str(file), catalog)
    assert message in error.value.message


def test_a_prior_rules_a_disease_out(catalog, tmp_path):
    file = tmp_path / "prior.tsv"
    file.write_text("OMIM:122470\t0\n")
    prior = find_prior(str(file), catalog)
    number = catalog.number_of[DE_LANGE]
    ranking = ranked(catalog, frequent(catalog, DE_LANGE, 12), prior=prior).ranking
    assert prior.probabilities[number] == ranking.posterior[number] == 0
    assert ranking.posterior.sum() == pytest.approx(1)
    assert ranking.rank[number] > 1000


def test_a_prior_on_nothing_but_diseases_without_signs_is_an_error(catalog, tmp_path):
    id = catalog[int(np.flatnonzero(~catalog.annotated)[0])].id
    file = tmp_path / "prior.tsv"
    file.write_text(f"{id}\t1\n")
    with pytest.raises(DysfwError, match=f"all of the probability is on {id}, which cannot be ranked"):
        ranked(catalog, ["Synophrys"], prior=find_prior(str(file), catalog))


def test_a_prior_that_does_not_exist_is_an_error(catalog, tmp_path):
    with pytest.raises(DysfwError, match="no such prior"):
        find_prior(str(tmp_path / "none.tsv"), catalog)


# Gene panels


def test_a_panel_ranks_its_diseases_among_themselves(catalog):
    panel = find_panel("kmt2d, ELN", catalog.data.diseases)
    result = ranked(catalog, frequent(catalog, WILLIAMS, 12), panel=panel)
    ranking, shown = result.ranking, result.shown
    assert panel.genes == ("KMT2D", "ELN")
    assert catalog[shown[0]].id == WILLIAMS
    assert all({gene.symbol for gene in catalog[number].genes} & {"KMT2D", "ELN"} for number in shown)
    assert ranking.panel_rank[shown].tolist() == sorted(ranking.panel_rank[shown].tolist())
    assert (ranking.panel_rank[shown] <= ranking.rank[shown]).all()
    assert len(shown) == np.count_nonzero(ranking.panel_rank)


@pytest.mark.parametrize("content", [
    "NIPBL\nSMC1A\n",
    "NIPBL,SMC1A",
    "# ours\nNIPBL\textra\nSMC1A\tmore\n",
    "Entity Name,Entity type,Gene Symbol\nx,gene,NIPBL\ny,gene,SMC1A\n",
    "panel\tgene_symbol\nP\tNIPBL\nP\tSMC1A\n",
    "25836\nNCBIGene:8243\n",
    "\ufeffNIPBL\r\nSMC1A\r\n",
    "NIPBL,SMC1A\nSMC1A\tNIPBL\n",
    "1\tNIPBL\t0.7\n2\tSMC1A\t12\n",  # numbers beside a symbol are no genes
    "25836,8243\n",
    "HGNC ID\tscore\nNIPBL\t25\nSMC1A\t24\n",
    "gene_symbol\nNIPBL; SMC1A\n",
    "NCBI gene ID,score\n25836,1\n8243,2\n",
])  # fmt: skip
def test_panels_are_read_as_people_have_them(catalog, tmp_path, content):
    file = tmp_path / "panel.txt"
    file.write_text(content, "utf-8")
    assert find_panel(str(file), catalog.data.diseases).genes == ("NIPBL", "SMC1A")


def test_unknown_genes_are_named_with_the_closest(catalog):
    panel = find_panel("NIPBLL,NIPBL,QQQQQ9", catalog.data.diseases)
    assert panel.genes == ("NIPBL",)
    assert panel.unknown == {"NIPBLL": "NIPBL", "QQQQQ9": ""}
    assert "2 entries left out: “NIPBLL” is no symbol of a gene with an annotated disease" in panel.message
    assert "(similar spelling: NIPBL, which may be another gene); “QQQQQ9”" in panel.message
    assert "MYL2, which may be another gene" in find_panel("MLL2,NIPBL", catalog.data.diseases).message  # former name of KMT2D
    assert "“HGNC:28862” is an id of HGNC" in find_panel("HGNC:28862,NIPBL", catalog.data.diseases).message


def test_a_panel_states_what_was_read(catalog, tmp_path):
    file = tmp_path / "panel.csv"
    file.write_text("NIPBL,SMC1A\nELN\n")
    assert find_panel(str(file), catalog.data.diseases).source == "all cells of 2 lines of panel.csv"
    file.write_text("name,Gene Symbol\nx,NIPBL\n")
    assert find_panel(str(file), catalog.data.diseases).source == "column “Gene Symbol” of panel.csv"


def test_a_gene_without_a_symbol_is_found_by_its_id(catalog):
    panel = find_panel("109580095", catalog.data.diseases)
    assert panel.genes == ("NCBIGene:109580095",)
    assert panel.diseases == {"OMIM:613985"}


@pytest.mark.parametrize(("text", "message"), [
    ("QQQQQ9", "nothing is left to rank"), (" , ", "lists no gene"), ("folder/none.txt", "no such file"),
])  # fmt: skip
def test_a_panel_without_any_gene_is_an_error(catalog, text, message):
    with pytest.raises(DysfwError, match=message):
        find_panel(text, catalog.data.diseases)


# Explanations


def test_an_explanation_compares_each_sign_with_the_annotations(catalog):
    number = catalog.number_of[DE_LANGE]
    record = ("Synophrys", "Abnormality of the eyelashes", "Severe intellectual disability", "Macroglossia")
    result = ranked(catalog, record, ["Ptosis"], explained=number)
    explanation = result.explanation
    by_name = {one.sign.name: one for one in explanation.signs}
    assert by_name["Synophrys"].relation == "same"
    assert by_name["Synophrys"].annotated.text == "46 of 49"
    assert by_name["Synophrys"].annotated.frequency == pytest.approx(47 / 51)
    assert by_name["Abnormal eyelash morphology"].relation == "below"
    assert by_name["Ptosis"].sign.status == "excluded"
    total = sum(one.log_ratio for one in explanation.signs) + explanation.rest
    assert total == pytest.approx(float(result.ranking.log_ratio[number]), abs=1e-4)
    missing = [one.name for one in explanation.missing]
    assert "Highly arched eyebrow" in missing
    assert not {"Synophrys", "Ptosis"} & {*missing}
    assert explanation.found + len(explanation.missing) <= explanation.frequent
    assert all(one.frequency >= 0.5 for one in explanation.missing)


def test_nothing_but_signs_without_weight_is_an_error(catalog):
    record = PatientRecord((), ())
    with pytest.raises(DysfwError, match="nothing to rank by"):
        rank_patient(catalog, record, Hpo().interpret(record))


def test_the_uniform_prior_is_named(catalog):
    assert uniform_prior(catalog).name == f"uniform over {len(catalog):,} diseases"


# On the terminal


@pytest.mark.parametrize("width", [50, 80, 140])
@pytest.mark.parametrize("genes", [None, "NIPBL,SMC3"])
def test_text_fits_the_terminal(catalog, width, genes):
    panel = genes and find_panel(genes, catalog.data.diseases)
    result = ranked(
        catalog, ["Synophrys", "Long philtrum"], ["Ptosis"], panel=panel, prior=uniform_prior(catalog), top=10,
        explained=catalog.number_of[DE_LANGE],
    )  # fmt: skip
    file = io.StringIO()
    print_result(Console(file=file, width=width), result)
    assert not [line for line in file.getvalue().splitlines() if len(line) > width]
    text = " ".join(file.getvalue().split())
    assert "Cornelia de Lange syndrome 1" in text
    assert "(HP:0000664)" in text


@pytest.mark.parametrize(
    ("probability", "digits", "text"),
    [(0.9997, 2, ">0.99"), (1.0, 2, "1"), (0.99, 2, "0.99"), (1.2e-5, 2, "1.2e-05"), (0.9999, 3, ">0.999")],
)
def test_a_posterior_probability_is_never_rounded_to_certain(probability, digits, text):
    assert posterior_text(probability, digits) == text
