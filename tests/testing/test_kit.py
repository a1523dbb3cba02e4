"""Reports of the conformance kit."""

import pytest
from broken import BatchNormalised, Squares

from dysfw.builtin.fusions.pools import Mean
from dysfw.builtin.heads.knn import Knn
from dysfw.errors import DysfwError
from dysfw.testing import check_component, check_plugin, plugin_cases
from dysfw.testing.outcome import Outcome, Report

SOURCE = """
from dysfw.builtin.fusions.pools import Mean

class Plain(Mean):
    '''Averages.'''

class Picky(Mean):
    '''Averages.

    Args:
        power: An exponent.
    '''

    def __init__(self, power: float):
        self.power = power
"""
SPECS = ("'fusion', 'plain', 'mine:Plain', 'averages'", "'fusion', 'picky', 'mine:Picky', 'needs a power'")


@pytest.fixture
def mine(dysfw_fake_plugins, monkeypatch):
    monkeypatch.setenv("PYTHONPATH", str(dysfw_fake_plugins.folder))
    dysfw_fake_plugins.offer("mine", *SPECS, requires="dysfw>=0.1,<0.2", mine=SOURCE)
    return dysfw_fake_plugins.registry()


def test_a_valid_component_passes_every_applicable_check():
    report = check_component(Mean)
    assert report.good
    assert [outcome.check for outcome in report.of("skipped")] == ["rejects_an_invalid_state"]
    assert report.summary == "16 passed, 1 skipped of 17 checks"
    report.require()


def test_parameters_reach_the_constructor():
    assert check_component(Knn, {"k": 3}).good
    assert not check_component(Knn, {"k": 0}).good


def test_require_raises_with_all_failures():
    report = check_component(BatchNormalised)
    with pytest.raises(AssertionError) as caught:
        report.require()
    text = str(caught.value)
    assert "failed: backbone BatchNormalised: embeds_each_crop_independently" in text
    assert "expected: the same embeddings one by one" in text
    assert "why it matters: an image's result must not depend on the rest of its batch" in text


def test_an_expected_failure_is_counted_separately():
    report = check_component(BatchNormalised, expected_failures={"embeds_each_crop_independently": "issue 12"})
    assert report.good
    (outcome,) = report.of("expected to fail")
    assert outcome.message.startswith("issue 12\nexpected: the same embeddings one by one")


def test_an_expected_failure_that_passes_is_reported():
    report = check_component(Squares, expected_failures={"distinguishes_crops": "issue 12"})
    assert not report.good
    (outcome,) = report.of("passed unexpectedly")
    assert outcome.message == "expected to fail (issue 12): remove the expectation"


def test_an_expected_failure_of_an_unknown_check_is_rejected():
    with pytest.raises(ValueError, match="backbones have no check 'distinguishes_crop'; did you mean 'distinguishes_crops'"):
        check_component(Squares, expected_failures={"distinguishes_crop": "a typo"})


@pytest.mark.parametrize("wrong", [Mean(), object, "mean", int])
def test_only_a_component_class_can_be_checked(wrong):
    with pytest.raises(TypeError, match="takes the class of a component"):
        check_component(wrong)


def test_a_component_that_cannot_be_built_fails_one_check(mine):
    outcomes = [o for o in check_plugin("dysfw-mine", registry=mine) if o.subject == "fusion picky"]
    failed = [o for o in outcomes if o.status == "failed"]
    assert [o.check for o in failed] == ["can_be_built"]
    assert "no value for power" in failed[0].message
    passed = {o.check for o in outcomes if o.status == "passed"}
    assert passed <= {"is_documented", "explains_invalid_parameters"}


@pytest.mark.parametrize("parameters", [{"power": 2.0}, lambda: {"power": 2.0}])
def test_parameters_by_component_name(mine, parameters):
    assert check_plugin("mine", registry=mine, parameters={"picky": parameters}).good


def test_unknown_names_are_rejected(mine):
    with pytest.raises(DysfwError, match="no installed plugin is called 'dysfw-mein'; did you mean 'dysfw-mine'"):
        plugin_cases("dysfw-mein", registry=mine)
    with pytest.raises(DysfwError, match="registers no component 'pickle'; did you mean 'picky'"):
        plugin_cases("mine", registry=mine, parameters={"pickle": {}})


def test_the_summary_counts_every_status():
    statuses = ("passed", "failed", "passed unexpectedly", "skipped", "expected to fail")
    report = Report(tuple(Outcome("x", "y", status) for status in statuses))
    assert report.summary == "1 passed, 1 failed, 1 passed unexpectedly, 1 skipped, 1 expected to fail of 5 checks"
    assert [outcome.good for outcome in report] == [True, False, False, True, True]


class Quits(Mean):
    """Exits."""

    def fuse(self, region_probabilities, present):
        raise SystemExit(0)


def test_a_component_that_exits_fails():
    report = check_component(Quits)
    assert not report.good
    assert any("SystemExit: 0" in outcome.message for outcome in report.of("failed"))


def test_an_expected_failure_of_an_unknown_plugin_check_is_rejected(mine):
    with pytest.raises(ValueError, match="plugins have no check 'lods'; did you mean 'loads'"):
        plugin_cases("dysfw-mine", registry=mine, expected_failures={"dysfw-mine": {"lods": "a typo"}})
    with pytest.raises(DysfwError, match="registers no component 'dysfw-mine'"):
        plugin_cases("dysfw-mine", registry=mine, parameters={"dysfw-mine": {}})


def test_every_entry_point_of_a_distribution_is_checked(mine, monkeypatch):
    from dataclasses import replace

    (plugin,) = mine.plugins
    monkeypatch.setattr(mine, "plugins", (plugin, replace(plugin, name="other")))
    subjects = {case.subject for case in plugin_cases("dysfw-mine", registry=mine)}
    assert {"plugin dysfw-mine (mine)", "plugin dysfw-mine (other)"} <= subjects


def test_an_excluded_plugin_cannot_be_checked(dysfw_fake_plugins):
    dysfw_fake_plugins.offer("mine", *SPECS, mine=SOURCE)
    dysfw_fake_plugins.offer("yours")
    with pytest.raises(DysfwError, match="mine is excluded by --plugins or DYSFW_PLUGINS"):
        plugin_cases("mine", registry=dysfw_fake_plugins.registry(["yours"]))
