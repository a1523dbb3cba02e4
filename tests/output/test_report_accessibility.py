"""The reports as a browser shows them: axe finds no violation and nothing is wider than the window, at three sizes."""

import shutil

import numpy as np
import pytest

from dysfw.output.report.comparison_page import comparison_html
from dysfw.output.report.page import report_html
from dysfw.output.report.protocol_page import protocol_html

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
pytestmark = [pytest.mark.slow, pytest.mark.skipif(CHROMIUM is None, reason="needs Chromium")]
WIDTHS, SCHEMES = (360, 768, 1440), ("light", "dark")


@pytest.fixture(scope="module")
def browser():
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox", "--disable-gpu"])
        yield browser
        browser.close()


def protocol_page():
    from protocol_data import long_tailed

    from dysfw.evaluation.protocol.evaluate import Origin, result_of
    from dysfw.evaluation.protocol.frequent_rare import FrequentRare
    from dysfw.evaluation.protocol.protocol import checked_plan

    protocol = FrequentRare()
    plan = checked_plan(protocol, long_tailed())
    predictions = [np.zeros((len(split.test_rows), len(plan.labels))) for split in plan.splits]
    return protocol_html(
        result_of(protocol, plan, predictions, Origin("frequent-rare", "model.csv", "dysfw evaluate"), resamples=20)
    )


@pytest.fixture(scope="module")
def html(examples):
    return {
        "two conditions, harmonised": report_html(examples.evaluation(2, verdict="fail", harmonised=True)),
        "40 conditions with long labels": report_html(examples.evaluation(40, verdict="caution", nasty=True)),
        "comparison": comparison_html(examples.comparison(nasty=True)),
        "protocol": protocol_page(),
    }


@pytest.mark.parametrize("name", ["two conditions, harmonised", "40 conditions with long labels", "comparison", "protocol"])
def test_the_page_has_no_violation_and_fits_the_window(browser, html, tmp_path, name):
    from axe_playwright_python.sync_playwright import Axe

    (tmp_path / "report.html").write_text(html[name], "utf-8")
    page = browser.new_page()
    page.goto((tmp_path / "report.html").as_uri())
    found = []
    for scheme in SCHEMES:
        page.emulate_media(color_scheme=scheme)
        for width in WIDTHS:
            page.set_viewport_size({"width": width, "height": 900})
            if scheme == SCHEMES[0] or width == WIDTHS[-1]:  # colours do not depend on the width, and axe takes seconds
                found += [(scheme, width, one["id"], one["nodes"][0]["html"]) for one in Axe().run(page).response["violations"]]
            if page.evaluate("document.documentElement.scrollWidth > document.documentElement.clientWidth"):
                found.append((scheme, width, "wider than the window", ""))
    page.close()
    assert found == []


def test_the_contents_stand_beside_a_wide_page_and_above_a_narrow_one(browser, html, tmp_path):
    (tmp_path / "report.html").write_text(html["two conditions, harmonised"], "utf-8")
    page = browser.new_page(viewport={"width": 1440, "height": 900})
    page.goto((tmp_path / "report.html").as_uri())
    assert page.locator("nav:visible").count() == 1
    page.locator("nav.side").get_by_role("link", name="ROC and sensitivity").click()
    top = page.locator("#roc").bounding_box()["y"]
    assert -5 <= top <= 60
    assert page.locator("nav.side").bounding_box()["y"] == 0  # it stays
    page.set_viewport_size({"width": 360, "height": 800})
    page.locator("nav.short summary").click()
    page.locator("nav.short").get_by_role("link", name="Worst errors").click()
    assert -5 <= page.locator("#worst").bounding_box()["y"] <= 60
    page.get_by_role("link", name="Back to the top").click()
    assert page.evaluate("window.scrollY") == 0
    page.close()


def test_the_printed_page_has_neither_navigation_nor_scroll_bars(browser, html, tmp_path):
    (tmp_path / "report.html").write_text(html["two conditions, harmonised"], "utf-8")
    page = browser.new_page(viewport={"width": 720, "height": 900})
    page.goto((tmp_path / "report.html").as_uri())
    page.emulate_media(media="print")
    assert page.locator("nav:visible, .up:visible, .skip:visible, .anchor:visible").count() == 0
    assert page.locator("#t-confusion").is_visible()
    assert page.pdf(format="A4").startswith(b"%PDF")
    page.close()
