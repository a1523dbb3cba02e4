"""Ages as people write them."""

from __future__ import annotations

import math
import re

from ..types.record import MAX_AGE

MAX_LENGTH = 40  # characters; a longer text is no age, and is not searched
DAYS = 365.25  # in a year
ALLOWED = "0 to 120 years, as in 3, 3.5, 3y, 6m, 3y 6m, 10 weeks or P3Y6M (ISO 8601)"
# Years in a unit, by its names; with English ones those of German tables.
UNITS = {
    **dict.fromkeys(("y", "yr", "yrs", "year", "years", "yo", "y/o", "year old", "years old", "a", "j", "jahr", "jahre"), 1.0),
    **dict.fromkeys(("m", "mo", "mos", "mon", "mth", "mths", "month", "months", "month old", "months old"), 1 / 12),
    **dict.fromkeys(("monat", "monate"), 1 / 12),
    **dict.fromkeys(("w", "wk", "wks", "week", "weeks", "week old", "weeks old", "woche", "wochen"), 7 / DAYS),
    **dict.fromkeys(("d", "day", "days", "day old", "days old"), 1 / DAYS),
}  # fmt: skip
NEWBORN = frozenset({"newborn", "neonate", "birth", "at birth"})
NUMBER = r"\d+(?:[.,]\d+)?"
PLAIN = re.compile(NUMBER)
PART = re.compile(rf"({NUMBER})[\s-]*([a-z][a-z/]*(?:[\s-]old)?)\.?(?:\s*(?:,|and|und|\+)?\s*)")
ISO = re.compile(
    rf"P(?=[\dT])(?:({NUMBER})Y)?(?:({NUMBER})M)?(?:({NUMBER})W)?(?:({NUMBER})D)?(?:T(?=\d)(?:({NUMBER})H)?(?:{NUMBER}M)?(?:{NUMBER}S)?)?",
    re.IGNORECASE,
)
ISO_UNITS = (1.0, 1 / 12, 7 / DAYS, 1 / DAYS, 1 / DAYS / 24)
BEFORE_BIRTH = re.compile(r"^[-−]\s*\d|gestation|\bga\b|\bwg\b|\bpcw\b|\bssw\b|pre-?nat|f(?:o?e|ö)t|\d\s*\+\s*\d+$|embryo")
DATE = re.compile(r"\d{4}[-/.]\d{1,2}[-/.]\d{1,2}.*|\d{1,2}[-/.]\d{1,2}[-/.](?:\d{4}|\d{2})")
RANGE = re.compile(rf"[<>≤≥~]|{NUMBER}\s*\w*\s*(?:-|–|to|bis)\s*{NUMBER}")


def parse_age(text: str) -> float:
    """Read an age.

    Args:
        text: Years ("3", "3.5"), numbers with units ("3y 6m", "10 weeks", "3 years old"), or a duration of ISO 8601 ("P3Y6M").

    Returns:
        Years since birth, 0 to 120.

    Raises:
        ValueError: It is none, with what it is instead and what is allowed. The message does not repeat the text: a table may
            hold a date of birth.
    """
    plain = " ".join(text.replace("\u00a0", " ").split()).casefold()
    years = _years(plain) if len(plain) <= MAX_LENGTH else None
    if years is None or not math.isfinite(years):
        raise ValueError(f"{_what(plain)}; allowed: {ALLOWED}")
    if years > MAX_AGE:
        raise ValueError(f"more than {MAX_AGE:.0f} years; allowed: {ALLOWED}")
    return years


def age_of(years: str, months: str) -> float | None:
    """Combine two columns of a table, years and the months beyond them.

    Args:
        years: Age as ``parse_age`` reads it; "" if it is not known.
        months: A number of months, or ""; beside whole years the months since the birthday, or the whole age in months.

    Returns:
        Years; None if both are empty.

    Raises:
        ValueError: One of them is no age, or they do not fit each other.
    """
    if not months:
        return parse_age(years) if years else None
    extra = parse_age(f"{months} months" if PLAIN.fullmatch(months) else months)
    if not years:
        return extra
    known = parse_age(years)
    if known != int(known) and months.strip("0.,"):
        raise ValueError("years with a fraction beside a number of months; leave one of the two out")
    if extra < 1:
        return known + extra
    if known <= extra < known + 1:
        return extra
    raise ValueError("months that do not fit the years beside them; allowed: 0 to 11 months since the birthday")


def iso_age(years: float) -> str:
    """Write an age as a duration of ISO 8601, to the completed month; below one year to the day.

    Args:
        years: Years since birth, 0 to 120.

    Returns:
        Such as "P3Y6M", "P3Y", "P70D" or "P0D".
    """
    if years < 1:
        return f"P{round(years * DAYS)}D"
    whole, months = divmod(int(years * 12 + 0.05), 12)  # 5.67 years are 5 years and 8 months
    return f"P{whole}Y{f'{months}M' if months else ''}"


def _years(plain: str) -> float | None:
    """The years of a text in lower case; None if it is no age."""
    if plain in NEWBORN:
        return 0.0
    if PLAIN.fullmatch(plain):
        return _number(plain)
    if found := ISO.fullmatch(plain):
        return sum(_number(part) * unit for part, unit in zip(found.groups(), ISO_UNITS, strict=True) if part)
    parts = PART.findall(plain)
    if not parts or PART.sub("", plain).strip():
        return None
    units = [UNITS.get(unit.replace("-", " ")) for _, unit in parts]
    known = [unit for unit in units if unit is not None]
    if len(known) < len(units) or known != sorted(set(known), reverse=True):  # the units of an age become smaller
        return None
    return sum(_number(number) * unit for (number, _), unit in zip(parts, known, strict=True))


def _number(text: str) -> float:
    return float(text.replace(",", "."))


def _what(plain: str) -> str:
    """What a text is instead of an age."""
    if len(plain) > MAX_LENGTH:
        return "not an age"
    if DATE.fullmatch(plain):
        return "a date, not an age"
    if BEFORE_BIRTH.search(plain):
        return "an age before birth, which has no place here"
    if RANGE.search(plain):
        return "a range, not one age"
    return "not an age"
