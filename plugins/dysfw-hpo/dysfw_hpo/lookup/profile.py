"""Describes a condition, and compares its signs with a record."""

from __future__ import annotations

import math
from collections.abc import Sequence

from dysfw.plugin import (
    Assessment,
    Bool,
    ComparedSign,
    ConditionIds,
    ConditionProfile,
    ConditionSign,
    EvidencePart,
    Gene,
    InterpretedRecord,
)

from ..rank.catalog import Catalog
from ..rank.explanation import NOT_STATED, AnnotatedSign, ExplainedSign, annotated_signs, explain
from ..rank.face import PHANTOM

RELATIONS = {"same": "{}", "below": "as {}, which is more specific", "above": "only as {}, which is more general"}


def describe(
    catalog: Catalog, number: int, condition: ConditionIds, facial: Bool, record: InterpretedRecord
) -> ConditionProfile:
    """Describe a condition without its comparison with a record.

    Args:
        catalog: The diseases.
        number: The disease.
        condition: The condition that it was found for.
        facial: bool [T], which terms a photo can show.
        record: The signs of the patient.

    Returns:
        The profile; its ``compared`` is empty.
    """
    disease, ontology = catalog[number], catalog.data.ontology
    frequency = catalog.profiles.frequency[catalog.first[number]].toarray()[0]  # as the ranking counts them
    observed, excluded = _assessed(catalog, record)

    def assessment(id: str) -> Assessment:
        return "observed" if id in observed else "excluded" if id in excluded else "not assessed"

    annotated = sorted(annotated_signs(catalog, number).values(), key=lambda one: (-_order(one), one.name))
    signs = tuple(
        ConditionSign(
            one.id, one.name, one.frequency, _source(one), bool(facial[ontology.position[one.id]]), assessment(one.id)
        )
        for one in annotated
        if one.seen and frequency[ontology.position[one.id]] > 0
    )
    genes = tuple(Gene(gene.symbol, str(gene.ncbi) if gene.ncbi else "") for gene in disease.genes)
    identifiers = (disease.id, *disease.other_ids, *_mondo(condition))
    return ConditionProfile(disease.id, disease.name, identifiers, genes, signs, ())


def compare(
    catalog: Catalog, number: int, record: InterpretedRecord, parts: Sequence[EvidencePart], place: int
) -> tuple[ComparedSign, ...]:
    """Compare the signs of a record with a condition.

    Args:
        catalog: The diseases.
        number: The disease.
        record: The signs of the patient.
        parts: What the log ratio of the signs adds up.
        place: Which entry of the parts' arrays is that of the disease.

    Returns:
        The signs, those that speak most for the condition first.
    """
    explained = {one.sign: one for one in explain(catalog, number, record.signs, ()).signs}
    ratio = {part.sign: float(part.log_ratio[place]) for part in parts if part.sign}
    compared = [ComparedSign(sign, ratio.get(sign, math.nan), _because(explained[sign])) for sign in record.signs]
    return tuple(sorted(compared, key=lambda one: -one.log_ratio if not math.isnan(one.log_ratio) else 0))


def number_of(catalog: Catalog, condition: ConditionIds) -> int | None:
    """Return the number of the first disease that a condition's identifiers name; None if there is none.

    Args:
        catalog: The diseases.
        condition: The condition. If it has no identifiers, its label may be one.
    """
    for id in condition.identifiers or (condition.label,):
        if (number := catalog.number_of.get(id.strip().upper())) is not None:
            return number
    return None


def _mondo(condition: ConditionIds) -> list[str]:
    """Its ids in Mondo, which HPO does not know; a phantom does not have the disease, whatever its ids say."""
    if condition.label.casefold().startswith(PHANTOM):
        return []
    return [id for id in condition.identifiers if id.startswith("MONDO:")]


def _assessed(catalog: Catalog, record: InterpretedRecord) -> tuple[set[str], set[str]]:
    """Ids of the terms that the patient has and has not: who has a sign has all that it is a kind of."""
    ontology = catalog.data.ontology
    observed = {id for s in record.signs if s.status == "observed" for id in (s.id, *ontology.ancestors(s.id))}
    excluded = {id for s in record.signs if s.status == "excluded" for id in (s.id, *ontology.descendants(s.id))}
    return observed, excluded


def _order(sign: AnnotatedSign) -> float:
    return 0.5 if sign.frequency is None else sign.frequency


def _source(sign: AnnotatedSign) -> str:
    return sign.text if sign.counted is not None else ""


def _because(explained: ExplainedSign) -> str:
    if explained.annotated is None:
        return ""
    named, text = RELATIONS[explained.relation].format(explained.annotated.name), explained.annotated.text
    if text == NOT_STATED:
        return f"{named}: in how many patients is not stated"
    return f"{named}: {text} patients" if explained.annotated.counted is not None else f"{named}: {text} of patients"
