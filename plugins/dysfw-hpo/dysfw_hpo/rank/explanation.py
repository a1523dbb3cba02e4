"""Explains the place of one disease: the record sign by sign, and which of its frequent signs the record does not mention."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from dysfw.plugin import EvidencePart, Sign

from ..diseases import Annotation
from .catalog import Catalog

FREQUENT = 0.5  # share of patients from which a sign is called frequent
NOT_STATED = "not stated"
MIN_COUNTED = 3  # with fewer patients, a share says little


@dataclass(frozen=True, slots=True)
class AnnotatedSign:
    """A sign of a disease as it is annotated.

    Attributes:
        id: Its HPO id.
        name: Its name.
        frequency: Share of patients with it, over all references: of counts (affected + 1) / (counted + 2), since a sign of the
            only patient need not be frequent; None if none states it.
        text: What is stated, such as "12 of 15" or "about 30 %".
        counted: Number of patients in whom it was looked for; None if they were not counted.
    """

    id: str
    name: str
    frequency: float | None
    text: str
    counted: int | None = None

    @property
    def seen(self) -> bool:
        """Whether any patient had it, as far as is known: "0 of 25" were only looked at."""
        return self.frequency != 0 and not (self.counted and self.text.startswith("0 of "))

    @property
    def frequent(self) -> bool:
        """Whether most patients have it, as far as is known."""
        return (self.frequency or 0) >= FREQUENT and (self.counted is None or self.counted >= MIN_COUNTED)


@dataclass(frozen=True, slots=True)
class ExplainedSign:
    """A sign of the record, for one disease.

    Attributes:
        sign: The sign.
        log_ratio: Natural logarithm of its likelihood ratio; NaN if it is not known.
        annotated: The sign of the disease that it was compared with: itself, else the most frequent one below it, else the
            closest one above it; None if the disease has none of these.
        relation: "same", "below", "above" or "none", the place of ``annotated``.
    """

    sign: Sign
    log_ratio: float
    annotated: AnnotatedSign | None
    relation: str


@dataclass(frozen=True, slots=True)
class Explanation:
    """The explanation for one disease.

    Attributes:
        number: The disease.
        signs: The signs of the record, those with the greatest ratio first.
        rest: Natural logarithm of what is no sign's: that the disease's other signs are not mentioned; NaN if not known.
        missing: Frequent signs of the disease that the record does not mention, the most frequent first.
        frequent: Number of frequent signs.
        found: Number of frequent signs that the record holds, or that follow from its signs.
    """

    number: int
    signs: tuple[ExplainedSign, ...]
    rest: float
    missing: tuple[AnnotatedSign, ...]
    frequent: int
    found: int


def annotated_signs(catalog: Catalog, number: int) -> dict[str, AnnotatedSign]:
    """List the signs of a disease with their frequencies, from both its entries.

    Args:
        catalog: The diseases.
        number: The disease.

    Returns:
        Its signs by id.
    """
    disease, ontology = catalog[number], catalog.data.ontology
    lines: dict[str, list[Annotation]] = {}
    for id in (disease.id, *disease.other_ids):
        for one in catalog.data.diseases.annotations(id):
            if not one.negated and one.term in ontology and ontology.is_sign(one.term):
                lines.setdefault(one.term, []).append(one)
    return {term: _annotated(term, ontology.name(term), own) for term, own in lines.items()}


def explain(catalog: Catalog, number: int, signs: Sequence[Sign], parts: Sequence[EvidencePart]) -> Explanation:
    """Explain the place of a disease.

    Args:
        catalog: The diseases.
        number: The disease.
        signs: The signs of the record.
        parts: What the log ratio of the signs adds up, with an entry for each disease of the catalog.

    Returns:
        The explanation.
    """
    annotated = annotated_signs(catalog, number)
    ratio = {part.sign: float(part.log_ratio[number]) for part in parts if part.sign}
    explained = [ExplainedSign(sign, ratio.get(sign, np.nan), *_compared(catalog, sign, annotated)) for sign in signs]
    explained.sort(key=lambda one: -np.nan_to_num(one.log_ratio))
    frequent = {id: one for id, one in annotated.items() if one.frequent}
    mentioned, found = _mentioned(catalog, signs)
    missing = [one for id, one in frequent.items() if id not in mentioned]
    missing.sort(key=lambda one: (-(one.frequency or 0), one.name))
    return Explanation(
        number=number,
        signs=tuple(explained),
        rest=float(sum(part.log_ratio[number] for part in parts if part.sign is None)),
        missing=tuple(missing),
        frequent=len(frequent),
        found=sum(id in found for id in frequent),
    )


def _mentioned(catalog: Catalog, signs: Sequence[Sign]) -> tuple[set[str], set[str]]:
    """Ids of signs that the record says something of, and of those that the patient has."""
    ontology = catalog.data.ontology
    found: set[str] = set()
    denied: set[str] = set()
    for sign in signs:
        if sign.status == "observed":
            found |= {sign.id, *ontology.ancestors(sign.id)}
        else:
            denied |= {sign.id, *ontology.descendants(sign.id)}
    return found | denied, found


def _compared(catalog: Catalog, sign: Sign, annotated: dict[str, AnnotatedSign]) -> tuple[AnnotatedSign | None, str]:
    """The annotated sign that a sign of the record was compared with, and how they are related."""
    ontology = catalog.data.ontology
    if sign.id in annotated:
        return annotated[sign.id], "same"
    below = [annotated[id] for id in ontology.descendants(sign.id) if id in annotated]
    if below:
        return max(below, key=lambda one: one.frequency or 0), "below"
    border, seen = [sign.id], {sign.id}
    while border:
        border = [id for one in border for id in ontology.parents(one) if id not in seen and ontology.is_sign(id)]
        seen.update(border)
        if above := next((annotated[id] for id in border if id in annotated), None):
            return above, "above"
    return None, "none"


def _annotated(term: str, name: str, lines: Sequence[Annotation]) -> AnnotatedSign:
    """Pool the statements of several references: counts are added up; without counts, the mean of the stated shares."""
    counted = [one for one in lines if one.counted]
    shares = [one.frequency for one in lines if not one.counted and one.frequency is not None]
    if counted:
        affected, number = sum(one.affected or 0 for one in counted), sum(one.counted or 0 for one in counted)
        return AnnotatedSign(term, name, (affected + 1) / (number + 2), f"{affected:,} of {number:,}", number)
    if shares:
        mean = sum(shares) / len(shares)
        return AnnotatedSign(term, name, mean, f"about {100 * mean:.2g} %")
    return AnnotatedSign(term, name, None, NOT_STATED)
