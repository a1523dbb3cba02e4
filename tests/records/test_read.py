"""Files with a patient's record."""

import io
import json
import os
import threading

import pytest
import yaml
from google.protobuf.json_format import MessageToJson, ParseDict
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from phenopackets.schema.v2 import Family, Phenopacket

from dysfw.errors import DysfwError
from dysfw.records.read import parse_record, read_record, record_of_values
from dysfw.types import PatientRecord

FULL = PatientRecord(("HP:0000343", "Ptosis"), ("HP:0000286",), 3.5, "female")
THREE = {"iso8601duration": "P3Y"}
PACKET = {
    "id": "p",
    "subject": {"id": "Mary Smith", "sex": "FEMALE", "timeAtLastEncounter": {"age": {"iso8601duration": "P3Y6M"}}},
    "phenotypicFeatures": [
        {"type": {"id": "HP:0000343", "label": "Long philtrum"}},
        {"type": {"label": "Ptosis"}},
        {"type": {"id": "HP:0000286", "label": "Epicanthus"}, "excluded": True},
    ],
    "metaData": {"created": "2026-01-01T00:00:00Z", "createdBy": "x", "phenopacketSchemaVersion": "2.0"},
}


def packet(**changes: object) -> bytes:
    return json.dumps({**PACKET, **changes}).encode()


def refusal(content: bytes) -> DysfwError:
    """The error of a record's file."""
    with pytest.raises(DysfwError) as error:
        parse_record(content, "the record x.json")
    assert error.value.message.startswith("the record x.json")
    return error.value


@pytest.mark.parametrize(
    "content",
    [
        "observed: [HP:0000343, Ptosis]\nexcluded: [HP:0000286]\nage: 3y 6m\nsex: female\n",
        "hpo_observed: HP:0000343;Ptosis\nhpo_excluded: HP:0000286\nage: 3.5\nsex: f\nancestry:\n",
        '{"observed": ["HP:0000343", "Ptosis"], "excluded": ["HP:0000286"], "age": 3.5, "sex": "F", "ancestry": null}',
        "{observed: [HP:0000343, Ptosis], excluded: [HP:0000286], age: P3Y6M, sex: weiblich}",
    ],
)
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-32"])
def test_keys_of_a_record(content, encoding):
    assert parse_record(content.encode(encoding), "x").record == FULL


def test_numbers_are_read_as_they_are_written():
    """YAML 1.1 would read 010 as 8 and 1:30 as 90."""
    assert parse_record(b"age: 010", "x").record.age == 10
    assert "'1:30' is not an age" in refusal(b"age: 1:30").message
    assert "'no' is neither female nor male" in refusal(b"sex: no").message


@pytest.mark.parametrize(
    ("content", "message"),
    [
        *[(b"", "is empty"), (b" \n", "is empty"), (b"a\0b", "is binary"), (b"PK\x03\x04\x00", "is binary")],
        *[(b"\xff\xfe\x00", "not text in UTF-8"), ("sex: männlich".encode("latin-1"), "not text in UTF-8")],
        *[
            (b'{"observed": [,]}', "not valid JSON: Expecting value (line 1, column 15)"),
            (b"a: b: c", "not valid YAML (line 1"),
        ],
        *[(b"[1, 2]", "holds a list; a record is one patient's"), (b"- a\n- b", "holds a list"), (b"text", "holds no keys")],
        *[(packet() + b"\n" + packet(), "holds several JSON objects"), (b"---\nage: 3\n---\nage: 4", "several documents")],
        *[(b"observed: [a]\nobserved: [b]", "'observed' is there twice"), (b'{"age": 3, "age": 4}', "'age' is there twice")],
        *[(b"observd: [a]", "unknown key 'observd'; did you mean 'observed'?"), (b"observed: a\nhpo_observed: b", "two names")],
        *[(b"observed: 3.5e1\nage: x", "age: 'x' is not an age; allowed: 0 to 120 years"), (b"age: 300", "more than 120")],
        *[(b"age: -20w", "before birth"), (b"age: 2019-05-03", "a date, not an age"), (b"age: [3]", "found a list")],
        *[(b"sex: 1", "a number, whose meaning differs"), (b"sex: true", "found a truth value")],
        *[(b"observed: [{a: b}]", "entry 1 is a mapping"), (b"observed: [a, 3, [b]]", "entry 3 is a list")],
        *[(b"observed:\n- HP: 0000343", "write HP:0000343 without a space"), (b"observed: {a: b}", "found a mapping")],
        *[(b"observed: !!python/object/apply:os.system [ls]", "not valid YAML"), (b"observed: &a [*a]", "entry 1 is a list")],
        *[(b"[" * 100_000, "not valid YAML"), (b'{"observed":' * 100_000, "nested too deeply")],
        *[(b"observed:\n" + b"- a\n" * 300_000, "larger than 1 MB, which is read as JSON only")],
        *[(json.dumps({"observed": list(map(str, range(2001)))}).encode(), "2,001 signs; a record has at most 2,000")],
        *[(b"x" * 10_000_001, "larger than 10 MB"), (b"ancestry: [Finnish]", "ancestry: expected a text, found a list")],
    ],
)
def test_what_is_no_record_is_refused_with_its_reason(content, message):
    error = refusal(content)
    assert message in error.message


