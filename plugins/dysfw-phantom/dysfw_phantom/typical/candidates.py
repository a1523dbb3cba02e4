"""The facial signs of a condition, and the terms with which phantoms show them."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from dysfw.plugin import ConditionIds, ConditionSign

from ..condition import Condition, shipped_conditions
from ..phantom import PUBLISHED_SEVERITY
from ..published.drawable import drawable_terms
from ..published.hpo import ancestors
from ..terms import find_term

UNKNOWN = 0.5  # frequency of a sign whose frequency is not known
# A condition with enough signs that are known to be frequent is described by these. Its other signs come from lists of all that
# was ever seen in a patient, or from one report: half of the faces having each of them would hide the typical ones.
ENOUGH, UNKNOWN_BESIDE = 4, 0.25
MIN_COUNTED = 5  # patients in whom a sign was looked for, from which on its frequency is known
COUNTS = re.compile(r"\b\d[\d,]* of (\d[\d,]*)")  # in what an ontology says of a frequency: "12 of 15"
# Signs of the whole body, which a face shows less: their severity.
MILDER: Mapping[str, tuple[float, float]] = {"HP:0001007": (0.9, 0.3)}  # hirsutism


@dataclass(frozen=True, slots=True)
class Candidate:
    """A sign that phantoms can show.

    Attributes:
        id: Its HPO id.
        name: Its name.
        terms: HPO ids of the terms that show it.
        implied: HPO ids of all that a patient with the sign has: the sign, what is more general, and its terms.
        frequency: Share of patients with it, above 0 to 1.
        severity: How marked it is: mean and standard deviation, in standard deviations of natural variation.
    """

    id: str
    name: str
    terms: tuple[str, ...]
    implied: frozenset[str]
    frequency: float
    severity: tuple[float, float]


@dataclass(frozen=True, slots=True)
class FacialSigns:
    """The facial signs of a condition.

    Attributes:
        names: Their names by id, the most frequent first. Signs that no patient has are left out.
        candidates: Those that phantoms can show, the most frequent first.
        absent: HPO ids of the terms of signs that no patient has.
        ages: Minimum and maximum age of the patients, years.
        defined: Whether they are a phantom condition's own definition, which says how marked each sign is.
    """

    names: dict[str, str]
    candidates: tuple[Candidate, ...]
    absent: frozenset[str]
    ages: tuple[float, float]
    defined: bool = False


def facial_signs(condition: ConditionIds, signs: Sequence[ConditionSign], ages: tuple[float, float]) -> FacialSigns:
    """Select the facial signs of a condition.

    Args:
        condition: The condition. If it is one of the shipped phantom conditions, its own definition counts.
        signs: Its signs, as an ontology knows them.
        ages: Minimum and maximum age, years, unless the definition says otherwise.
    """
    # Only the labels of phantom conditions start so; reading all definitions takes a fifth of a second.
    own = shipped_conditions().get(condition.label) if condition.label.startswith("phantom-") else None
    return _defined(own) if own else _annotated(signs, ages)


def _defined(condition: Condition) -> FacialSigns:
    """The terms of a phantom condition."""
    terms = sorted((term for term in condition.terms if term.frequency > 0), key=lambda term: -term.frequency)
    found = [(find_term(one.term), one) for one in terms]
    candidates = [
        Candidate(term.id, term.label, (term.id,), ancestors(term.id), one.frequency, one.severity) for term, one in found
    ]
    return FacialSigns({term.id: term.label for term, _ in found}, tuple(candidates), frozenset(), condition.age, defined=True)


def _annotated(signs: Sequence[ConditionSign], ages: tuple[float, float]) -> FacialSigns:
    """The annotated signs that are facial or can be drawn."""
    facial = {sign.id: sign for sign in signs if sign.facial or drawable_terms(sign.id)}
    absent = {term for sign in facial.values() if sign.frequency == 0 for term in drawable_terms(sign.id)}
    present = [sign for sign in facial.values() if sign.frequency != 0]
    drawn = [sign for sign in present if drawable_terms(sign.id)]
    beside = sum(_known(sign) and (sign.frequency or 0) >= UNKNOWN for sign in drawn) >= ENOUGH
    candidates = [_candidate(sign, _frequency(sign, beside)) for sign in drawn]
    return FacialSigns(
        {sign.id: sign.name for sign in sorted(present, key=lambda sign: -_frequency(sign, beside))},
        # By id, too, so that the order in which an ontology lists signs of equal frequency changes nothing.
        tuple(sorted(candidates, key=lambda one: (-one.frequency, one.terms, one.name))),
        frozenset(absent - {term for one in candidates for term in one.terms}),
        ages,
    )


def _candidate(sign: ConditionSign, frequency: float) -> Candidate:
    terms = drawable_terms(sign.id)
    implied = ancestors(sign.id).union(*(ancestors(term) for term in terms))
    severity = next((MILDER[id] for id in terms if id in MILDER), PUBLISHED_SEVERITY)
    return Candidate(sign.id, sign.name, terms, implied, frequency, severity)


def _known(sign: ConditionSign) -> bool:
    """Whether the frequency is stated, and was not counted in a few patients only."""
    counted = COUNTS.search(sign.source)
    return sign.frequency is not None and (counted is None or int(counted[1].replace(",", "")) >= MIN_COUNTED)


def _frequency(sign: ConditionSign, beside: bool) -> float:
    """The frequency that counts, beside enough signs that are known to be frequent, or else."""
    stated = UNKNOWN if sign.frequency is None else sign.frequency
    return min(stated, UNKNOWN_BESIDE) if beside and not _known(sign) else stated
