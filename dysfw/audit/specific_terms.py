"""Terms as specific as the diagnosis: those that the records of one condition have, and no others."""

from __future__ import annotations

import re
from collections.abc import Sequence

import numpy as np
from scipy.sparse import csr_array
from scipy.stats import hypergeom

from ..stats.bootstrap import Float64
from ..stats.one_hot import one_hot
from ..types import Int64
from .permutation_null import ALPHA
from .record_result import SpecificTerm
from .record_terms import RecordTerms

COMMON_SHARE = 0.5  # of a condition's records: rarer terms do not stand for the diagnosis
MAX_TERMS = 20


def specific_terms(terms: RecordTerms, y: Int64, units: Int64, labels: Sequence[str]) -> list[SpecificTerm]:
    """Find terms that occur in one condition only and in most of its records.

    A term counts only if chance does not explain it: among one patient of each publication with signs, the probability that all
    who have the term belong to one condition (hypergeometric distribution), times the number of terms, is below ALPHA. A term
    whose words name the condition is listed without this. One that a single patient has is never listed: it could be a note
    on this patient.

    Args:
        terms: The terms of N patients.
        y: int64 [N], class of each patient.
        units: int64 [U], rows of one patient of each publication and condition.
        labels: K labels.

    Returns:
        At most MAX_TERMS terms: first those that name the condition, then the most frequent in their condition.
    """
    assessed = terms.assessed
    with_signs = np.diff(assessed.indptr) > 0
    counts = _per_class(assessed, y, len(labels))
    owner = counts.argmax(axis=0)
    patients, only = counts.max(axis=0), counts.sum(axis=0) == counts.max(axis=0)
    members = np.bincount(y[with_signs], minlength=len(labels))[owner]
    names = np.array([_names(term, labels[k]) for term, k in zip(terms.names, owner, strict=True)], bool)
    units = units[with_signs[units]]
    common = patients >= COMMON_SHARE * members
    chosen = np.flatnonzero(only & (patients > 1) & (names | (common & (_chance(assessed[units], y[units], owner) < ALPHA))))
    found = [
        SpecificTerm(
            term=terms.names[n], label=labels[owner[n]], patients=int(patients[n]), of=int(members[n]),
            names_condition=bool(names[n]),
        )
        for n in chosen
    ]  # fmt: skip
    found.sort(key=lambda one: (not one.names_condition, -one.patients / one.of, -one.patients, one.label, one.term))
    return found[:MAX_TERMS]


def _per_class(assessed: csr_array, y: Int64, classes: int) -> Float64:
    """Count the patients of each class with each term, float64 [K, T]."""
    return np.asarray((one_hot(y, classes) @ assessed).toarray())


def _chance(assessed: csr_array, y: Int64, owner: Int64) -> Float64:
    """The probability, corrected for the number of terms, that all of U patients with a term are of its class; float64 [T]."""
    carriers = np.asarray(assessed.sum(axis=0)).ravel().astype(np.int64)
    members = np.bincount(y, minlength=int(owner.max(initial=0)) + 1)[owner]
    p = hypergeom.pmf(carriers, len(y), members, carriers)
    return np.asarray(np.where(carriers > 1, p * np.count_nonzero(carriers > 1), 1.0))


def _names(term: str, label: str) -> bool:
    """Whether all words of a label are in a term: "Williams syndrome, typical" names "williams-syndrome"."""
    words, label_words = _words(term), _words(label)
    return bool(label_words) and label_words <= words and any(len(word) > 2 for word in label_words)


def _words(text: str) -> set[str]:
    return set(re.findall(r"[^\W_]+", text.casefold()))
