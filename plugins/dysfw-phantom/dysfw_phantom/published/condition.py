"""Drafts a phantom condition from the annotations of a disease."""

from __future__ import annotations

import yaml

from dysfw.plugin import DysfwError, count

from ..condition import Condition, ConditionTerm
from ..terms import find_term
from .annotations import AnnotatedDisease, AnnotatedSign, annotated_diseases
from .drawable import drawable_terms
from .hpo import hpo_terms

SEVERITY = (2.0, 0.6)  # mean and standard deviation; annotations do not say how marked a sign is
RELEASE = "2025-01-16"  # of the annotations


def find_disease(id: str) -> AnnotatedDisease:
    """Find a disease in the annotations.

    Args:
        id: OMIM id.

    Returns:
        The disease.

    Raises:
        DysfwError: The disease is not annotated.
    """
    diseases = annotated_diseases()
    found = diseases.get(id.strip().upper())
    if found is None:
        # A similar number is another disease, so none is suggested but the same number.
        meant = f"; did you mean 'OMIM:{id.strip()}'?" if f"OMIM:{id.strip()}" in diseases else ""
        raise DysfwError(
            f"no disease {id!r} is annotated{meant}",
            hint=f"use an OMIM id such as OMIM:147920; HPO's annotations of {RELEASE} describe {len(diseases):,} diseases",
        )
    return found


def annotated_condition(disease: AnnotatedDisease, label: str | None = None) -> Condition:
    """Draft a condition from the facial signs of a disease.

    Args:
        disease: The disease.
        label: Label of the class; by default "phantom-omim-147920".

    Returns:
        The condition; a drawable term has the highest frequency of the signs that it shows.

    Raises:
        DysfwError: No facial sign of the disease can be drawn.
    """
    signs = _drawable(disease)
    if not signs:
        raise DysfwError(
            f"{disease.id} ({disease.name}) is annotated with {count(len(disease.facial_signs), 'facial sign')}, and phantoms "
            "can show none of them",
            hint="`dysfw phantom terms` lists what they can show",
        )
    terms = [
        ConditionTerm(term=id, label=find_term(id).label, frequency=round(sign.frequency, 3), severity=SEVERITY)
        for id, sign in signs.items()
        if sign.frequency > 0
    ]
    return Condition(
        label=label or default_label(disease.id), name=disease.name, imitates=disease.id, age=(1.0, 70.0), terms=tuple(terms)
    )


def default_label(disease: str) -> str:
    """Return the label of phantoms of a disease, such as "phantom-omim-147920".

    Args:
        disease: OMIM id.
    """
    return f"phantom-{disease.lower().replace(':', '-')}"


def _drawable(disease: AnnotatedDisease) -> dict[str, AnnotatedSign]:
    """The most frequent sign behind each drawable term, the most frequent first."""
    found: dict[str, AnnotatedSign] = {}
    for sign in disease.facial_signs:  # the most frequent first
        for id in drawable_terms(sign.term):
            found.setdefault(id, sign)
    return found


def draft_yaml(disease: AnnotatedDisease) -> str:
    """Write the draft of a condition file, for a person to edit.

    Args:
        disease: The disease.

    Returns:
        YAML text, with what is known of each sign as a comment, and the facial signs that cannot be drawn.

    Raises:
        DysfwError: No facial sign of the disease can be drawn.
    """
    condition, signs = annotated_condition(disease), _drawable(disease)
    head = {"label": condition.label, "name": condition.name, "imitates": condition.imitates, "age": [1, 70]}
    lines = [
        f"# A draft from the annotations of the Human Phenotype Ontology of {RELEASE} (hpo.jax.org). Check every line:",
        "# severities are a default, and frequencies are as good as the comment behind them.",
        yaml.safe_dump(head, sort_keys=False, allow_unicode=True, default_flow_style=None, width=120).rstrip(),
        "terms:",
    ]
    for term in condition.terms:
        severity = "[{:g}, {:g}]".format(*term.severity)
        lines.append(
            f"  - {{term: {term.term}, label: {term.label}, frequency: {term.frequency:g}, severity: {severity}}}"
            f"  # {_evidence(signs[term.term], term.term)}"
        )
    hidden = [sign for sign in disease.facial_signs if sign.frequency > 0 and not drawable_terms(sign.term)]
    if hidden:
        lines.append("# Phantoms cannot show:")
        lines += [f"#   {hpo_terms()[sign.term].label} ({sign.term}), {_evidence(sign, sign.term)}" for sign in hidden]
    return "\n".join(lines) + "\n"


def _evidence(sign: AnnotatedSign, shown: str) -> str:
    """Where a frequency comes from."""
    other = "" if sign.term == shown else f" with {hpo_terms()[sign.term].label}"
    if sign.patients:
        return f"{sign.present} of {count(sign.patients, 'patient')}{other}"
    return f"stated as {sign.frequency:.0%}{other}" if sign.stated else f"no frequency stated{other}"
