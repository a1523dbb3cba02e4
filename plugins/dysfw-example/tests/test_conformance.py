"""Conformance tests of all components that the plugin registers."""

from dysfw.testing import conformance


@conformance("dysfw-example")
def test_conformance(case):
    case()
