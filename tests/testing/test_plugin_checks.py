"""Checks of a plugin as a whole."""

import pytest

from dysfw.registry.host import load_plugins
from dysfw.registry.registry import Registry
from dysfw.testing import check_plugin

GOOD = "'fusion', 'plain', 'dysfw.builtin.fusions.pools:Mean', 'averages'"
OFFER = "@hookimpl\ndef dysfw_components():\n    return [ComponentSpec({})]\n"
INSIDE = OFFER.format(GOOD).replace("    return", "    {}\n    return")


def outcome_of(check, report):
    (outcome,) = [o for o in report if o.check == check and o.subject.startswith("plugin")]
    return outcome


@pytest.fixture
def checked(dysfw_fake_plugins, monkeypatch):
    """``checked(source, requires=…)`` reports on a plugin whose module has this source."""
    monkeypatch.setenv("PYTHONPATH", str(dysfw_fake_plugins.folder))

    def checked(source, requires="dysfw>=0.1,<0.2", **modules):
        dysfw_fake_plugins.install("mine", source, requires, **modules)
        return check_plugin("mine", registry=dysfw_fake_plugins.registry())

    return checked


def test_a_valid_plugin_passes(checked):
    report = checked(OFFER.format(GOOD))
    assert [o.check for o in report if o.subject.startswith("plugin") and o.status != "passed"] == []


@pytest.mark.parametrize(
    ("source", "check", "found"),
    [
        ("import no_such_module", "loads", "No module named 'no_such_module'"),
        (OFFER.format("'segmentor', 'x', 'a:B', 'c'"), "loads", "has the kind 'segmentor'"),
        (OFFER.format(GOOD).replace("]", f", ComponentSpec({GOOD})]"), "loads", "registered twice"),
        ("", "registers_something", "nothing"),
        ("import numpy\n" + OFFER.format(GOOD), "imports_nothing_heavy", "imports of numpy"),
        (INSIDE.format("import numpy"), "imports_nothing_heavy", "numpy"),
        (INSIDE.format("print('hello')"), "is_silent_on_import", "“hello”"),
        ("sum(i * i for i in range(20_000_000))\n" + OFFER.format(GOOD), "imports_fast", " s"),
        ("print('hello')\n" + OFFER.format(GOOD), "is_silent_on_import", "“hello”"),
        ("import threading, time\nthreading.Thread(target=time.sleep, args=(3,), daemon=True).start()\n" + OFFER.format(GOOD),
         "is_silent_on_import", "1 thread"),
        (OFFER.format("'fusion', 'plain', 'dysfw.builtin.fusions.pools:Mean', 'two\\nlines'"),
         "has_one_line_summaries", "'two\\nlines'"),
        (OFFER.format("'fusion', 'plain', 'dysfw.builtin.fusions.pools:Lost', 'x'"),
         "components_can_be_imported", "has no attribute"),
        (OFFER.format("'head', 'plain', 'dysfw.builtin.fusions.pools:Mean', 'x'"), "components_can_be_imported",
         "is not a subclass of dysfw.plugin.Head"),
    ],
)  # fmt: skip
def test_violations_are_detected(checked, source, check, found):
    outcome = outcome_of(check, checked(source))
    assert outcome.status == "failed"
    assert found in outcome.message


@pytest.mark.parametrize(
    ("requires", "found"),
    [("numpy", "no requirement of dysfw"), ("dysfw", "of any version"), ("dysfw>=0.1", ">=0.1, without an upper bound")],
)
def test_the_dysfw_version_needs_an_upper_bound(checked, requires, found, monkeypatch):
    from importlib import metadata

    monkeypatch.setattr(metadata, "requires", lambda name: [requires])
    outcome = outcome_of("declares_the_supported_dysfw_versions", checked(OFFER.format(GOOD), requires))
    assert outcome.status == "failed"
    assert found in outcome.message


def test_a_name_of_another_plugin_is_detected(dysfw_fake_plugins, dysfw_registry):
    dysfw_fake_plugins.offer("mine", "'fusion', 'mean', 'dysfw.builtin.fusions.pools:Mean', 'averages'")
    own = [p for p in load_plugins() if p.name == "builtin"]
    registry = Registry([*own, *load_plugins(entry_points=dysfw_fake_plugins.points)])
    outcome = outcome_of("uses_unique_names", check_plugin("mine", registry=registry))
    assert outcome.status == "failed"
    assert "fusion mean (dysfw)" in outcome.message


@pytest.mark.parametrize("requires", ["dysfw>=0.1,<0.2", "dysfw~=0.1.0", "dysfw==0.1.*"])
def test_any_form_of_upper_bound_is_accepted(checked, requires, monkeypatch):
    from importlib import metadata

    monkeypatch.setattr(metadata, "requires", lambda name: [requires])
    assert outcome_of("declares_the_supported_dysfw_versions", checked(OFFER.format(GOOD), requires)).status == "passed"


def test_a_plugin_that_cannot_be_loaded_fails_one_check(checked):
    report = checked("import no_such_module")
    assert [o.check for o in report if o.status == "failed"] == ["loads"]
