"""The kit says what it did: nothing that was not looked at is called good."""

import pytest
from broken import BatchNormed, Squares

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
    '''power: of what.'''

    def __init__(self, power: float):
        self.power = power
"""
SPECS = ("'fusion', 'plain', 'mine:Plain', 'averages'", "'fusion', 'picky', 'mine:Picky', 'wants a power'")


@pytest.fixture
def mine(dysfw_fake_plugins, monkeypatch):
    monkeypatch.setenv("PYTHONPATH", str(dysfw_fake_plugins.folder))
    dysfw_fake_plugins.offer("mine", *SPECS, requires="dysfw>=0.1,<0.2", mine=SOURCE)
    return dysfw_fake_plugins.registry()


def test_a_good_component_passes_everything_that_applies():
    report = check_component(Mean)
    assert report.good
    assert [outcome.check for outcome in report.of("skipped")] == ["refuses_a_state_that_is_not_its_own"]
    assert report.summary == "16 passed, 1 skipped of 17 checks"
    report.require()


def test_parameters_reach_the_constructor():
    assert check_component(Knn, {"k": 3}).good
    assert not check_component(Knn, {"k": 0}).good


def test_what_is_wrong_is_raised_with_everything_to_know():
    report = check_component(BatchNormed)
    with pytest.raises(AssertionError) as caught:
        report.require()
    text = str(caught.value)
    assert "failed: backbone BatchNormed: sees_each_crop_by_itself" in text
    assert "expected: the same one by one" in text
    assert "why it matters: a photograph's result must not depend on its neighbours" in text


def test_an_expected_failure_is_counted_apart():
    report = check_component(BatchNormed, expected_failures={"sees_each_crop_by_itself": "issue 12"})
    assert report.good
    (outcome,) = report.of("expected to fail")
    assert outcome.message.startswith("issue 12\nexpected: the same one by one")


def test_an_expected_failure_that_passes_is_told():
    report = check_component(Squares, expected_failures={"tells_crops_apart": "issue 12"})
    assert not report.good
    (outcome,) = report.of("passes now")
    assert outcome.message == "expected to fail (issue 12): drop that"


def test_an_expectation_of_no_check_is_refused():
    with pytest.raises(ValueError, match="backbones have no check 'tells_crop_apart'; did you mean 'tells_crops_apart'"):
        check_component(Squares, expected_failures={"tells_crop_apart": "a slip"})


@pytest.mark.parametrize("wrong", [Mean(), object, "mean", int])
def test_only_a_component_s_class_can_be_checked(wrong):
    with pytest.raises(TypeError, match="takes the class of a component"):
        check_component(wrong)


def test_a_component_that_cannot_be_built_fails_once_and_passes_nothing(mine):
    outcomes = [o for o in check_plugin("dysfw-mine", registry=mine) if o.subject == "fusion picky"]
    failed = [o for o in outcomes if o.status == "failed"]
    assert [o.check for o in failed] == ["can_be_built"]
    assert "no value for power" in failed[0].message
    told = {o.check for o in outcomes if o.status == "passed"}
    assert told <= {"is_documented", "refuses_wrong_parameters_in_words"}


@pytest.mark.parametrize("parameters", [{"power": 2.0}, lambda: {"power": 2.0}])
def test_with_parameters_it_can(mine, parameters):
    assert check_plugin("mine", registry=mine, parameters={"picky": parameters}).good


def test_names_that_are_not_there(mine):
    with pytest.raises(DysfwError, match="no installed plugin is called 'dysfw-mein'; did you mean 'dysfw-mine'"):
        plugin_cases("dysfw-mein", registry=mine)
    with pytest.raises(DysfwError, match="registers no component 'pickle'; did you mean 'picky'"):
        plugin_cases("mine", registry=mine, parameters={"pickle": {}})


def test_a_summary_counts_every_kind():
    statuses = ("passed", "failed", "passes now", "skipped", "expected to fail")
    report = Report(tuple(Outcome("x", "y", status) for status in statuses))
    assert report.summary == "1 passed, 1 failed, 1 passes now, 1 skipped, 1 expected to fail of 5 checks"
    assert [outcome.good for outcome in report] == [True, False, False, True, True]


class Quits(Mean):
    """Ends the program."""

    def fuse(self, region_probabilities, present):
        raise SystemExit(0)


def test_a_component_that_ends_the_program_fails():
    report = check_component(Quits)
    assert not report.good
    assert any("SystemExit: 0" in outcome.message for outcome in report.of("failed"))


def test_an_expectation_of_no_check_of_the_plugin_is_refused(mine):
    with pytest.raises(ValueError, match="plugins have no check 'lods'; did you mean 'loads'"):
        plugin_cases("dysfw-mine", registry=mine, expected_failures={"dysfw-mine": {"lods": "a slip"}})
    with pytest.raises(DysfwError, match="registers no component 'dysfw-mine'"):
        plugin_cases("dysfw-mine", registry=mine, parameters={"dysfw-mine": {}})


def test_every_entry_point_of_a_distribution_is_checked(mine, monkeypatch):
    from dataclasses import replace

    (plugin,) = mine.plugins
    monkeypatch.setattr(mine, "plugins", (plugin, replace(plugin, name="other")))
    subjects = {case.subject for case in plugin_cases("dysfw-mine", registry=mine)}
    assert {"plugin dysfw-mine (mine)", "plugin dysfw-mine (other)"} <= subjects


def test_a_plugin_that_is_left_out_cannot_be_checked(dysfw_fake_plugins):
    dysfw_fake_plugins.offer("mine", *SPECS, mine=SOURCE)
    dysfw_fake_plugins.offer("yours")
    with pytest.raises(DysfwError, match="mine is left out by --plugins or DYSFW_PLUGINS"):
        plugin_cases("mine", registry=dysfw_fake_plugins.registry(["yours"]))
