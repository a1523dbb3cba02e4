import re

import pytest

from dysfw.evaluation.comparison_result import Comparison
from dysfw.views.report.compare_page import comparison_html, recipe_differences


@pytest.fixture(scope="module")
def pages(examples):
    import pages  # beside examples.py, which has put this folder where modules are looked for

    return pages.Page


@pytest.fixture(scope="module")
def comparison(examples):
    return examples.comparison()


@pytest.fixture(scope="module")
def page(comparison, pages):
    return pages(comparison_html(comparison))


def text_of(page, identity):
    return next(e.text for e in page.elements if e.attributes.get("id") == identity)


def test_the_best_recipe_stands_first_and_the_first_is_the_reference(comparison, page):
    board = text_of(page, "board")
    ranked = sorted(comparison.entries, key=lambda entry: -entry.measures["balanced_accuracy"].value)
    places = [board.index(f"\n{entry.name}") for entry in ranked]
    assert places == sorted(places)
    assert board.count("reference") == 1


def test_every_difference_stands_with_its_interval(comparison, page):
    board = text_of(page, "board")
    for entry in comparison.entries[1:]:
        low = entry.difference["balanced_accuracy"].low
        assert f"−{-low:.3f}" in board


def test_the_verdict_comes_before_the_leaderboard(page):
    ids = page.ids
    assert ids.index("verdict") < ids.index("board")


def test_only_the_keys_that_differ_are_listed(comparison, page):
    assert recipe_differences(comparison.entries) == [
        ("fusion.use", ["dysfw:mean", "dysfw:median", "dysfw:mean", "dysfw:mean"])
    ]
    assert "fusion.use" in text_of(page, "recipes")
    assert "backbone.use" not in text_of(page, "recipes")


def test_nasty_names_make_a_page_that_loads_nothing(examples, pages):
    page = pages(comparison_html(examples.comparison("fail", nasty=True, classes=30)))
    assert not page.all("script")
    assert all(address.startswith("#") for address in page.addresses)
    assert len(page.ids) == len(set(page.ids))
    assert not re.search(r"\b(nan|NaN|inf|None|undefined)\b", page.all("body")[0].text)
    assert examples.LONG in page.all("body")[0].text


def test_a_single_recipe_has_no_forest(examples, pages):
    comparison = examples.comparison()
    alone = comparison.model_copy(update={"entries": comparison.entries[:1]})
    assert len(pages(comparison_html(alone)).all("svg")) == 1


def test_a_comparison_comes_back_from_json_as_it_was(comparison):
    assert Comparison.model_validate_json(comparison.model_dump_json(by_alias=True)).entries == comparison.entries