def test_messages_quote_nothing_but_the_value_that_is_not_allowed():
    text = yaml.safe_dump({"observed": ["Secret sign"], "ancestry": "Secret place", "age": 300})
    assert "Secret" not in str(refusal(text.encode()))
    assert "Secret" not in str(refusal(b"observed: [Secret sign]\nage: {"))
    assert "Mary" not in str(refusal(packet(phenotypicFeatures={"type": "Mary"})))


@given(st.one_of(st.binary(max_size=200), st.text(max_size=200).map(lambda text: text.encode("utf-8", "replace"))))
@settings(max_examples=200, suppress_health_check=[HealthCheck.too_slow])
def test_any_bytes_are_a_record_or_an_error(content):
    try:
        parse_record(content, "x")
    except DysfwError as error:
        assert error.message  # noqa: PT017


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from([*PACKET, *PACKET["subject"], "observed", "age", "type", "proband", "members", "x"]), inner
        )
    ),
    max_leaves=12,
)


@given(JSON)
@settings(max_examples=200, suppress_health_check=[HealthCheck.too_slow])
def test_any_values_are_a_record_or_an_error(value):
    try:
        record_of_values(value, "x")
    except DysfwError as error:
        assert error.message  # noqa: PT017


def test_files_and_standard_input(tmp_path, monkeypatch):
    (tmp_path / "record.yaml").write_text("age: 3\n")
    assert read_record(tmp_path / "record.yaml").record == PatientRecord(age=3.0)
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(b"sex: male"), encoding="utf-8"))
    assert read_record("-").record == PatientRecord(sex="male")
    for name, message in [("gone.yaml", "no such record"), (".", "cannot read the record"), ("a\0b", "cannot read the record")]:
        with pytest.raises(DysfwError, match=message):
            read_record(str(tmp_path / name))


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no pipes with names on this system")
def test_a_pipe_is_a_file(tmp_path):
    """As a shell passes `--record <(decrypt record.gpg)`, so that the record is on no disk."""
    os.mkfifo(tmp_path / "pipe")
    writer = threading.Thread(target=lambda: (tmp_path / "pipe").write_bytes(b"age: 3"))
    writer.start()
    assert read_record(tmp_path / "pipe").record.age == 3
    writer.join()


def test_phenopackets_as_their_own_library_writes_them():
    message = ParseDict(PACKET, Phenopacket())
    for text in (MessageToJson(message), MessageToJson(message, preserving_proto_field_name=True)):
        assert parse_record(text.encode(), "x").record == FULL
    numbered = MessageToJson(message, use_integers_for_enums=True)
    assert parse_record(numbered.encode(), "x").record == FULL
    assert parse_record(yaml.safe_dump(json.loads(MessageToJson(message))).encode(), "x").record == FULL


def test_of_a_family_only_the_proband_is_used():
    relative = {"id": "r", "phenotypicFeatures": [{"type": {"id": "HP:0000316"}}]}
    message = ParseDict({"id": "f", "proband": PACKET, "relatives": [relative]}, Family())
    read = parse_record(MessageToJson(message).encode(), "x")
    assert read.record == FULL
    assert [(one.code, one.used) for one in read.problems] == [("proband_only", True)]


def test_a_cohort_is_refused():
    error = refusal(json.dumps({"id": "c", "members": [PACKET, PACKET], "metaData": {}}).encode())
    assert "a cohort of 2 members; a record is one patient's" in error.message
    assert "one member" in error.hint


