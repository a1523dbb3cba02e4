"""Short words for the reasons why images were excluded."""

from __future__ import annotations

from collections.abc import Iterable

from ...evaluation.data_flow import UNUSED_BY_OTHERS
from ...evaluation.result import Finding

WORDS = {
    "duplicate_image": "copies of another image",
    "duplicate_conflicting_labels": "one image under several conditions",
    "patient_in_both_splits": "patient in training and test",
    "too_few_patients": "condition with too few patients",
    "no_face": "no face found",
    "missing_file": "file is missing",
    UNUSED_BY_OTHERS: "another recipe cannot use them",
}


def exclusion_words(code: str) -> str:
    """Describe the code of an exclusion in a few words; an unknown code is read as words."""
    return WORDS.get(code, code.replace("_", " "))


def finding_rows(findings: Iterable[Finding]) -> dict[str, str]:
    """Return the id of the row that describes each code first, in the table of findings."""
    rows: dict[str, str] = {}
    for number, finding in enumerate(findings, 1):
        rows.setdefault(finding.code, f"finding-{number}")
    return rows
