"""Reads the patient's record from a GA4GH Phenopacket, version 2 (ISO 4454:2022; Jacobsen et al., Nat Biotechnol 2022;40:817).

Only what a record holds is read. Names of fields are accepted in both forms of protobuf's JSON, ``phenotypicFeatures`` and
``phenotypic_features``.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from pydantic import BaseModel, ConfigDict, StrictBool, ValidationError, model_validator
from pydantic.alias_generators import to_camel, to_snake

from ..errors import DysfwError
from ..types import PatientRecord, RecordProblem, Sex
from ..util.text import count, listed
from .age import DAYS, parse_age
from .terms import unique_terms

MARKS = frozenset({"phenotypic_features", "meta_data", "subject", "proband", "members", "interpretations"})  # no other record's
FIRST_VERSION = frozenset({"genes", "variants", "hts_files"})  # sections that version 2 no longer has
NOT_READ = ("measurements", "biosamples", "interpretations", "diseases", "medical_actions", "files")
DETAILS = ("onset", "severity", "modifiers", "resolution", "evidence")  # of a sign
SEXES: dict[str, Sex | None] = {
    **dict.fromkeys(("FEMALE", "1"), "female"), **dict.fromkeys(("MALE", "2"), "male"),
    **dict.fromkeys(("", "UNKNOWN_SEX", "0", "OTHER_SEX", "3"), None),
}  # fmt: skip


class _Message(BaseModel):
    """A message of the schema. A null stands for an absent field, as in protobuf's JSON; other fields are left out."""

    model_config = ConfigDict(
        frozen=True, extra="ignore", alias_generator=to_camel, populate_by_name=True, hide_input_in_errors=True
    )

    @model_validator(mode="before")
    @classmethod
    def _without_nulls(cls, value: Any) -> Any:  # noqa: ANN401  # whatever the file holds
        return {key: one for key, one in value.items() if one is not None} if isinstance(value, dict) else value


class _Term(_Message):
    id: str = ""
    label: str = ""


class _Feature(_Message):
    type: _Term = _Term()
    excluded: StrictBool = False
    onset: Any = None
    severity: Any = None
    modifiers: Any = None
    resolution: Any = None
    evidence: Any = None


class _Duration(_Message):
    iso8601duration: str = ""


class _AgeRange(_Message):
    start: _Duration = _Duration()
    end: _Duration = _Duration()


class _Time(_Message):
    age: _Duration | None = None
    age_range: _AgeRange | None = None
    timestamp: str = ""
    gestational_age: Any = None
    ontology_class: Any = None
    interval: Any = None


class _Subject(_Message):
    date_of_birth: str = ""
    time_at_last_encounter: _Time = _Time()
    sex: str | int = ""
    karyotypic_sex: str | int = ""


class _Packet(_Message):
    subject: _Subject = _Subject()
    phenotypic_features: tuple[_Feature, ...] = ()
    measurements: Any = None
    biosamples: Any = None
    interpretations: Any = None
    diseases: Any = None
    medical_actions: Any = None
    files: Any = None


def is_phenopacket(value: Mapping[str, object]) -> bool:
    """Return whether a mapping has fields that only a Phenopacket, a family or a cohort of them has."""
    return not MARKS.isdisjoint(map(to_snake, value))


def record_of_phenopacket(value: Mapping[str, object], name: str) -> tuple[PatientRecord, tuple[RecordProblem, ...]]:
    """Read a record.

    Args:
        value: The Phenopacket, or a family, whose proband is used.
        name: What messages call the file.

    Returns:
        The record, and what of the Phenopacket is not used.

    Raises:
        DysfwError: It is a cohort, of version 1, or does not fit the schema.
    """
    keys = {to_snake(key): one for key, one in value.items()}
    problems: list[RecordProblem] = []
    if "members" in keys and "subject" not in keys:
        raise DysfwError(
            f"{name} is a cohort of {_number(keys['members'])}; a record is one patient's",
            hint="give the Phenopacket of one member",
        )
    if "proband" in keys:
        problems.append(RecordProblem("proband_only", "the file describes a family; only its proband is used", used=True))
        proband = keys["proband"]
        if not isinstance(proband, Mapping):
            raise DysfwError(f"{name}: proband: expected a Phenopacket, found {_kind(proband)}")
        _refuse_first_version(keys, name)
        value = proband
    _refuse_first_version({to_snake(key): one for key, one in value.items()}, name)
    try:
        packet = _Packet.model_validate(value)
    except ValidationError as error:
        raise _error(error, name) from None
    age = _age(packet.subject, name, problems)
    sex = _sex(packet.subject, name, problems)
    record = PatientRecord(*_signs(packet.phenotypic_features, name, problems), age=age, sex=sex)
    if sections := [to_camel(section) for section in NOT_READ if getattr(packet, section)]:
        problems.append(RecordProblem("sections_not_used", f"not used of the Phenopacket: {listed(sections)}"))
    return record, tuple(problems)


