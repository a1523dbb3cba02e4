"""The command ``dysfw rank``: what it accepts, what it writes, and what it keeps to itself."""

import csv
import io
import json
import math

import pytest
from google.protobuf.json_format import ParseDict
from phenopackets.schema.v2 import Phenopacket
from toy_bundle import COLOURS, paint

from dysfw import RESEARCH_USE

SIGNS = ("Long philtrum", "Synophrys", "HP:0001773", "Hirsutism", "Long eyelashes")
TERMS = tuple(word for sign in SIGNS for word in ("--term", sign))
pytestmark = pytest.mark.usefixtures("own_cache")


def rows_of(table: str) -> tuple[list[str], list[dict[str, str]]]:
    """The lines of the header, without "# ", and the rows."""
    lines = table.splitlines()
    header = [line[2:] for line in lines if line.startswith("# ")]
    return header, list(
        csv.DictReader(io.StringIO("\n".join(line for line in lines if not line.startswith("# "))), delimiter="\t")
    )


# Formats


def test_text_names_diseases_genes_and_signs_to_examine(dysfw):
    ran = dysfw("rank", *TERMS, "--excluded-term", "Ptosis")
    assert ran.code == 0, ran.err
    assert "signs: Long philtrum (HP:0000343), Synophrys (HP:0000664)" in ran.out
    assert "no Ptosis (HP:0000508)" in ran.out
    assert "HPO 2025-01-16" in ran.out
    assert "Cornelia de Lange syndrome 1 (OMIM:122470, ORPHA:199)" in ran.out
    assert "NIPBL" in ran.out
    assert "most informative signs to examine next" in ran.out
    assert "probability" not in ran.out  # there is no prior
    assert "posterior" not in ran.out
    assert ran.out.startswith(RESEARCH_USE)  # people write the text to files


def test_json_holds_everything(dysfw):
    ran = dysfw("rank", *TERMS, "--excluded-term", "Ptosis", "--json", "--explain", "OMIM:122470", "--prior", "uniform")
    assert ran.code == 0, ran.err
    (line,) = ran.out.splitlines()
    values = json.loads(line)
    assert (values["schema"], values["notice"]) == ("dysfw.rank/1", RESEARCH_USE)
    assert values["data"]["release"] == "2025-01-16"
    assert len(values["data"]["sha256"]) == 64
    assert values["signs"][0] == {"id": "HP:0000343", "name": "Long philtrum", "status": "observed"}
    assert values["signs"][-1] == {"id": "HP:0000508", "name": "Ptosis", "status": "excluded"}
    assert len(values["ranking"]) == values["diseases"] > 10_000
    assert [one["rank"] for one in values["ranking"]] == sorted(one["rank"] for one in values["ranking"])
    ratios = [one["log10_lr"] for one in values["ranking"]]
    assert ratios == sorted(ratios, reverse=True)
    de_lange = next(one for one in values["ranking"] if one["id"] == "OMIM:122470")
    assert {"symbol": "NIPBL", "ncbi": 25836} in de_lange["genes"]
    assert de_lange["other_ids"] == ["ORPHA:199"]
    assert sum(one["posterior"] for one in values["ranking"]) == pytest.approx(1, abs=1e-3)
    assert values["prior"].startswith("uniform over")
    assert len(values["next_signs"]) == 5
    assert values["explanation"]["id"] == "OMIM:122470"
    assert {one["id"] for one in values["explanation"]["signs"]} == {one["id"] for one in values["signs"]}


def test_without_a_prior_there_is_no_probability_of_a_disease(dysfw):
    values = json.loads(dysfw("rank", *TERMS, "--json", "--top", "3").out)
    assert values["prior"] is None
    assert all("posterior" not in one for one in values["ranking"])
    header, rows = rows_of(dysfw("rank", *TERMS, "--format", "tsv", "--top", "3").out)
    assert "posterior" not in rows[0]
    assert not any("prior" in line for line in header)


