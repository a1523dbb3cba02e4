import re
from itertools import pairwise

import numpy as np
import pytest

from dysfw.evaluation.result import PatientLevel
from dysfw.output.report.page import report_html
from dysfw.output.report.sentences import least_patients
from dysfw.stats.estimate import Estimate


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
    for contender in plain.models:
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
    small = examples.evaluation(2).model_copy(update={"models": [], "worst": [], "weights": []})
    page = pages(report_html(small))
    assert "No photograph was judged wrongly" in body_text(page)
    assert not re.search(r"\bnan\b", body_text(page))


def part(page, identity):
    return next(e.text for e in page.elements if e.attributes.get("id") == identity)


def table(page, identity):
    return next(e.text for e in page.all("table") if e.attributes["aria-labelledby"] == identity)


def test_a_caution_says_whether_something_was_found_or_might_have_been_missed(examples, pages):
    found = examples.evaluation(7, verdict="caution")
    missed = found.model_copy(update={"audit": found.audit.model_copy(update={"p": 0.318, "features": []})})
    assert "caution, something beside the face may give the conditions away" in part(pages(report_html(found)), "verdict")
    top = part(pages(report_html(missed)), "verdict")
    assert "caution, nothing beside the face was found to give the conditions away, but it could have been missed" in top
    assert "something beside" not in top


def test_whether_the_recipe_beats_what_sees_no_face_stands_in_the_box_after_the_warnings(examples, plain, plain_page, pages):
    assert "The recipe beats the model that sees everything but the face: difference in balanced accuracy +" in part(
        plain_page, "verdict"
    )
    doubtful = examples.with_baseline(plain, "everything but the face", -0.2, 0.05)
    doubtful = examples.with_baseline(doubtful, "commonest condition", -0.2, 0.0004)
    top = part(pages(report_html(doubtful)), "verdict")
    assert "The recipe is not shown to do better than the model that sees everything but the face" in top
    assert "It is not shown to do better than guessing, here always the commonest condition" in top
    assert "beats" not in top


def test_the_baselines_of_the_standing_are_those_of_an_evaluation():
    from dysfw.evaluation.fold_runner import MAJORITY
    from dysfw.evaluation.fold_runner import WITHOUT_FACE as ITS_NAME
    from dysfw.output.report.baseline_comparison import COMMONEST, WITHOUT_FACE

    assert (WITHOUT_FACE, COMMONEST) == (ITS_NAME, MAJORITY)


def test_where_patients_are_unknown_nothing_is_said_to_be_by_patient(nasty_page, plain_page):
    assert "resamples of the photographs" in part(nasty_page, "scores")
    assert "cross-validated by photographs" in part(nasty_page, "audit")
    assert "resamples of the patients" in part(plain_page, "scores")
    assert "cross-validated by patients" in part(plain_page, "audit")


def test_each_measure_is_listed_once(plain, pages):
    doubled = {"top_1": plain.measures["accuracy"], "top_1_macro": plain.measures["balanced_accuracy"]}
    page = pages(report_html(plain.model_copy(update={"measures": plain.measures | doubled})))
    assert not [e.text for e in page.all("th") if re.match(r"Top 1\b", e.text)]
    assert table(page, "t-key").count("Accuracy (top 1)") == 1


def test_conditions_of_the_audit_stand_by_their_auroc_and_what_is_beyond_chance_is_among_them(plain, pages):
    one = plain.audit.classes[0]
    auroc = one.auroc
    told = [
        one.model_copy(update={"label": f"c{n:02}", "p": 0.9, "auroc": auroc.model_copy(update={"value": 0.9 - n / 100})})
        for n in range(20)
    ]
    told[19] = told[19].model_copy(update={"p": 0.001})
    page = pages(report_html(plain.model_copy(update={"audit": plain.audit.model_copy(update={"classes": told})})))
    assert re.findall(r"c\d\d", table(page, "t-told")) == [f"c{n:02}" for n in (*range(11), 19)]
    assert "8 others" in part(page, "t-told")


def test_calibration_that_made_nothing_better_is_said_to_have_made_nothing_better(plain, plain_page, pages):
    assert "It did not fall" not in part(plain_page, "calibration")
    worse = plain.calibration.model_copy(update={"ece": plain.calibration.ece_before})
    assert "It did not fall" in part(pages(report_html(plain.model_copy(update={"calibration": worse}))), "calibration")


