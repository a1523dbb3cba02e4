"""Published cases: the signs that real patients had together, with age, sex, disease and publication."""

from __future__ import annotations

import gzip
import hashlib
import json
import re
import zlib
from collections.abc import Iterator, Sequence
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Annotated, Literal

import pydantic
from pydantic import BeforeValidator, Field

from dysfw.plugin import DysfwError, count, listed

from ..yaml_reading import StrictModel

FILE = "published_cases.jsonl.gz"
MAX_BYTES = 256 * 2**20  # of a file of cases, unpacked
MAX_PROBLEMS = 20  # in one message
AGE = re.compile(r"P(?:(\d+)Y)?(?:(\d+)M)?(?:(\d+)W)?(?:(\d+)D)?")
DAYS_PER_YEAR = 365.25
MAX_AGE = 120.0  # years


def age_in_years(age: str) -> float:
    """Convert an age in ISO 8601, as Phenopackets write it, to years.

    Args:
        age: Such as "P5Y8M" or "P2D".

    Returns:
        The age in years.

    Raises:
        ValueError: It is not an age of a person.
    """
    match = AGE.fullmatch(age)
    if not match or not any(match.groups()):
        raise ValueError(f"found {age!r}; expected an age in ISO 8601 such as P5Y8M (5 years and 8 months) or P2D (2 days)")
    years, months, weeks, days = (int(part or 0) for part in match.groups())
    value = years + months / 12 + (7 * weeks + days) / DAYS_PER_YEAR
    if value > MAX_AGE:
        raise ValueError(f"found {age!r}; a person is at most {MAX_AGE:g} years old")
    return value


def _known_sex(sex: object) -> object:
    """Map everything but the two sexes that can be drawn to None."""
    known: dict[object, object] = {"MALE": "male", "FEMALE": "female", "UNKNOWN_SEX": None, "OTHER_SEX": None}
    return known.get(sex, sex)


def _years(age: object) -> object:
    return age_in_years(age) if isinstance(age, str) else age


HpoId = Annotated[str, Field(pattern=r"^HP:\d{7}$")]


class PublishedCase(StrictModel):
    """A published case.

    Attributes:
        case: Its name within the publication; never written to a data set.
        publication: PubMed id of its publication; never written to a data set.
        observed: HPO ids of the signs that the patient had.
        excluded: HPO ids of the signs that were looked for and not found.
        disease: OMIM id of the disease.
        gene: Symbol of the gene.
        sex: "male", "female", or None if unknown or neither.
        age: Age at examination in years; None if unknown.
    """

    case: str
    publication: Annotated[str, Field(min_length=1)]
    observed: tuple[HpoId, ...]
    excluded: tuple[HpoId, ...] = ()
    disease: Annotated[str, Field(pattern=r"^OMIM:\d{6}$")]
    gene: str | None = None
    sex: Annotated[Literal["male", "female"] | None, BeforeValidator(_known_sex)] = None
    age: Annotated[Annotated[float, Field(ge=0, le=MAX_AGE, allow_inf_nan=False)] | None, BeforeValidator(_years)] = None


@cache
def shipped_cases() -> tuple[PublishedCase, ...]:
    """Return the shipped cases, in the order of their table."""
    content = gzip.decompress((files(__package__) / FILE).read_bytes())
    return tuple(parse_cases(content.decode("utf-8"), FILE))


def read_cases(path: Path) -> list[PublishedCase]:
    """Read cases from a file.

    Args:
        path: A file with one JSON object a line, with the keys of ``PublishedCase``; ``.gz`` is unpacked.

    Returns:
        The cases.

    Raises:
        DysfwError: The file cannot be read, or some of its lines are invalid; the message lists them.
    """
    try:
        with (gzip.open if path.suffix == ".gz" else open)(path, "rb") as file:
            content = file.read(MAX_BYTES + 1)
        text = content.decode("utf-8-sig")
    except (OSError, EOFError, zlib.error) as error:
        raise DysfwError(f"cannot read the cases {path}: {getattr(error, 'strerror', None) or error}") from None
    except UnicodeDecodeError:
        raise DysfwError(f"{path} is not text in UTF-8", hint="cases are a file with one JSON object a line") from None
    if len(content) > MAX_BYTES:
        raise DysfwError(f"{path} unpacks to more than {MAX_BYTES >> 20} MB; that is not a table of cases")
    cases = parse_cases(text, str(path))
    if not cases:
        raise DysfwError(f"{path} contains no cases", hint="cases are a file with one JSON object a line")
    return cases


