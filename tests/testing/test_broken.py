"""Every check detects a component that violates it."""

import pytest
from broken import DETECTED_BY as OF_THE_PIPELINE
from broken_evidence import DETECTED_BY as OF_EVIDENCE
from broken_evidence import Typical

from dysfw.contracts.kinds import KINDS
from dysfw.testing import check_component
from dysfw.testing.checks import CHECKS
from dysfw.testing.checks.general import CHECKS as GENERAL

pytestmark = pytest.mark.slow

DETECTED_BY = OF_THE_PIPELINE | OF_EVIDENCE


@pytest.mark.parametrize(("component", "check"), DETECTED_BY.items(), ids=lambda v: getattr(v, "__name__", v))
def test_a_violation_is_detected(component, check):
    (outcome,) = [outcome for outcome in check_component(component) if outcome.check == check]
    assert outcome.status == "failed"
    parts = dict(line.partition(": ")[::2] for line in outcome.message.splitlines())
    assert {"expected", "found", "why it matters"} <= parts.keys()
    assert all(parts.values())


@pytest.mark.parametrize("kind", KINDS)
def test_every_check_has_a_violation(kind):
    detected = {check for component, check in DETECTED_BY.items() if component.kind == kind}
    general = {check.__name__ for check in GENERAL}
    assert {check.__name__ for check in CHECKS[kind]} - general <= detected
    assert general <= set(DETECTED_BY.values())


def test_evidence_that_reads_signs_passes_every_applicable_check():
    report = check_component(Typical)
    assert report.good
    assert {outcome.message for outcome in report.of("skipped")} == {"it is not fitted"}