def test_the_table_has_its_origin_above_it_and_nothing_of_the_record(dysfw):
    ran = dysfw("rank", *TERMS, "--format", "tsv", "--genes", "NIPBL,HDAC8", "--top", "4")
    header, rows = rows_of(ran.out)
    assert header[0] == RESEARCH_USE
    assert any(line.startswith("HPO 2025-01-16, sha256 ") for line in header)
    assert "--genes NIPBL,HDAC8" in header
    assert not any("philtrum" in line.casefold() or "HP:" in line for line in header)
    assert [row["panel_rank"] for row in rows] == ["1", "2", "3", "4"][: len(rows)]
    assert {"NIPBL", "HDAC8"} & {symbol for row in rows for symbol in row["gene_symbols"].split(";")}
    assert rows[0]["log10_lr"] == rows[0]["log10_lr_signs"]
    for row in rows:
        assert len(row["gene_symbols"].split(";")) == len(row["ncbi_gene_ids"].split(";"))


def test_the_table_of_genes_begins_with_symbols_each_once(dysfw):
    header, rows = rows_of(dysfw("rank", *TERMS, "--format", "genes").out)
    assert header[0] == RESEARCH_USE
    symbols = [row["gene_symbol"] for row in rows]
    assert list(rows[0])[:4] == ["gene_symbol", "ncbi_gene_id", "rank", "log10_lr"]
    assert len(symbols) == len(set(symbols)) > 4000
    assert {"NIPBL", "HDAC8", "SMC3"} <= {*symbols[:40]}
    ratios = [float(row["log10_lr"]) for row in rows]
    assert ratios == sorted(ratios, reverse=True)
    assert not any(":" in symbol or symbol == "-" for symbol in symbols)
    (without,) = [line for line in header if line.startswith("left out, without a symbol in the annotations: NCBI ")]
    numbers = {row["ncbi_gene_id"] for row in rows}
    assert not numbers & {*without.split("NCBI ")[1].split(", ")}
    _, panel = rows_of(dysfw("rank", *TERMS, "--format", "genes", "--genes", "nipbl,eln").out)
    assert {row["gene_symbol"] for row in panel} == {"NIPBL", "ELN"}


def test_a_phenopacket_has_the_signs_and_candidates_and_can_be_read_again(dysfw, tmp_path):
    ran = dysfw("rank", *TERMS, "--excluded-term", "Ptosis", "--age", "3y6m", "--sex", "female", "--format", "phenopacket")
    values = json.loads(ran.out)
    packet = ParseDict(values, Phenopacket())
    assert [(one.type.id, one.excluded) for one in packet.phenotypic_features][-1] == ("HP:0000508", True)
    assert len(packet.phenotypic_features) == 6
    assert packet.subject.time_at_last_encounter.age.iso8601duration == "P3Y6M"
    assert not packet.diseases
    assert len(packet.interpretations) == 10
    assert all(one.progress_status == 1 and RESEARCH_USE in one.summary for one in packet.interpretations)  # IN_PROGRESS
    genes = {g.gene.value_id for one in packet.interpretations for g in one.diagnosis.genomic_interpretations}
    assert "NCBIGene:25836" in genes
    prefixes = {one.namespace_prefix for one in packet.meta_data.resources}
    assert {"HP", "OMIM", "NCBIGene"} <= prefixes
    file = tmp_path / "packet.json"
    file.write_text(ran.out)
    again = dysfw("rank", "--record", file, "--json", "--top", "10")
    first = json.loads(dysfw("rank", *TERMS, "--excluded-term", "Ptosis", "--json", "--top", "10").out)
    assert json.loads(again.out)["signs"] == first["signs"]
    assert json.loads(again.out)["ranking"] == first["ranking"]


# What is wrong with a command or a record


