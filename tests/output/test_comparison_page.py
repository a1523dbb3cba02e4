import re
from urllib.parse import unquote

import pytest

from dysfw.evaluation.comparison_result import Comparison
from dysfw.output.report.comparison_page import comparison_html, recipe_differences, report_folder


@pytest.fixture(scope="module")
def pages(examples):
    import pages

    return pages.Page


@pytest.fixture(scope="module")
def comparison(examples):
    return examples.comparison()


@pytest.fixture(scope="module")
def page(comparison, pages):
    return pages(comparison_html(comparison))


def text_of(page, identity):
    return next(e.text for e in page.elements if e.attributes.get("id") == identity)


def test_the_board_is_sorted_and_the_first_entry_is_the_reference(comparison, page):
    board = text_of(page, "board")
    ranked = sorted(comparison.entries, key=lambda entry: -entry.measures["balanced_accuracy"].value)
    places = [board.index(f"\n{entry.name}") for entry in ranked]
    assert places == sorted(places)
    assert board.count("reference") == 1


def test_every_difference_has_its_interval(comparison, page):
    board = text_of(page, "board")
    for entry in comparison.entries[1:]:
        low = entry.difference["balanced_accuracy"].low
        assert f"−{-low:.3f}" in board


def test_the_verdict_comes_before_the_leaderboard(page):
    ids = page.ids
    assert ids.index("verdict") < ids.index("board")


def test_only_keys_that_differ_are_listed(comparison, page):
    assert recipe_differences(comparison.entries) == [
        ("fusion.use", ["dysfw:mean", "dysfw:median", "dysfw:mean", "dysfw:mean"])
    ]
    assert "fusion.use" in text_of(page, "recipes")
    assert "backbone.use" not in text_of(page, "recipes")


def test_unusual_names_are_escaped(examples, pages):
    page = pages(comparison_html(examples.comparison("fail", nasty=True, classes=30)))
    assert len(page.all("script")) == 1
    assert all(address.startswith("#") or re.fullmatch(r"[1-4]-[\w%.-]+/report\.html", address) for address in page.addresses)
    assert len(page.ids) == len(set(page.ids))
    assert not re.search(r"\b(nan|NaN|inf|None|undefined)\b", page.all("body")[0].text)
    assert examples.LONG in page.all("body")[0].text


def test_each_name_links_to_the_recipes_own_report(comparison, page):
    links = {
        e.text: unquote(e.attributes["href"]) for e in page.all("a") if "table" in e.parents and e.attributes["href"][0] != "#"
    }
    assert links == {e.name: f"{report_folder(n, e.name)}/report.html" for n, e in enumerate(comparison.entries, 1)}
    assert report_folder(2, "a/b ü [x]") == "2-a-b-ü--x-"


def test_every_recipe_is_audited_before_and_after_harmonising(examples, pages):
    comparison = examples.comparison("fail")
    name = comparison.entries[1].name
    harmonised = comparison.evaluations[name].model_copy(
        update={"audit_harmonised": examples.audit(comparison.labels, "pass", harmonised=True)}
    )
    page = pages(comparison_html(comparison.model_copy(update={"evaluations": comparison.evaluations | {name: harmonised}})))
    table = next(e.text for e in page.all("table") if e.attributes["aria-labelledby"] == "t-audits")
    rows = [row for row in table.splitlines() if "fail" in row]
    assert [("pass" in row) for row in rows] == [False, True, False, False]
    assert "fail, harmonised: pass" in text_of(page, "board")


def test_recipes_no_better_than_the_baseline_are_listed_before_the_leaderboard(examples, pages):
    comparison = examples.comparison()
    name = comparison.entries[2].name
    doubtful = examples.with_baseline(comparison.evaluations[name], "shortcut features", -0.02, 0.03)
    changed = comparison.model_copy(update={"evaluations": comparison.evaluations | {name: doubtful}})
    top = text_of(pages(comparison_html(changed)), "verdict")
    assert f"No evidence of an advantage over the baseline that uses shortcut features: {name}." in top
    assert "Every recipe beats" in text_of(pages(comparison_html(comparison)), "verdict")


def test_a_single_recipe_has_no_forest(examples, pages):
    comparison = examples.comparison()
    alone = comparison.model_copy(update={"entries": comparison.entries[:1]})
    assert len(pages(comparison_html(alone)).all("svg")) == 1


def test_a_comparison_survives_json(comparison):
    assert Comparison.model_validate_json(comparison.model_dump_json(by_alias=True)).entries == comparison.entries
