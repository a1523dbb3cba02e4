import re
from itertools import pairwise

import pytest

from dysfw.views.report.page import report_html


@pytest.fixture(scope="module")
def pages(examples):
    """Reads a page strictly."""
    import pages  # beside examples.py, which has put this folder where modules are looked for

    return pages.Page


@pytest.fixture(scope="module")
def nasty_page(nasty, pages):
    return pages(report_html(nasty))


@pytest.fixture(scope="module")
def plain_html(plain):
    return report_html(plain)


@pytest.fixture(scope="module")
def plain_page(plain_html, pages):
    return pages(plain_html)


def body_text(page):
    return page.all("body")[0].text


def test_nothing_is_loaded_and_nothing_runs(nasty_page, plain_page):
    for page in (nasty_page, plain_page):
        assert not page.all("script")
        assert not page.all("link")
        assert not [name for e in page.elements for name in e.attributes if name.startswith("on")]
        assert [address for address in page.addresses if not address.startswith("#")] == []
        assert not re.search(r"url\((?!#)|@import|@font-face", page.source)
        policy = next(e.attributes["content"] for e in page.all("meta") if "http-equiv" in e.attributes)
        assert "default-src 'none'" in policy


def test_ids_are_unique_and_every_reference_has_its_target(nasty_page):
    ids = nasty_page.ids
    assert len(ids) == len(set(ids))
    wanted = [address[1:] for address in nasty_page.addresses if address.startswith("#")]
    for name in ("aria-labelledby", "aria-describedby"):
        wanted += [one for e in nasty_page.elements for one in e.attributes.get(name, "").split()]
    wanted += re.findall(r"url\(#([^)]+)\)", nasty_page.source)
    assert set(wanted) <= set(ids)


def test_headings_go_down_one_level_at_a_time(nasty_page):
    levels = [int(e.tag[1]) for e in nasty_page.elements if re.fullmatch("h[1-6]", e.tag)]
    assert levels[0] == 1
    assert levels.count(1) == 1
    assert all(after - before <= 1 for before, after in pairwise(levels))


def test_the_page_has_landmarks_a_language_and_named_tables_and_drawings(nasty_page):
    for tag in ("header", "nav", "main", "footer"):
        assert len(nasty_page.all(tag)) == 1
    assert nasty_page.all("html")[0].attributes["lang"] == "en"
    assert all("aria-labelledby" in e.attributes for e in nasty_page.all("table"))
    assert all("scope" in e.attributes for e in nasty_page.all("th"))
    drawings = nasty_page.all("svg")
    assert len(drawings) == 4
    assert all(e.attributes["role"] == "img" and "viewbox" in e.attributes and "width" not in e.attributes for e in drawings)


def test_verdict_and_claim_come_before_any_score(nasty, nasty_page):
    text = body_text(nasty_page)
    verdict = text.index("Audit of the data: fail")
    claim = text.index(nasty.protocol.claim)
    first_table = text.index("Balanced accuracy")
    assert verdict < claim < first_table
    assert not re.search(r"\d\.\d{3}", text[text.index("Evaluation of the recipe") : verdict])


def test_unknown_patients_random_weights_and_exclusions_are_said_before_any_score(nasty_page):
    top = next(e for e in nasty_page.elements if e.attributes.get("id") == "verdict").text
    assert "does not name patients" in top
    assert "random" in top
    assert "1 photograph took no part" in top


def test_what_is_not_a_number_is_never_shown(nasty_page):
    assert not re.search(r"\b(nan|NaN|inf|None|undefined)\b", body_text(nasty_page))


def test_labels_stay_text_whatever_is_in_them(examples, nasty_page):
    text = body_text(nasty_page)
    for label in (examples.HTML, examples.LONG, examples.HEBREW, examples.COSTLY):
        assert label in text
    assert "\u202e" not in nasty_page.source  # turns the reading direction around


def test_each_condition_stands_in_the_matrix_with_its_shares(plain, plain_page):
    cells = [e for e in plain_page.all("td") if "right" in e.attributes.get("class", "")]
    shares = [100 * row[k] / sum(row) for k, row in enumerate(plain.confusion)]
    counts = [row[k] for k, row in enumerate(plain.confusion)]
    assert [cell.text for cell in cells] == [f"{s:.0f}{n:.0f}" for s, n in zip(shares, counts, strict=True)]


def test_every_figure_of_the_result_is_on_the_page(plain, plain_page):
    text = body_text(plain_page)
    for estimate in (*plain.measures.values(), *plain.top.values(), *plain.top_macro.values()):
        assert f"{estimate.value:.3f} [{estimate.low:.3f}, {estimate.high:.3f}]" in text
    for contender in plain.contenders:
        assert contender.name in text
    assert plain.command in text
    assert plain.recipe_fingerprint in text
    assert plain.data.fingerprint in text
    assert "use: dysfw-dlib:dlib_resnet" in text
    assert "CC0-1.0" in text


def test_the_quotation_carries_the_interval_the_baselines_and_the_verdict(plain, plain_page):
    quoted = plain_page.all("blockquote")[0].text
    best = plain.measures["balanced_accuracy"]
    assert f"{best.value:.3f} (95 % interval {best.low:.3f} to {best.high:.3f})" in quoted
    assert "0.067 (guessing)" in quoted
    assert "(everything but the face)" in quoted
    assert "audit of the data: pass" in quoted


def test_after_harmonising_the_verdict_is_that_of_what_was_judged_and_the_other_stands_beside_it(examples, pages):
    page = pages(report_html(examples.evaluation(7, verdict="fail", harmonised=True)))
    top = next(e for e in page.elements if e.attributes.get("id") == "verdict")
    assert "pass" in top.attributes["class"]
    assert "Of the photographs as they are it is\nfail" in top.text
    assert any("harmonised" in e.text for e in page.all("th"))


def test_photographs_are_in_the_page_only_where_they_are_handed_over(plain, plain_page, phantoms, pages):
    assert not plain_page.all("img")
    crop = (phantoms / "phantom-unaffected" / "000.jpg").read_bytes()
    page = pages(report_html(plain, {plain.worst[1].path: crop}))
    assert [e.attributes["src"][:23] for e in page.all("img")] == ["data:image/jpeg;base64,"]
    with pytest.raises(ValueError, match="neither JPEG nor PNG"):
        report_html(plain, {plain.worst[1].path: b"<svg onload=alert(1)>"})


def test_the_same_evaluation_gives_the_same_page(plain, plain_html):
    assert report_html(plain) == plain_html


def test_two_conditions_and_no_contenders_still_make_a_page(examples, pages):
    small = examples.evaluation(2).model_copy(update={"contenders": [], "worst": [], "weights": []})
    page = pages(report_html(small))
    assert "No photograph was judged wrongly" in body_text(page)
    assert not re.search(r"\bnan\b", body_text(page))
