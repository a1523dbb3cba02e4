"""The sex of a patient as people write it."""

from __future__ import annotations

from ..types import Sex

ALLOWED = "female or male, or nothing if it is not known"
SPELLINGS: dict[str, Sex] = {
    **dict.fromkeys(("female", "f", "fem", "w", "weiblich", "woman", "girl", "frau", "mädchen", "♀", "féminin"), "female"),
    **dict.fromkeys(("male", "m", "masc", "männlich", "maennlich", "man", "boy", "mann", "junge", "♂", "masculin"), "male"),
}


def parse_sex(text: str) -> Sex:
    """Read a sex.

    Args:
        text: A usual spelling in any case, such as "F", "female" or "weiblich".

    Returns:
        The sex.

    Raises:
        ValueError: It is neither. Numbers are refused as well: 1 is male in pedigree files and female in Phenopackets.
    """
    plain = text.strip().casefold().rstrip(".")
    if sex := SPELLINGS.get(plain):
        return sex
    if plain.removesuffix(".0").isdecimal():
        raise ValueError(f"a number, whose meaning differs between programs; allowed: {ALLOWED}")
    raise ValueError(f"neither female nor male; allowed: {ALLOWED}")
