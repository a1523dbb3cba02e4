"""Reads a patient's record from a file, from standard input, or from the values of a request."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from ..errors import DysfwError
from ..types import PatientRecord, RecordProblem, Sex
from ..util.paths import local_path, shown
from ..util.text import closest, listed
from .age import parse_age
from .ancestry import parse_ancestry
from .document import FORMS, parse_text
from .phenopacket import is_phenopacket, record_of_phenopacket
from .sex import parse_sex
from .terms import split_terms, unique_terms

MAX_BYTES = 10_000_000
STDIN = "-"
KEYS = ("observed", "excluded", "age", "sex", "ancestry")
KINDS = {bool: "a truth value", int: "a number", float: "a number", str: "a text", list: "a list", dict: "a mapping"}
SYNONYMS = {"hpo_observed": "observed", "hpo_excluded": "excluded"}  # the columns of a manifest


@dataclass(frozen=True, slots=True)
class ReadRecord:
    """A record as it was read.

    Attributes:
        record: The record; empty if the file holds nothing that is used.
        problems: What of the file is not used.
    """

    record: PatientRecord
    problems: tuple[RecordProblem, ...] = ()


def read_record(source: str | Path) -> ReadRecord:
    """Read the record of one patient.

    Args:
        source: A YAML or JSON file with the keys ``observed``, ``excluded``, ``age``, ``sex`` and ``ancestry``, or a
            Phenopacket of version 2; "-" for standard input.

    Returns:
        The record, and what of the file is not used.

    Raises:
        DysfwError: The file cannot be read, or holds no record. The message quotes nothing but a value that is not allowed.
    """
    if str(source) == STDIN:
        return parse_record(sys.stdin.buffer.read(MAX_BYTES + 1), "standard input")
    path = local_path(str(source))
    name = f"the record {shown(path)}"
    try:
        with path.open("rb") as file:
            content = file.read(MAX_BYTES + 1)
    except FileNotFoundError:
        raise DysfwError(f"no such record: {shown(path)}", hint=f"{FORMS}; - reads standard input") from None
    except (OSError, ValueError) as error:  # ValueError: a name that no file can have
        raise DysfwError(f"cannot read {name}: {getattr(error, 'strerror', None) or error}") from None
    return parse_record(content, name)


def parse_record(content: bytes, name: str) -> ReadRecord:
    """Parse the content of a record's file; see ``read_record``.

    Args:
        content: Its bytes.
        name: What messages call it.

    Returns:
        The record, and what is not used.

    Raises:
        DysfwError: It holds no record, or is larger than 10 MB.
    """
    if len(content) > MAX_BYTES:
        raise DysfwError(f"{name} is larger than {MAX_BYTES // 1_000_000} MB, which is no record of one patient", hint=FORMS)
    return record_of_values(parse_text(content, name), name)


def record_of_values(value: object, name: str) -> ReadRecord:
    """Make a record of plain values, such as those of a JSON request.

    Args:
        value: A mapping with the keys of a record, or a Phenopacket.
        name: What messages call it.

    Returns:
        The record, and what is not used.

    Raises:
        DysfwError: It is none.
    """
    if isinstance(value, list):
        raise DysfwError(f"{name} holds a list; a record is one patient's", hint=FORMS)
    if not isinstance(value, Mapping) or not all(isinstance(key, str) for key in value):
        raise DysfwError(f"{name} holds no keys that belong to a record", hint=FORMS)
    if is_phenopacket(value):
        if own := [key for key in value if SYNONYMS.get(key, key) in KEYS]:
            raise DysfwError(f"{name} mixes keys of a Phenopacket with {listed(own)}", hint=FORMS)
        return ReadRecord(*record_of_phenopacket(value, name))
    parts: dict[str, object] = {}
    for key, part in value.items():
        known = SYNONYMS.get(key, key)
        if known not in KEYS:
            raise DysfwError(f"{name}: unknown key {key[:40]!r}{closest(key, KEYS)}; allowed: {listed(KEYS)}", hint=FORMS)
        if known in parts:
            raise DysfwError(f"{name}: {key} and {known} are two names of one key", hint="keep one of them")
        parts[known] = part
    return ReadRecord(
        PatientRecord(
            _signs(parts.get("observed"), f"{name}: observed"),
            _signs(parts.get("excluded"), f"{name}: excluded"),
            _age(parts.get("age"), f"{name}: age"),
            _sex(parts.get("sex"), f"{name}: sex"),
            _ancestry(parts.get("ancestry"), f"{name}: ancestry"),
        )
    )


def _signs(value: object, where: str) -> tuple[str, ...]:
    """The signs of a list, or of one text with semicolons between."""
    if value is None:
        return ()
    try:
        if isinstance(value, str):
            return split_terms(value)
        if not isinstance(value, list):
            raise ValueError(f"expected a list of signs, found {_kind(value)}")
        for number, one in enumerate(value, 1):
            if isinstance(one, Mapping):
                raise ValueError(f"entry {number} is a mapping; write HP:0000343 without a space, or quote the name")
            if not isinstance(one, str):
                raise ValueError(f"entry {number} is {_kind(one)}; expected the id or name of a sign, such as HP:0000343")
        return unique_terms(value)
    except ValueError as error:
        raise DysfwError(f"{where}: {error}") from None


def _age(value: object, where: str) -> float | None:
    if value is None or value == "":
        return None
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        raise DysfwError(f"{where}: expected an age such as 3, 6m or P3Y6M, found {_kind(value)}")
    try:
        return parse_age(str(value))
    except ValueError as error:
        raise DysfwError(f"{where}: {str(value)[:40]!r} is {error}") from None


def _sex(value: object, where: str) -> Sex | None:
    if value is None or value == "":
        return None
    if isinstance(value, bool) or not isinstance(value, int | str):
        raise DysfwError(f"{where}: expected female or male, found {_kind(value)}")
    try:
        return parse_sex(str(value))
    except ValueError as error:
        raise DysfwError(f"{where}: {str(value)[:40]!r} is {error}") from None


def _ancestry(value: object, where: str) -> str | None:
    if value is None:
        return None
    if not isinstance(value, str):
        raise DysfwError(f"{where}: expected a text, found {_kind(value)}")
    try:
        return parse_ancestry(value)
    except ValueError as error:
        raise DysfwError(f"{where}: {error}") from None


def _kind(value: object) -> str:
    names: dict[type, str] = {
        bool: "a truth value",
        int: "a number",
        float: "a number",
        str: "a text",
        list: "a list",
        dict: "a mapping",
    }
    return "nothing" if value is None else names.get(type(value), f"a {type(value).__name__}")
