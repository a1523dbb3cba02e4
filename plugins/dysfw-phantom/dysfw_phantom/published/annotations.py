"""How frequent signs are in a disease, according to the annotations of the Human Phenotype Ontology."""

from __future__ import annotations

import csv
import gzip
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

from .hpo import is_facial

FILE = "annotations.tsv.gz"
# Ranges of HPO's frequency terms (subontology HP:0040279), by their midpoint.
FREQUENCY_TERMS = {
    "HP:0040280": 1.0,  # obligate: 100 %
    "HP:0040281": 0.895,  # very frequent: 80–99 %
    "HP:0040282": 0.545,  # frequent: 30–79 %
    "HP:0040283": 0.17,  # occasional: 5–29 %
    "HP:0040284": 0.025,  # very rare: 1–4 %
    "HP:0040285": 0.0,  # excluded: 0 %
}
UNKNOWN_FREQUENCY = 0.5  # if an annotation states none


@dataclass(frozen=True, slots=True)
class AnnotatedSign:
    """A sign of a disease.

    Attributes:
        term: HPO id.
        frequency: Estimated fraction of the patients who have it, 0 to 1.
        present: Number of patients who had it.
        patients: Number of patients in whom it was counted; 0 if the annotation gives none.
        stated: Whether the annotation states a frequency; otherwise it is ``UNKNOWN_FREQUENCY``.
    """

    term: str
    frequency: float
    present: int
    patients: int
    stated: bool


@dataclass(frozen=True, slots=True)
class AnnotatedDisease:
    """A disease with its signs.

    Attributes:
        id: OMIM id.
        name: Name of the disease.
        signs: Its signs, the most frequent first.
    """

    id: str
    name: str
    signs: tuple[AnnotatedSign, ...]

    @property
    def facial_signs(self) -> tuple[AnnotatedSign, ...]:
        """Its signs of head, neck, eyes, ears and hair, the most frequent first."""
        return tuple(sign for sign in self.signs if is_facial(sign.term))


@cache
def annotated_diseases() -> Mapping[str, AnnotatedDisease]:
    """Return all annotated diseases by OMIM id; some have no signs."""
    content = gzip.decompress((files(__package__) / FILE).read_bytes()).decode("utf-8")
    names: dict[str, str] = {}
    stated: defaultdict[str, defaultdict[str, list[str]]] = defaultdict(lambda: defaultdict(list))
    for row in csv.DictReader(content.splitlines(), delimiter="\t"):
        names.setdefault(row["disease"], row["name"])
        if row["term"]:
            stated[row["disease"]][row["term"]].append(row["frequency"])
    return {
        disease: AnnotatedDisease(
            disease,
            name,
            tuple(
                sorted(
                    (_sign(term, frequencies) for term, frequencies in stated[disease].items()),
                    key=lambda sign: (-sign.frequency, sign.term),
                )
            ),
        )
        for disease, name in names.items()
    }


def _sign(term: str, frequencies: Sequence[str]) -> AnnotatedSign:
    """Pool the annotations of one sign: counts are added up; without counts, the stated fractions are averaged."""
    counts = [tuple(map(int, text.split("/"))) for text in frequencies if "/" in text]
    patients = sum(total for _, total in counts)
    if patients:
        present = min(patients, sum(number for number, _ in counts))
        frequency = estimated_frequency(present, patients) if present else 0.0
        return AnnotatedSign(term, frequency, present, patients, stated=True)
    fractions = [fraction for text in frequencies if (fraction := _fraction(text)) is not None]
    if fractions:
        return AnnotatedSign(term, sum(fractions) / len(fractions), 0, 0, stated=True)
    return AnnotatedSign(term, UNKNOWN_FREQUENCY, 0, 0, stated=False)


def estimated_frequency(present: int, patients: int) -> float:
    """Estimate a frequency by Laplace's rule of succession: a sign that one patient of one has is not a sign of every patient.

    Args:
        present: Number of patients who have the sign.
        patients: Number of patients in whom it was looked for.

    Returns:
        (present + 1) / (patients + 2).
    """
    return (present + 1) / (patients + 2)


def _fraction(text: str) -> float | None:
    """Read a frequency that is a term or a percentage."""
    if text.endswith("%"):
        return min(1.0, float(text[:-1]) / 100)
    return FREQUENCY_TERMS.get(text)
