"""Options for what is known of a patient beside the images; several commands share them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, TypeVar

import typer

if TYPE_CHECKING:
    from ..types import PatientRecord

T = TypeVar("T")
HISTORY = "Options land in the shell's history and in the list of processes; --record does not put its content there."

TermOption = Annotated[
    list[str] | None,
    typer.Option(
        "--term",
        metavar="TERM",
        help=f"A sign that was observed: an HPO id or name, e.g. 'Long philtrum'. Repeatable. {HISTORY}",
        show_default=False,
    ),
]
ExcludedTermOption = Annotated[
    list[str] | None,
    typer.Option(
        "--excluded-term", metavar="TERM", help="A sign that was looked for and is not there. Repeatable.", show_default=False
    ),
]
AgeOption = Annotated[
    str | None, typer.Option("--age", metavar="AGE", help="Age: 3y, 6m, 3.5 or P3Y6M (ISO 8601).", show_default=False)
]
SexOption = Annotated[str | None, typer.Option("--sex", metavar="SEX", help="Sex: female or male.", show_default=False)]
AncestryOption = Annotated[
    str | None, typer.Option("--ancestry", metavar="TEXT", help="Ancestry, as the training data name it.", show_default=False)
]
RecordOption = Annotated[
    str | None,
    typer.Option(
        "--record",
        metavar="FILE|-",
        help="The patient's record: YAML or JSON with observed, excluded, age, sex and ancestry, or a Phenopacket (version 2); "
        "- reads standard input.",
        show_default=False,
    ),
]


def record_of(  # noqa: PLR0917  # the options of a command, in its order
    terms: list[str] | None,
    excluded_terms: list[str] | None,
    age: str | None,
    sex: str | None,
    ancestry: str | None,
    record_file: str | Path | None,
) -> PatientRecord:
    """Make a patient's record of the options of a command, and warn of what a file holds beyond it.

    Args:
        terms: Signs that were observed.
        excluded_terms: Signs that were looked for and not observed.
        age: Age as it was written.
        sex: Sex as it was written.
        ancestry: Ancestry as it was written.
        record_file: A record's file, or "-". Options add to it.

    Returns:
        The record; empty if nothing is given.

    Raises:
        DysfwError: An option is not allowed, contradicts another or the file, or the file cannot be used.
    """
    from ..records.age import parse_age
    from ..records.ancestry import parse_ancestry
    from ..records.read import read_record
    from ..records.sex import parse_sex
    from ..types import PatientRecord
    from .terminal import warn

    given = PatientRecord(
        _signs("--term", terms),
        _signs("--excluded-term", excluded_terms),
        None if age is None else _parsed("--age", age, parse_age),
        None if sex is None else _parsed("--sex", sex, parse_sex),
        None if ancestry is None else _parsed("--ancestry", ancestry, parse_ancestry),
    )
    if record_file is None:
        _refuse_contradiction(given)
        return given
    read = read_record(record_file)
    for problem in read.problems:
        warn(problem.message)
    return _merged(read.record, given)


def _merged(from_file: PatientRecord, given: PatientRecord) -> PatientRecord:
    """A file's record with what the options add; raises DysfwError where they contradict it."""
    from ..types import PatientRecord

    merged = PatientRecord(
        tuple(dict.fromkeys((*from_file.observed, *given.observed))),
        tuple(dict.fromkeys((*from_file.excluded, *given.excluded))),
        _one("--age", given.age, from_file.age),
        _one("--sex", given.sex, from_file.sex),
        _one("--ancestry", given.ancestry, from_file.ancestry),
    )
    if given.observed or given.excluded:  # what the file contradicts in itself is a problem of its signs, not of the options
        _refuse_contradiction(merged, from_file)
    return merged


def _signs(option: str, values: list[str] | None) -> tuple[str, ...]:
    """The signs of an option, of which each may hold several with semicolons between."""
    from ..records.terms import split_terms

    found = [_parsed(option, value, split_terms) for value in values or ()]
    if not all(found):
        from ..errors import DysfwError

        raise DysfwError(f"{option} is empty", hint=f"give the id or name of a sign, for example {option} 'Long philtrum'")
    return tuple(dict.fromkeys(sign for signs in found for sign in signs))


def _parsed(option: str, text: str, parse: Callable[[str], T]) -> T:
    """The value of an option; raises DysfwError with its name if it is not allowed."""
    from ..errors import DysfwError
    from ..util.text import quoted

    try:
        return parse(text)
    except ValueError as error:
        raise DysfwError(f"{option} {quoted(text, 40)}: {error}") from None


def _one(option: str, given: T | None, from_file: T | None) -> T | None:
    """The value of an option or of the file; raises DysfwError if they differ."""
    if given is not None and from_file is not None and given != from_file:
        from ..errors import DysfwError

        raise DysfwError(f"{option} differs from what --record holds", hint=f"leave {option} out, or correct the file")
    return from_file if given is None else given


def _refuse_contradiction(record: PatientRecord, known: PatientRecord | None = None) -> None:
    """Raise DysfwError for a sign that is observed and excluded, unless the file alone says so already."""
    both = _contradictory(record) - (_contradictory(known) if known else set())
    if both:
        from ..errors import DysfwError
        from ..util.text import listed, quoted

        where = "" if known is None else ", counting --record"
        raise DysfwError(
            f"observed and excluded at once{where}: {listed(map(quoted, sorted(both)), 3)}",
            hint="name a sign under --term if it was seen, and under --excluded-term if it was looked for and is not there",
        )


def _contradictory(record: PatientRecord) -> set[str]:
    return {sign.casefold() for sign in record.observed} & {sign.casefold() for sign in record.excluded}
