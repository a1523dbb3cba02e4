"""Each broken component is caught by the check that is meant for it, and every check catches one."""

import pytest
from broken import CAUGHT_BY

from dysfw.contracts.kinds import KINDS
from dysfw.testing import check_component
from dysfw.testing.checks import CHECKS
from dysfw.testing.checks.general import CHECKS as GENERAL


@pytest.mark.parametrize(("component", "check"), CAUGHT_BY.items(), ids=lambda v: getattr(v, "__name__", v))
def test_it_is_caught(component, check):
    (outcome,) = [outcome for outcome in check_component(component) if outcome.check == check]
    assert outcome.status == "failed"
    told = dict(line.partition(": ")[::2] for line in outcome.message.splitlines())
    assert {"expected", "found", "why it matters"} <= told.keys()
    assert all(told.values())


@pytest.mark.parametrize("kind", KINDS)
def test_every_check_catches_something(kind):
    caught = {check for component, check in CAUGHT_BY.items() if component.kind == kind}
    general = {check.__name__ for check in GENERAL}
    assert {check.__name__ for check in CHECKS[kind]} - general <= caught
    assert general <= set(CAUGHT_BY.values())
