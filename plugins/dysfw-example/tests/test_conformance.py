"""Everything that this plugin registers keeps its kind's contract: what is added is tested by being registered."""

from dysfw.testing import conformance


@conformance("dysfw-example")
def test_it_keeps_the_contract(case):
    case()
