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
from ..rank.explanation import AnnotatedSign, ExplainedSign, annotated_signs, explain

RELATIONS = {"same": "{}", "below": "a more general sign than {}", "above": "a kind of {}"}


def describe(catalog: Catalog, number: int, facial: Bool, record: InterpretedRecord) -> ConditionProfile:
    """Describe a condition without its comparison with a record.

    Args:
        catalog: The diseases.
        number: The disease.
        facial: bool [T], which terms a photo can show.
        record: The signs of the patient.

    Returns:
        The profile; its ``compared`` is empty.
    """
    disease, ontology = catalog[number], catalog.data.ontology
    observed, excluded = _assessed(catalog, record)

    def assessment(id: str) -> Assessment:
        return "observed" if id in observed else "excluded" if id in excluded else "not assessed"

    annotated = sorted(annotated_signs(catalog, number).values(), key=lambda one: (-_order(one), one.name))
    signs = tuple(
        ConditionSign(
            one.id, one.name, one.frequency, _source(one), bool(facial[ontology.position[one.id]]), assessment(one.id)
        )
        for one in annotated
        if one.frequency != 0
    )
    genes = tuple(Gene(gene.symbol, str(gene.ncbi) if gene.ncbi else "") for gene in disease.genes)
    return ConditionProfile(disease.id, disease.name, (disease.id, *disease.other_ids), genes, signs, ())


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
    """Return the number of the disease with one of a condition's identifiers, or its label; None if there is none."""
    for id in (*condition.identifiers, condition.label):
        if (number := catalog.number_of.get(id.upper())) is not None:
            return number
    return None


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
    text = explained.annotated.text
    named = explained.annotated.name if text == "not stated" else f"{explained.annotated.name}, {text}"
    return RELATIONS[explained.relation].format(named)
