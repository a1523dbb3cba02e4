"""Reports of 600 conditions: most of them with one patient, labels of 200 characters and in other scripts."""

import io
import re
import shutil

import pytest
from rich.console import Console

from dysfw.evaluation.result import ClassScores
from dysfw.output.audit import print_audit
from dysfw.output.report.comparison_page import comparison_html
from dysfw.output.report.page import report_html
from dysfw.output.report.render import MAX_ROWS
from dysfw.output.report.terminal import print_evaluation

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
MANY = 600


@pytest.fixture(scope="module")
def pages():
    import pages

    return pages.Page


@pytest.fixture(scope="module")
def many(examples):
    """600 conditions; of most, one patient with one image, and no interval."""
    made = examples.evaluation(MANY, nasty=True, skill=5.0)
    names = [*made.labels[:100], *(f"{one} {n}" for n in range(98) for one in examples.SCRIPTS)]
    names += [f"{n} {'very long name of a condition ' * 7}"[:200] for n in range(MANY - len(names))]
    classes = [
        ClassScores(label=name, images=1, patients=1, measures={}) if k > 150 else one.model_copy(update={"label": name})
        for k, (name, one) in enumerate(zip(names, made.classes, strict=True))
    ]
    untested = ClassScores(label=names[-1], images=0, patients=0, measures={})
    data = made.data.model_copy(update={"per_label": {one.label: (one.images, one.patients) for one in classes}})
    return made.model_copy(update={"labels": names, "classes": [*classes[:-1], untested], "data": data})


@pytest.fixture(scope="module")
def html(many):
    return report_html(many)


def test_every_condition_is_in_the_page_without_a_script(many, html, pages):
    text = pages(html).all("body")[0].text
    assert all(label in text for label in many.labels)
    assert not re.search(r"\b(nan|NaN|inf|None|undefined)\b", text)


def test_the_page_is_small_and_states_its_size(html):
    size = len(html.encode()) / 1e6
    assert size < 1
    assert f"This page of {size:.1f} MB" in html


def test_a_table_shows_what_is_confused_instead_of_a_matrix(many, html, pages):
    page = pages(html)
    assert not [e for e in page.elements if "matrix" in e.attributes.get("class", "").split()]
    section = next(e.text for e in page.elements if e.attributes.get("id") == "confusion")
    assert "confusion.csv" in section
    label, predicted, _ = max((cell for cell in many.confusion if cell[0] != cell[1]), key=lambda cell: cell[2])
    assert many.labels[label] in section
    assert many.labels[predicted] in section
    assert "Most often predicted instead" in html


def test_more_conditions_than_fit_are_cut_and_counted(many, pages):
    extra = [ClassScores(label=f"extra {n}", images=1, patients=1, measures={}) for n in range(MAX_ROWS)]
    page = pages(report_html(many.model_copy(update={"classes": [*many.classes, *extra]})))
    caption = next(e.text for e in page.elements if e.attributes.get("id") == "t-conditions")
    assert "The first 1,000 of 1,600 conditions." in caption
    assert "extra 399" in page.source
    assert "extra 400" not in page.source


def test_a_comparison_of_many_conditions_is_small(examples):
    assert len(comparison_html(examples.comparison(nasty=True, classes=MANY)).encode()) < 1e6


@pytest.mark.slow
@pytest.mark.skipif(CHROMIUM is None, reason="needs Chromium")
def test_tables_can_be_searched_and_sorted(html, many, tmp_path):
    from playwright.sync_api import sync_playwright

    (tmp_path / "report.html").write_text(html, "utf-8")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox", "--disable-gpu"])
        page, messages = browser.new_page(), []
        page.on("console", lambda message: messages.append(message.text))
        page.on("pageerror", lambda error: messages.append(str(error)))
        page.goto((tmp_path / "report.html").as_uri())
        table = page.locator("figure.find", has=page.locator("#t-conditions"))
        rows = table.locator("tbody tr:visible")
        table.get_by_role("searchbox").fill("корнелии 7")
        assert "Синдром Корнелии де Ланге 7" in rows.first.text_content()
        assert table.get_by_role("status").text_content() == f"{rows.count()} of {MANY} rows"
        assert 0 < rows.count() < MANY
        table.get_by_role("searchbox").fill("")
        assert rows.count() == MANY
        table.get_by_role("button", name="Sensitivity").click()
        values = [cell.split()[0] for cell in table.locator("tbody tr td:nth-child(4)").all_text_contents()]
        known = [float(value) for value in values if value != "–"]
        assert known == sorted(known, reverse=True)
        assert values[len(known) :] == ["–"] * (MANY - len(known))
        table.get_by_role("button", name="Condition").click()
        assert table.locator("th[aria-sort]").text_content() == "Condition"
        images = page.locator("figure.find", has=page.locator("#t-data"))
        images.get_by_role("button", name="Images").click()
        first = int(images.locator("tbody tr td").first.text_content())
        assert first == max(n for n, _ in many.data.per_label.values())
        browser.close()
    assert messages == []


def test_an_audit_prints_the_most_predictable_conditions_and_counts_the_others(examples):
    made = examples.audit([f"c{n:03}" for n in range(MANY)], "fail")
    classes = [made.classes[0].model_copy(update={"label": f"c{n:03}", "p": 0.001}) for n in range(MANY)]
    text = io.StringIO()
    print_audit(Console(file=text, width=100), made.model_copy(update={"classes": classes}))
    assert "and 580 more; for all: --json or -o DIR" in text.getvalue()
    assert len(text.getvalue().splitlines()) < 60


def test_an_evaluation_is_printed_in_a_screenful(many):
    text = io.StringIO()
    print_evaluation(Console(file=text, width=100), many, None)
    assert len(text.getvalue().splitlines()) < 60