def test_a_typed_sign_that_is_not_known_is_an_error(dysfw):
    ran = dysfw("rank", "--term", "Synophrys", "--term", "Long filtrum")
    assert ran.code == 2
    assert "“Long filtrum” is no term of HPO" in ran.err
    assert "Long philtrum (HP:0000343)" in ran.err
    assert not ran.out


def test_of_a_file_what_is_known_is_used(dysfw, tmp_path):
    record = tmp_path / "record.yaml"
    record.write_text("observed: [Synophrys, Long filtrum, 'HP:0000006']\nage: 3\n")
    ran = dysfw("rank", "--record", record, "--json", "--top", "1")
    assert ran.code == 0
    assert "“Long filtrum” is no term" in ran.err
    values = json.loads(ran.out)
    assert [one["name"] for one in values["signs"]] == ["Synophrys"]
    assert {one["code"] for one in values["problems"]} == {"unknown_term", "not_a_sign"}
    assert values["unused"] == ["age"]


@pytest.mark.parametrize(("content", "message"), [
    ("age: 3\nsex: female\n", "the record has age, sex, but no sign, and there is no image"),
    ("observed: [nonsense one, nonsense two]\n", "none of the 2 signs of the record can be used"),
    ("observed: []\n", "neither signs nor an image"),
])  # fmt: skip
def test_without_any_sign_there_is_nothing_to_rank_by(dysfw, tmp_path, content, message):
    record = tmp_path / "record.yaml"
    record.write_text(content)
    ran = dysfw("rank", "--record", record)
    assert ran.code == 2
    assert message in " ".join(ran.err.split())
    assert "Traceback" not in ran.err


@pytest.mark.parametrize(("words", "message"), [
    ((), "nothing to rank by"),
    ((*TERMS, "--format", "tsv", "--explain", "OMIM:122470"), "has no place for explanations"),
    ((*TERMS, "--json", "--format", "tsv"), "two formats"),
    ((*TERMS, "--explain", "Nobody syndrom"), "no annotated disease is called"),
    ((*TERMS, "--genes", "QQQQ9"), "nothing is left to rank"),
    ((*TERMS, "--prior", "often"), "no such prior"),
    ((*TERMS, "--top", "0"), "--top"),
    (("recipes/dlib.yaml", *TERMS), "no image follows recipes/dlib.yaml"),
    (("--term", "Synophrys", "--excluded-term", "Synophrys"), "observed and excluded at once"),
    (("--term", "Synophrys", "--excluded-term", "HP:0000664"), "is observed and excluded"),
    (("--term", "Autosomal dominant inheritance"), "is no sign"),
])  # fmt: skip
def test_a_wrong_command_is_a_clear_error(dysfw, words, message):
    ran = dysfw("rank", *words)
    assert ran.code == 2
    assert message in " ".join(ran.err.split())
    assert not ran.out


def test_all_wrong_options_are_reported_at_once(dysfw):
    wrong = ("--term", "Long filtrum", "--genes", "QQQQ9", "--prior", "often", "--explain", "Nobody syndrom")
    ran = dysfw("rank", *wrong, "--format", "tsv")
    assert ran.code == 2
    text = " ".join(ran.err.split())
    for part in ("“Long filtrum” is no term", "“QQQQ9” is no symbol", "no such prior", "called “Nobody", "no place for expl"):
        assert part in text
    assert text.index("no place for expl") < text.index("Long filtrum") < text.index("QQQQ9") < text.index("no such prior")
    assert not ran.out


@pytest.mark.parametrize("words", [
    ("--term", "Long filtrum"), ("--term", "HP:0000006"), ("--term", "HP:9999999"),
    ("--term", "Synophrys", "--excluded-term", "HP:0000664"), ("--term", "Synophrys", "--excluded-term", "Thick eyebrow"),
    ("--term", "Synophrys", "--excluded-term", "Abnormal eyebrow morphology"),
])  # fmt: skip
def test_of_typed_signs_none_is_said_to_be_left_out(dysfw, words):
    ran = dysfw("rank", *words)
    text = " ".join(ran.err.split())
    assert "left out" not in text
    assert ("nothing was ranked" in text) is (ran.code == 2)