def _signs(features: Sequence[_Feature], name: str, problems: list[RecordProblem]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The observed and the excluded signs."""
    if not features:
        problems.append(RecordProblem("no_signs", "the Phenopacket has no phenotypicFeatures, so that the record has no signs"))
    nameless = sum(not (one.type.id or one.type.label).strip() for one in features)
    if nameless:
        message = f"{count(nameless, 'phenotypic feature')} without a type, which names the sign; not used"
        problems.append(RecordProblem("sign_without_type", message))
    details = [f"{detail} of {number}" for detail in DETAILS if (number := sum(bool(getattr(one, detail)) for one in features))]
    if details:
        message = f"details of phenotypic features are not used: {listed(details)}; the signs themselves are"
        problems.append(RecordProblem("details_not_used", message))
    signs = []
    for excluded in (False, True):
        try:
            signs.append(unique_terms(one.type.id or one.type.label for one in features if one.excluded is excluded))
        except ValueError as error:
            raise DysfwError(f"{name}: phenotypicFeatures: {error}") from None
    return signs[0], signs[1]


def _sex(subject: _Subject, name: str, problems: list[RecordProblem]) -> Sex | None:
    written = str(subject.sex)
    if written not in SEXES:
        allowed = "FEMALE, MALE, OTHER_SEX or UNKNOWN_SEX"
        raise DysfwError(f"{name}: subject.sex: {written[:40]!r} is not allowed by the schema; allowed: {allowed}")
    if written in {"OTHER_SEX", "3"}:
        problems.append(RecordProblem("sex_not_used", "subject.sex is OTHER_SEX, with which nothing can be compared; not used"))
    if str(subject.karyotypic_sex) not in {"", "0", "UNKNOWN_KARYOTYPE"}:
        problems.append(RecordProblem("karyotype_not_used", "subject.karyotypicSex is not used"))
    return SEXES[written]


def _age(subject: _Subject, name: str, problems: list[RecordProblem]) -> float | None:
    """The age at the last encounter, years."""
    time = subject.time_at_last_encounter
    if time.age and time.age.iso8601duration:
        return _duration(time.age.iso8601duration, f"{name}: subject.timeAtLastEncounter.age")
    if time.age_range and time.age_range.start.iso8601duration and time.age_range.end.iso8601duration:
        where = f"{name}: subject.timeAtLastEncounter.ageRange"
        start, end = (_duration(one.iso8601duration, where) for one in (time.age_range.start, time.age_range.end))
        problems.append(RecordProblem("age_range", "the age is a range; its middle is used", used=True))
        return (start + end) / 2
    if time.timestamp and subject.date_of_birth:
        return _difference(subject.date_of_birth, time.timestamp, f"{name}: subject")
    if form := next(
        (form for form in ("gestational_age", "ontology_class", "interval", "timestamp") if getattr(time, form)), ""
    ):
        message = f"subject.timeAtLastEncounter is given as {to_camel(form)}, from which no age follows; not used"
        problems.append(RecordProblem("age_not_used", message))
    return None


def _duration(text: str, where: str) -> float:
    try:
        return parse_age(text)
    except ValueError as error:
        raise DysfwError(f"{where}: {error}", hint="correct the age, or leave it out") from None


def _difference(birth: str, encounter: str, where: str) -> float:
    """Years between two timestamps of protobuf's JSON, such as "2015-03-01T00:00:00Z"."""
    try:
        days = (datetime.fromisoformat(encounter[:10]) - datetime.fromisoformat(birth[:10])).days
        return parse_age(f"{days / DAYS:.6f}")
    except ValueError:
        raise DysfwError(
            f"{where}: no age of 0 to 120 years follows from dateOfBirth and timeAtLastEncounter.timestamp",
            hint="correct the dates, or leave them out",
        ) from None


def _refuse_first_version(keys: Mapping[str, object], name: str) -> None:
    """Raise DysfwError for version 1, in which "negated" says that a sign is absent."""
    meta, subject, features = keys.get("meta_data"), keys.get("subject"), keys.get("phenotypic_features")
    version = _value(meta, "phenopacket_schema_version")
    found = [f"the section {section}" for section in sorted(FIRST_VERSION & keys.keys())]
    if isinstance(version, str) and version.strip().startswith(("0", "1")):
        found.append(f"phenopacketSchemaVersion {version[:20]}")
    found += [f"subject.{to_camel(key)}" for key in ("age_at_collection", "age_range_at_collection") if _value(subject, key)]
    if isinstance(features, list) and any(_value(one, "negated") is not None for one in features):
        found.append("phenotypicFeatures.negated")
    if found:
        raise DysfwError(
            f"{name} is a Phenopacket of version 1 ({listed(found)}); only version 2 is read",
            hint="convert it to version 2, for example with phenopacket-tools convert; there, negated is called excluded",
        )


def _value(message: object, key: str) -> object:
    """A field of a message in either form of its name; None if it has none."""
    if not isinstance(message, Mapping):
        return None
    return next((one for name, one in message.items() if isinstance(name, str) and to_snake(name) == key), None)


def _error(error: ValidationError, name: str) -> DysfwError:
    """Where the file does not fit the schema; what it holds is not quoted."""
    details = error.errors(include_url=False, include_context=False, include_input=False)
    lines = [f"  {'.'.join(map(str, one['loc'])) or 'the whole'}: {one['msg']}" for one in details[:5]]
    rest = [f"  and {len(details) - 5:,} more"] if len(details) > 5 else []
    return DysfwError(
        "\n".join([f"{name} does not fit the schema of Phenopackets:", *lines, *rest]),
        hint="see https://phenopacket-schema.readthedocs.io",
    )


def _number(members: object) -> str:
    return count(len(members), "member") if isinstance(members, list) else "several members"


def _kind(value: object) -> str:
    return "nothing" if value is None else f"a {type(value).__name__}"