@pytest.mark.parametrize(
    ("changes", "found"),
    [
        ({"phenotypicFeatures": [{"type": {"id": "HP:0000343"}, "negated": True}]}, "phenotypicFeatures.negated"),
        ({"phenotypic_features": [{"type": {"id": "HP:0000343"}, "negated": False}]}, "phenotypicFeatures.negated"),
        ({"metaData": {"phenopacketSchemaVersion": "1.0.0-RC3"}}, "phenopacketSchemaVersion 1.0.0-RC3"),
        ({"subject": {"ageAtCollection": {"age": "P3Y"}}}, "subject.ageAtCollection"),
        ({"variants": [], "htsFiles": []}, "the section hts_files, the section variants"),
    ],
)
def test_version_1_is_refused_so_that_no_negated_sign_is_read_as_observed(changes, found):
    packets = {**PACKET, **changes}
    if "phenotypic_features" in changes:
        del packets["phenotypicFeatures"]
    for value in (packets, {"id": "f", "proband": packets}):
        error = refusal(json.dumps(value).encode())
        assert f"of version 1 ({found}); only version 2 is read" in error.message
        assert "phenopacket-tools" in error.hint


def test_what_of_a_phenopacket_is_not_used_is_said():
    features = [
        {"type": {"id": "HP:0000343"}, "onset": {"age": {"iso8601duration": "P1Y"}}, "severity": {"id": "HP:0012828"}},
        {"type": {"id": "HP:0000316"}, "resolution": {"age": {"iso8601duration": "P2Y"}}},
        {"description": "a sign in words"},
    ]
    read = parse_record(packet(phenotypicFeatures=features, diseases=[{"term": {"id": "OMIM:1"}}], interpretations=[]), "x")
    assert read.record.observed == ("HP:0000343", "HP:0000316")
    assert [(one.code, one.used) for one in read.problems] == [
        ("sign_without_type", False),
        ("details_not_used", False),
        ("sections_not_used", False),
    ]
    assert "onset of 1, severity of 1, resolution of 1" in read.problems[1].message
    assert read.problems[2].message == "not used of the Phenopacket: diseases"


@pytest.mark.parametrize("features", [[], None])
def test_a_phenopacket_without_signs_is_a_record_with_a_note(features):
    read = parse_record(packet(phenotypicFeatures=features, subject={"id": "x"}), "x")
    assert read.record == PatientRecord()
    assert [one.code for one in read.problems] == ["no_signs"]


@pytest.mark.parametrize(
    ("subject", "age", "code"),
    [
        ({"timeAtLastEncounter": {"ageRange": {"start": THREE, "end": {"iso8601duration": "P5Y"}}}}, 4, "age_range"),
        ({"dateOfBirth": "2015-01-01T00:00:00Z", "timeAtLastEncounter": {"timestamp": "2020-01-01T00:00:00Z"}}, 5, None),
        ({"timeAtLastEncounter": {"gestationalAge": {"weeks": 20}}}, None, "age_not_used"),
        ({"timeAtLastEncounter": {"ontologyClass": {"id": "HP:0003577"}}}, None, "age_not_used"),
        ({"sex": "OTHER_SEX"}, None, "sex_not_used"),
        ({"sex": "UNKNOWN_SEX"}, None, None),
        ({"karyotypicSex": "XXY"}, None, "karyotype_not_used"),
    ],
)  # fmt: skip
def test_age_and_sex_in_every_form_of_the_schema(subject, age, code):
    ParseDict({**PACKET, "subject": subject}, Phenopacket())  # the schema allows it
    read = parse_record(packet(subject=subject), "x")
    assert read.record.age == (None if age is None else pytest.approx(age, abs=0.01))
    assert read.record.sex is None
    assert [one.code for one in read.problems] == [code] * (code is not None)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"phenotypicFeatures": [{"type": {"id": "HP:0000343"}, "excluded": "true"}]}, "phenotypicFeatures.0.excluded: Input"),
        ({"phenotypicFeatures": {"a": 1}}, "phenotypicFeatures: "),
        ({"phenotypicFeatures": ["HP:0000343"]}, "phenotypicFeatures.0: "),
        ({"subject": {"sex": "WOMAN"}}, "subject.sex: 'WOMAN' is not allowed"),
        ({"subject": {"timeAtLastEncounter": {"age": {"iso8601duration": "P300Y"}}}}, "timeAtLastEncounter.age: more than 120"),
        ({"subject": {"dateOfBirth": "2020-01-01", "timeAtLastEncounter": {"timestamp": "2015-01-01"}}}, "no age of 0 to 120"),
        ({"proband": []}, "proband: expected a Phenopacket"),
    ],
)  # fmt: skip
def test_a_phenopacket_that_does_not_fit_the_schema_is_refused_with_the_place(changes, message):
    assert message in refusal(packet(**changes)).message


def test_keys_of_a_phenopacket_and_of_a_record_are_not_mixed():
    with pytest.raises(DysfwError, match="mixes keys of a Phenopacket with observed, age"):
        record_of_values({"subject": {"id": "P17"}, "observed": ["Long philtrum"], "age": "6y"}, "subj.yaml")
