"""The ranking that a server looks up: by signs, and by images that it has predicted from already."""

import json
from concurrent.futures import ThreadPoolExecutor

import pytest
from dysfw_hpo.lookup.lookup import HpoLookup
from toy_bundle import COLOURS, paint

from dysfw.plugin import ConditionIds, DysfwError, Failure, PatientRecord, open_pipeline
from dysfw.registry.registry import load_registry

CORNELIA = ConditionIds("cdls", ("OMIM:122470",))
RECORD = PatientRecord(observed=("Synophrys", "Long philtrum"), excluded=("Ptosis",), age=3.0)
TERMS = ("--term", "Synophrys", "--term", "Long philtrum", "--excluded-term", "Ptosis", "--age", "3y")
PHANTOMS = 'red: {name: red ones, imitates: "OMIM:122470"}\n'


@pytest.fixture(scope="module")
def lookup():
    lookup = HpoLookup()
    lookup.load()
    return lookup


@pytest.fixture
def pipeline_of():
    return lambda bundle: open_pipeline(bundle, load_registry())


def without_paths(ranked):
    """What the command and the server say alike: its own words for files are the command's."""
    return {key: ranked[key] for key in ("ranking", "signs", "weights", "recipe", "unused", "next_signs")}


def test_a_face_counts_as_in_the_command(lookup, trained, dysfw, tmp_path, pipeline_of):
    bundle, photo = trained(), paint(tmp_path / "face.png", COLOURS["red"], 999)
    broken = tmp_path / "broken.png"
    broken.write_bytes(b"no image")
    ran = dysfw("rank", bundle, photo, broken, *TERMS, "--top", 5, "--json")
    assert ran.code == 1, ran.err  # an image could not be used
    pipeline = pipeline_of(bundle)
    predictions = list(pipeline.predict([photo, broken]))
    assert [isinstance(one, Failure) for one in predictions] == [False, True]
    ranked = json.loads(json.dumps(lookup.rank(RECORD, pipeline=pipeline, predictions=predictions, top=5)))
    assert without_paths(ranked) == without_paths(json.loads(ran.out))
    assert ranked["ranking"][0]["id"] == "OMIM:122470"
    assert ranked["ranking"][0]["log10_lr_of"]["face"] > 0
    assert len(ranked["recipe"]["failures"]) == 1


def test_without_a_usable_image_the_signs_count(lookup, trained, tmp_path, pipeline_of):
    bundle, broken = trained(), tmp_path / "broken.png"
    broken.write_bytes(b"no image")
    pipeline = pipeline_of(bundle)
    failures = list(pipeline.predict([broken]))
    ranked = lookup.rank(RECORD, pipeline=pipeline, predictions=failures, top=5)
    assert list(ranked["weights"]) == ["signs"]
    with pytest.raises(DysfwError, match="the patient has no signs, and no image can be used"):
        lookup.rank(PatientRecord(), pipeline=pipeline, predictions=failures)


def test_phantoms_and_unused_parts_are_warnings_in_the_words_of_the_command(lookup, trained, dysfw, tmp_path, pipeline_of):
    bundle, photo = trained(PHANTOMS), paint(tmp_path / "face.png", COLOURS["red"], 9)
    pipeline = pipeline_of(bundle)
    ranked = lookup.rank(RECORD, pipeline=pipeline, predictions=list(pipeline.predict([photo])), top=5)
    ran = dysfw("rank", bundle, photo, *TERMS, "--top", 5, "--json")
    assert ran.code == 0, ran.err
    assert json.loads(ran.out)["warnings"] == ranked["warnings"]
    assert "PHANTOMS that imitate 1 disease:" in ranked["warnings"][0]
    assert ranked["warnings"][1].startswith("not used to rank: age;")
    assert f"warning: {ranked['warnings'][1]}" in " ".join(ran.err.split())


@pytest.mark.parametrize(
    ("record", "message"),
    [
        (PatientRecord(), "the patient has neither signs nor an image"),
        (PatientRecord(age=3.0), "the record has age, but no sign, and there is no image"),
        (PatientRecord(observed=("no such sign",)), "none of the 1 sign of the record can be used"),
    ],
)
def test_the_reason_why_nothing_is_ranked_is_that_of_the_record(lookup, record, message):
    with pytest.raises(DysfwError, match=message):
        lookup.rank(record)


def test_threads_rank_and_search_at_once(lookup):
    wanted = lookup.rank(RECORD, top=3)["ranking"], lookup.search("synoph", 3), lookup.profile(CORNELIA, RECORD)
    with ThreadPoolExecutor(8) as pool:
        rankings = [pool.submit(lookup.rank, RECORD, top=3) for _ in range(4)]
        searches = [pool.submit(lookup.search, "synoph", 3) for _ in range(8)]
        profiles = [pool.submit(lookup.profile, CORNELIA, RECORD) for _ in range(8)]
        others = [pool.submit(lookup.profile, ConditionIds("ORPHA:2322"), RECORD) for _ in range(8)]
    assert all(one.result()["ranking"] == wanted[0] for one in rankings)
    assert all(one.result() == wanted[1] for one in searches)
    assert all(one.result() == wanted[2] for one in profiles)
    assert {one.result().id for one in others} == {"OMIM:147920"}
