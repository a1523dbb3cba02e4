"""Records of patients in requests: read by the rules of files, and limited in size. Nothing of them is logged or kept."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ..errors import DysfwError
from ..records.read import ReadRecord, parse_record, record_of_values
from ..types import PatientRecord
from .problems import RequestError

NAME = "the record"  # what messages call it
MAX_SIGNS = 200
MAX_TEXT = 200  # characters of a sign or an ancestry


def read_values(values: Mapping[str, Any] | None) -> ReadRecord:
    """Read the record of a JSON request.

    Args:
        values: The keys of a record, or a Phenopacket; None for no record.

    Raises:
        RequestError: It is none, or larger than allowed.
    """
    if values is None:
        return ReadRecord(PatientRecord())
    try:
        return _checked(record_of_values(values, NAME))
    except DysfwError as error:
        raise _wrong(error) from None


def read_text(content: bytes) -> ReadRecord:
    """Read a record that was sent as a file or a text.

    Args:
        content: JSON or YAML: the keys of a record, or a Phenopacket.

    Raises:
        RequestError: It is none, or larger than allowed.
    """
    try:
        return _checked(parse_record(content, NAME))
    except DysfwError as error:
        raise _wrong(error) from None


def _checked(read: ReadRecord) -> ReadRecord:
    record = read.record
    signs = (*record.observed, *record.excluded)
    if len(signs) > MAX_SIGNS:
        raise RequestError(400, "wrong_record", f"{NAME} has {len(signs)} signs; at most {MAX_SIGNS} are allowed")
    if (longest := max((len(text) for text in (*signs, record.ancestry or "")), default=0)) and longest > MAX_TEXT:
        message = f"{NAME} has a text of {longest:,} characters; at most {MAX_TEXT} are allowed for a sign or an ancestry"
        raise RequestError(400, "wrong_record", message)
    return read


def _wrong(error: DysfwError) -> RequestError:
    hint = f"; {error.hint}" if error.hint else ""
    return RequestError(400, "wrong_record", f"{error.message}{hint}")
