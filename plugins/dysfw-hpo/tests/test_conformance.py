"""The conformance kit of dysfw."""

from dysfw.testing import conformance


@conformance("dysfw-hpo")
def test_dysfw_hpo(case) -> None:
    case()
