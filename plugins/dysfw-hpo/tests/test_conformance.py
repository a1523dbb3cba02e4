"""The conformance kit of dysfw."""

import pytest

from dysfw.testing import conformance

pytestmark = pytest.mark.slow


@conformance("dysfw-hpo")
def test_dysfw_hpo(case) -> None:
    case()