def test_an_excluded_sign_that_speaks_most_for_a_disease_is_named_as_excluded(dysfw):
    words = ("rank", "--excluded-term", "Intellectual disability", "--top", "1")
    (first,) = json.loads(dysfw(*words, "--json").out)["ranking"]
    assert (first["best_sign"]["id"], first["best_sign"]["status"]) == ("HP:0001249", "excluded")
    _, rows = rows_of(dysfw(*words, "--format", "tsv").out)
    assert (rows[0]["best_sign_name"], rows[0]["best_sign_status"]) == ("Intellectual disability", "excluded")


def test_a_record_of_three_hundred_terms_is_ranked(dysfw, tmp_path):
    from dysfw_hpo.data import load_hpo

    record = tmp_path / "record.yaml"
    ontology = load_hpo().ontology
    signs = [id for id in ontology.descendants("HP:0000924") if not ontology.children(id)][:300]
    record.write_text(f"observed: [{', '.join(signs)}]\n")
    ran = dysfw("rank", "--record", record)
    assert ran.code == 0, ran.err
    assert "and 288 more" in ran.out


def test_nothing_of_a_record_is_kept(dysfw, tmp_path):
    record = tmp_path / "p.yaml"
    record.write_text("observed: [Synophrys, Xylophonic marker]\nancestry: Marslander\n")
    before = {path for path in tmp_path.rglob("*") if path.is_file()}
    ran = dysfw("rank", "--record", record, "--format", "tsv", "--top", "1")
    assert ran.code == 0
    written = [path for path in tmp_path.rglob("*") if path.is_file() and path not in before]
    for path in written:
        assert not any(word in path.name.casefold() for word in ("synophrys", "0000664", "marslander"))
        content = path.read_bytes().casefold()
        assert b"xylophonic" not in content
        assert b"marslander" not in content
    assert "Marslander" not in ran.out + ran.err


# The face


@pytest.mark.slow
def test_the_face_counts_where_the_recipe_knows_the_disease(dysfw, trained, tmp_path):
    bundle, photo = trained(), paint(tmp_path / "face.png", COLOURS["red"], 999)
    prediction = json.loads(dysfw("run", bundle, photo, "--json").out)
    ran = dysfw("rank", bundle, photo, "--term", "Synophrys", "--json")
    assert ran.code == 0, ran.err
    values = json.loads(ran.out)
    ranking = {one["id"]: one for one in values["ranking"]}
    probability = {one["label"]: one["probability"] for one in prediction["ranking"]}
    for label, id in (("red", "OMIM:122470"), ("green", "OMIM:147920")):  # Orphanet's 2322 is OMIM's 147920
        of_face = ranking[id]["log10_lr_of"]["face"]
        assert of_face == pytest.approx(math.log10(3 * probability[label]), abs=1e-3)
        assert ranking[id]["log10_lr"] == pytest.approx(of_face + ranking[id]["log10_lr_of"]["signs"], abs=1e-3)
    assert ranking["OMIM:122470"]["log10_lr_of"]["face"] > 0.2
    other = ranking["OMIM:194050"]
    assert other["log10_lr_of"]["face"] is None
    assert other["log10_lr"] == other["log10_lr_of"]["signs"]
    assert ranking["OMIM:122470"]["mondo"] == "MONDO:0016033"
    recipe = values["recipe"]
    assert (recipe["known_diseases"], recipe["unmatched"], recipe["phantoms"]) == (2, ["sand"], False)
    assert str(photo) not in ran.out

    prior = dysfw("rank", bundle, photo, "--term", "Synophrys", "--json", "--set", "prior={red: 0.8, green: 0.1, sand: 0.1}")
    other_prior = {one["id"]: one for one in json.loads(prior.out)["ranking"]}  # ratios do not depend on the recipe's prior
    assert other_prior["OMIM:147920"]["log10_lr"] == pytest.approx(ranking["OMIM:147920"]["log10_lr"], abs=1e-3)

    text = dysfw("rank", bundle, photo, tmp_path / "none.png", "--term", "Synophrys")
    assert text.code == 1  # one image could not be used, the other one was
    assert "the bundle bundle knows 2 of them by face; for others its ratio is 1" in text.out
    assert "the image is left out" in text.err

    alone = json.loads(dysfw("rank", bundle, photo, "--json", "--prior", "uniform").out)
    assert alone["ranking"][0]["id"] == "OMIM:122470"
    assert alone["diseases"] > 10_000  # for others the ratio of the face is 1
    posterior = {one["id"]: one["posterior"] for one in alone["ranking"]}
    ratio = 10 ** alone["ranking"][0]["log10_lr"]
    assert posterior["OMIM:122470"] == pytest.approx(ratio * posterior["OMIM:194050"], rel=1e-3)
    assert posterior["OMIM:122470"] < 0.001

    lost = dysfw("rank", bundle, tmp_path / "none.png")
    assert lost.code == 1
    assert not lost.out
    packet = json.loads(dysfw("rank", bundle, photo, "--format", "phenopacket").out)
    candidates = [one["diagnosis"]["disease"]["id"] for one in packet["interpretations"]]
    assert candidates[0] == "OMIM:122470"
    assert {*candidates} <= {"OMIM:122470", "OMIM:147920"}  # of others nothing is known
    assert ("OMIM:147920" in candidates) is ("green" in prediction["prediction_set"]["labels"])