def parse_cases(text: str, name: str) -> list[PublishedCase]:
    """Parse cases.

    Args:
        text: One JSON object a line; empty lines are skipped.
        name: Name of the file, for messages.

    Returns:
        The cases.

    Raises:
        DysfwError: Some lines are invalid; the message lists them.
    """
    cases: list[PublishedCase] = []
    problems: list[str] = []
    first: dict[tuple[str, str], int] = {}
    for number, line in enumerate(text.split("\n"), 1):  # not splitlines: other separators can be in a text
        if not line.strip():
            continue
        try:
            # Validated as JSON, which accepts a list for a tuple but not the text "3" for a number.
            case = PublishedCase.model_validate_json(line, strict=True)
        except pydantic.ValidationError as error:
            problems += [f"{name}:{number}: {_explain(detail)}" for detail in error.errors()]
            continue
        earlier = first.setdefault((case.publication, case.case), number)
        if earlier != number:
            problems.append(f"{name}:{number}: the case {case.case!r} of {case.publication} is already in line {earlier}")
        cases.append(case)
    if problems:
        rest = [f"and {len(problems) - MAX_PROBLEMS:,} more"] if len(problems) > MAX_PROBLEMS else []
        lines = "\n".join(f"  {problem}" for problem in [*problems[:MAX_PROBLEMS], *rest])
        raise DysfwError(f"{count(len(problems), 'problem')} in the cases {name}:\n{lines}", hint=_HINT)
    return cases


_HINT = (
    'a line is {"case": …, "publication": "PMID:…", "observed": ["HP:0000316", …], "excluded": […], "disease": "OMIM:123456", '
    '"gene": …, "sex": "FEMALE", "age": "P5Y8M"}; only case, publication, observed and disease are required'
)


def _explain(detail: object) -> str:
    """Describe an error of pydantic."""
    error: dict[str, object] = dict(detail)  # type: ignore[call-overload]  # pydantic's type of it is not public
    location = [str(part) for part in error["loc"]] if isinstance(error["loc"], tuple) else []
    place = f"{'.'.join(location)}: " if location else ""
    kind, found = error["type"], json.dumps(error["input"], ensure_ascii=False, default=str)
    if kind == "json_invalid":
        return "not a JSON object"
    if kind == "extra_forbidden":
        return f"{place}unknown key (allowed: {listed(PublishedCase.model_fields, 20)})"
    if kind == "missing":
        return f"{place}is missing"
    if kind == "value_error" and isinstance(error["ctx"], dict):
        return f"{place}{error['ctx']['error']}"
    if kind == "string_pattern_mismatch":
        expected = "OMIM:147791" if location[0] == "disease" else "HP:0000316"
        return f"{place}found {found}; expected text like {expected}"
    message = str(error["msg"])
    return f"{place}found {found if len(found) <= 60 else found[:57] + '…'}; {message[0].lower()}{message[1:]}"


def publication_numbers(cases: Sequence[PublishedCase]) -> Iterator[str]:
    """Name the publication of each case by a number, which keeps cases of one publication together and tells nothing else.

    The numbers are in the order of hashes: neither neighbours in the table nor cases of one disease have similar ones.

    Args:
        cases: The cases.

    Yields:
        Text such as "publication-0012" for each case.
    """
    by_hash = sorted({case.publication for case in cases}, key=lambda id: hashlib.sha256(id.encode()).digest())
    numbers = {id: number for number, id in enumerate(by_hash, 1)}
    for case in cases:
        yield f"publication-{numbers[case.publication]:04d}"
