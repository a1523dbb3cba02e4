"""Says how a record is understood, and what of it contradicts itself."""

from __future__ import annotations

from ..records.age import iso_age
from ..records.read import ReadRecord
from ..types import InterpretedRecord, Status
from . import schema


def record_to_json(read: ReadRecord, interpreted: InterpretedRecord | None) -> schema.Record:
    """Describe a record as it is understood.

    Args:
        read: The record, as it was read.
        interpreted: Its signs, as the ontology knows them; None without an ontology, when they stay as they were written.
    """
    record = read.record
    problems = [problem.message for problem in read.problems]
    if interpreted is None:
        observed, excluded = ([_as_written(text) for text in texts] for texts in (record.observed, record.excluded))
        both = {text.casefold() for text in record.observed} & {text.casefold() for text in record.excluded}
        problems += [f"{text} is both observed and excluded" for text in record.observed if text.casefold() in both]
    else:
        signs: dict[Status, list[schema.NamedSign]] = {"observed": [], "excluded": []}
        for sign in interpreted.signs:
            signs[sign.status].append(schema.NamedSign(id=sign.id, name=sign.name))
        observed, excluded = signs["observed"], signs["excluded"]
        problems += [problem.message for problem in interpreted.problems]
    return schema.Record(
        observed=observed,
        excluded=excluded,
        age=record.age,
        age_text="" if record.age is None else age_text(record.age),
        sex=record.sex,
        ancestry=record.ancestry,
        problems=problems,
    )


def _as_written(text: str) -> schema.NamedSign:
    return schema.NamedSign(id=text, name=text)


def age_text(years: float) -> str:
    """Write an age as people do, in a form that is read again as the same age to the completed month.

    Args:
        years: Years since birth, 0 to 120.

    Returns:
        Such as "3y 6m", "3y" or "70d".
    """
    iso = iso_age(years).removeprefix("P").lower()
    return iso.replace("y", "y ").strip()