@pytest.mark.slow
def test_phantoms_count_with_a_warning_and_never_in_a_phenopacket(dysfw, trained, tmp_path):
    bundle, photo = trained('red: {name: red ones, imitates: "OMIM:122470"}\n'), paint(tmp_path / "face.png", COLOURS["red"], 9)
    terms = ("--term", "Synophrys", "--term", "Long eyelashes", "--term", "Hirsutism")
    ran = dysfw("rank", bundle, photo, *terms, "--format", "tsv", "--genes", "NIPBL", "--top", "1")
    assert ran.code == 0
    assert "trained on PHANTOMS that imitate 1 disease" in ran.err
    header, rows = rows_of(ran.out)
    assert any("PHANTOMS" in line for line in header)
    assert "trained on PHANTOMS and meaningless" in " ".join(dysfw("rank", bundle, photo, *terms).out.split())
    assert rows[0]["disease_id"] == "OMIM:122470"
    assert float(rows[0]["log10_lr_face"]) > 0
    refused = dysfw("rank", bundle, photo, *terms, "--format", "phenopacket")
    assert refused.code == 2
    assert "no candidate of a Phenopacket may rest on them" in " ".join(refused.err.split())
    assert not refused.out


@pytest.mark.slow
def test_other_evidence_of_the_recipe_counts_for_what_it_knows(dysfw, trained, tmp_path):
    bundle = trained(evidence="evidence: [{use: demographics}, {use: hpo, annotations: false}]\n", columns="age")
    photo = paint(tmp_path / "face.png", COLOURS["red"], 9)
    ran = dysfw("rank", bundle, photo, "--term", "Synophrys", "--age", "2y", "--json")
    assert ran.code == 0, ran.err
    values = json.loads(ran.out)
    assert list(values["weights"]) == ["signs", "face", "demographics"]
    assert values["unused"] == []
    first = next(one for one in values["ranking"] if one["id"] == "OMIM:122470")
    assert first["log10_lr_of"]["demographics"] > 0  # the red ones are the youngest
    assert values["weights"]["signs"] == 1  # it was learned for other frequencies
    assert values["diseases"] > 10_000
    assert first["log10_lr_of"]["signs"] > 0
    weighted = sum(values["weights"][name] * ratio for name, ratio in first["log10_lr_of"].items())
    assert first["log10_lr"] == pytest.approx(weighted, abs=1e-2)
