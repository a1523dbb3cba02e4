"""The scores of each kind of conditions are shown below those of their setting."""

import io
from dataclasses import replace

import numpy as np
import pytest
from protocol_data import long_tailed
from rich.console import Console

from dysfw.evaluation.protocol.evaluate import Origin, result_of
from dysfw.evaluation.protocol.frequent_rare import FrequentRare
from dysfw.evaluation.protocol.protocol import checked_plan
from dysfw.output.protocol import print_protocol
from dysfw.output.report.protocol_page import protocol_html


class TwoSources(FrequentRare):
    """Names the kinds of conditions by something that settings mix."""

    def plan(self, dataset):
        plan = super().plan(dataset)
        return replace(plan, kinds={label: "cases" if label in "Ae" else "" for label in plan.labels})


def result(protocol):
    plan = checked_plan(protocol, long_tailed())
    predictions = [np.zeros((len(split.test_rows), len(plan.labels))) for split in plan.splits]
    return result_of(protocol, plan, predictions, Origin("two-sources", "model.csv", "dysfw evaluate"), resamples=20)


@pytest.fixture
def printed():
    def printed_for(result):
        console = Console(file=io.StringIO(), width=100)
        print_protocol(console, result, None)
        return console.file.getvalue()

    return printed_for


def test_kinds_are_indented_below_their_setting_and_counted(printed):
    text = printed(result(TwoSources()))
    titles = [line[:27].rstrip() for line in text.partition("chance\n")[2].splitlines()]
    settings = ("frequent → frequent", "rare → rare", "frequent → frequent + rare", "rare → frequent + rare")
    expected = [line for setting in settings for line in (setting, "  cases", "  other")]
    assert [title for title in titles if title][: len(expected)] == expected
    assert "3 conditions (1 cases; 2 other) among 3" in text


def test_the_page_shows_kinds_in_both_tables():
    page = protocol_html(result(TwoSources()))
    assert page.count("&ensp;cases") == page.count("&ensp;other") > 4
    assert "Indented rows" in page


def test_without_kinds_nothing_is_indented(printed):
    plain = result(FrequentRare())
    page = protocol_html(plain)
    assert "&ensp;" not in page
    assert "Indented rows" not in page
    assert "other" not in printed(plain)