def test_sets_that_hold_everything_are_said_to_say_nothing_and_low_coverage_is_below_what_was_asked_for(plain, pages):
    labels = plain.labels
    coverage = dict.fromkeys(labels, 1.0) | {labels[2]: 0.5}
    low = plain.sets.model_copy(update={"coverage_by_label": coverage})
    text = part(pages(report_html(plain.model_copy(update={"sets": low}))), "sets")
    assert f"lowest coverage of single conditions:\n{labels[2]} 50\u00a0%." in text
    idle = plain.sets.model_copy(update={"size": Estimate(value=float(len(labels)))})
    text = part(pages(report_html(plain.model_copy(update={"sets": idle}))), "sets")
    assert "No condition has the 9 patients" in text
    assert "lowest coverage" not in text


@pytest.mark.parametrize(("coverage", "patients"), [(0.9, 9), (0.8, 4), (0.95, 19), (0.5, 1), (0.85, 6)])
def test_the_patients_that_a_set_needs_are_those_that_the_sets_ask_for(coverage, patients):
    from dysfw.reliability.conformal import thresholds

    def out(n):
        return np.isfinite(thresholds(np.full((n, 2), 0.5), np.zeros(n, int), np.arange(n), coverage)[0])

    assert least_patients(coverage) == patients
    assert out(patients)
    assert patients == 1 or not out(patients - 1)


def test_refused_photographs_are_counted(plain, plain_page):
    images = plain.data.images
    assert re.search(rf"{0.043 * images:.1f} of {images} photographs \(4\.3\u00a0%", part(plain_page, "sets"))
    assert "means over 3 repeats" in part(plain_page, "sets")


def test_what_stands_between_backticks_is_code_and_still_escaped(plain, pages):
    advice = ["Put `harmonise: {a: <b>}` into the recipe."]
    page = pages(report_html(plain.model_copy(update={"audit": plain.audit.model_copy(update={"advice": advice})})))
    assert [e.text for e in page.all("code")] == ["harmonise: {a: <b>}"]
    assert "`" not in body_text(page)


def test_patients_of_several_conditions_are_explained_where_the_numbers_do_not_add_up(plain, plain_page, pages):
    few = plain.data.model_copy(update={"patients": sum(n for _, n in plain.data.per_label.values()) - 1})
    page = pages(report_html(plain.model_copy(update={"data": few})))
    for identity in ("data", "conditions"):
        assert "counts in each of them, and once in all" in part(page, identity)
    enough = plain.data.model_copy(update={"patients": few.patients + 1})
    page = pages(report_html(plain.model_copy(update={"data": enough})))
    assert "once in all" not in body_text(page)


def test_of_a_single_region_neither_it_nor_the_fusions_are_drawn(plain, plain_page, pages):
    single = [one for one in plain.models if one.kind != "region" or one.name == "face"]
    page = pages(report_html(plain.model_copy(update={"models": single})))
    titles = [e.attributes["aria-labelledby"].split()[0] for e in page.all("svg")]
    assert titles == ["top-n-title", "forest-baselines-title", "reliability-title"]
    assert len(plain_page.all("svg")) == 4


def test_patients_judged_by_all_their_photographs_have_a_section_where_there_are_any(plain, plain_page, pages):
    assert "all of their photographs" not in body_text(plain_page)
    several = PatientLevel(
        patients=40, several=31, images=3.25,
        measures={"balanced_accuracy": Estimate(value=0.612, low=0.5, high=0.7)},
        difference={"balanced_accuracy": Estimate(value=0.051, low=0.01, high=0.09)},
        sets=plain.sets, single=Estimate(value=0.905, low=0.86, high=0.95),
    )  # fmt: skip
    page = pages(report_html(plain.model_copy(update={"patients": several})))
    text = part(page, "patients").replace("\u00a0", " ")
    assert "31 of 40 patients have several photographs" in text
    assert "0.612 [0.500, 0.700]" in text
    assert "+0.051 [0.010, 0.090]" in text
    assert "90.5 %" in text
