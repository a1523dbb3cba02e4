import base64
import hashlib
import re
from itertools import pairwise

import numpy as np
import pytest

from dysfw.evaluation.result import PatientLevel
from dysfw.output.report.comparison_page import comparison_html
from dysfw.output.report.page import report_html
from dysfw.output.report.sentences import min_patients
from dysfw.stats.estimate import Estimate


@pytest.fixture(scope="module")
def pages(examples):
    """The strict HTML parser."""
    import pages

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


def test_the_page_loads_nothing_and_runs_only_its_own_script(nasty_page, plain_page):
    for page in (nasty_page, plain_page):
        (script,) = page.all("script")
        assert script.attributes == {}
        assert not re.search(r"https?:|fetch|XMLHttp|WebSocket|innerHTML|eval|import", script.text)
        assert not page.all("link")
        assert not [name for e in page.elements for name in e.attributes if name.startswith("on")]
        assert [address for address in page.addresses if not address.startswith("#")] == []
        assert not re.search(r"url\((?!#)|@import|@font-face", page.source)
        policy = next(e.attributes["content"] for e in page.all("meta") if "http-equiv" in e.attributes)
        assert "default-src 'none'" in policy
        digest = base64.b64encode(hashlib.sha256(script.text.encode()).digest()).decode()
        assert f"script-src 'sha256-{digest}';" in policy


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
    for tag in ("header", "main", "footer"):
        assert len(nasty_page.all(tag)) == 1
    assert len(nasty_page.all("nav")) == 2  # of which one is shown, by the width of the window
    assert nasty_page.all("html")[0].attributes["lang"] == "en"
    assert all("aria-labelledby" in e.attributes for e in nasty_page.all("table"))
    assert all("scope" in e.attributes for e in nasty_page.all("th"))
    drawings = nasty_page.all("svg")
    assert len([e for e in drawings if "aria-labelledby" in e.attributes]) == 5
    assert all(e.attributes.get("aria-label", "ROC curve").startswith("ROC curve") for e in drawings)
    assert all(e.attributes["role"] == "img" and "viewbox" in e.attributes and "width" not in e.attributes for e in drawings)


def test_verdict_and_claim_come_before_any_score(nasty, nasty_page):
    text = body_text(nasty_page)
    verdict = text.index("Audit of the data: fail")
    claim = text.index(nasty.protocol.claim)
    first_table = text.index("Balanced accuracy")
    assert verdict < claim < first_table
    assert not re.search(r"\d\.\d{3}", text[text.index("Evaluation of the recipe") : verdict])


def test_unknown_patients_random_weights_and_exclusions_come_before_any_score(nasty_page):
    top = next(e for e in nasty_page.elements if e.attributes.get("id") == "verdict").text
    assert "do not name patients" in top
    assert "random" in top
    assert "1 image was not used" in top


def test_nan_is_never_shown(nasty_page):
    assert not re.search(r"\b(nan|NaN|inf|None|undefined)\b", body_text(nasty_page))


def test_labels_are_escaped(examples, nasty_page):
    text = body_text(nasty_page)
    for label in (examples.HTML, examples.LONG, examples.HEBREW, examples.COSTLY):
        assert label in text
    assert "\u202e" not in nasty_page.source  # turns the reading direction around


def test_the_confusion_matrix_shows_shares_and_counts(plain, plain_page):
    cells = [e for e in plain_page.all("td") if "correct" in e.attributes.get("class", "")]
    confusion = np.zeros((15, 15))
    for label, predicted, images in plain.confusion:
        confusion[label, predicted] = images
    counts = np.diag(confusion)
    shares = 100 * counts / confusion.sum(axis=1)
    assert [cell.text for cell in cells] == [f"{s:.0f}{n:.0f}" for s, n in zip(shares, counts, strict=True)]


def test_every_score_is_on_the_page(plain, plain_page):
    text = body_text(plain_page)
    for estimate in (*plain.measures.values(), *plain.top.values(), *plain.top_macro.values()):
        assert f"{estimate.value:.3f} [{estimate.low:.3f}, {estimate.high:.3f}]" in text
    for model in plain.models:
        assert model.name in text
    assert plain.command in text
    assert plain.recipe_fingerprint in text
    assert plain.data.fingerprint in text
    assert "use: dysfw-dlib:dlib_resnet" in text
    assert "CC0-1.0" in text


def test_the_quotation_contains_interval_baselines_and_verdict(plain, plain_page):
    quoted = plain_page.all("blockquote")[0].text
    best = plain.measures["balanced_accuracy"]
    assert f"{best.value:.3f} (95 % interval {best.low:.3f} to {best.high:.3f})" in quoted
    assert "0.067 (chance)" in quoted
    assert "(shortcut features)" in quoted
    assert "audit of the data: pass" in quoted


def test_the_verdict_is_for_harmonised_images_and_the_original_one_is_shown_too(examples, pages):
    page = pages(report_html(examples.evaluation(7, verdict="fail", harmonised=True)))
    top = next(e for e in page.elements if e.attributes.get("id") == "verdict")
    assert "pass" in top.attributes["class"]
    assert "The verdict for the original images is\nfail" in top.text
    assert any("harmonised" in e.text for e in page.all("th"))


def test_the_page_contains_images_only_if_they_are_passed(plain, plain_page, phantoms, pages):
    assert not plain_page.all("img")
    crop = (phantoms / "phantom-unaffected" / "000.jpg").read_bytes()
    page = pages(report_html(plain, {plain.worst[1].path: crop}))
    assert [e.attributes["src"][:23] for e in page.all("img")] == ["data:image/jpeg;base64,"]
    with pytest.raises(ValueError, match="neither JPEG nor PNG"):
        report_html(plain, {plain.worst[1].path: b"<svg onload=alert(1)>"})


def test_the_same_evaluation_gives_the_same_page(plain, plain_html):
    assert report_html(plain) == plain_html


def test_two_conditions_without_other_models_make_a_page(examples, pages):
    small = examples.evaluation(2).model_copy(update={"models": [], "worst": [], "weights": []})
    page = pages(report_html(small))
    assert "All images were classified correctly" in body_text(page)
    assert not re.search(r"\bnan\b", body_text(page))


def part(page, identity):
    return next(e.text for e in page.elements if e.attributes.get("id") == identity)


def table(page, identity):
    return next(e.text for e in page.all("table") if e.attributes["aria-labelledby"] == identity)


def test_a_caution_distinguishes_an_effect_from_an_inconclusive_audit(examples, pages):
    found = examples.evaluation(7, verdict="caution")
    missed = found.model_copy(update={"audit": found.audit.model_copy(update={"p": 0.318, "features": []})})
    assert "caution, something other than the face may reveal the condition" in part(pages(report_html(found)), "verdict")
    top = part(pages(report_html(missed)), "verdict")
    assert "caution, leakage cannot be excluded" in top
    assert "may reveal" not in top


def test_the_verdict_box_compares_the_recipe_with_the_baselines(examples, plain, plain_page, pages):
    assert "The recipe beats the baseline that uses shortcut features: difference in balanced accuracy +" in part(
        plain_page, "verdict"
    )
    doubtful = examples.with_baseline(plain, "shortcut features", -0.2, 0.05)
    doubtful = examples.with_baseline(doubtful, "most frequent condition", -0.2, 0.0004)
    top = part(pages(report_html(doubtful)), "verdict")
    assert "No evidence that the recipe beats the baseline that uses shortcut features" in top
    assert "No evidence that it beats always predicting the most frequent condition" in top
    assert "The recipe beats" not in top


def test_the_baseline_names_are_those_of_an_evaluation():
    from dysfw.evaluation.fold_runner import MOST_FREQUENT as FOLD_MOST_FREQUENT
    from dysfw.evaluation.fold_runner import SHORTCUT_FEATURES as FOLD_SHORTCUT_FEATURES
    from dysfw.output.report.baseline_comparison import MOST_FREQUENT, SHORTCUT_FEATURES

    assert (SHORTCUT_FEATURES, MOST_FREQUENT) == (FOLD_SHORTCUT_FEATURES, FOLD_MOST_FREQUENT)


def test_with_unknown_patients_the_unit_is_the_image(nasty_page, plain_page):
    assert "resamples of the images" in part(nasty_page, "scores")
    assert "cross-validation by images" in part(nasty_page, "audit")
    assert "resamples of the patients" in part(plain_page, "scores")
    assert "cross-validation by patients" in part(plain_page, "audit")


def test_each_measure_is_listed_once(plain, pages):
    doubled = {"top_1": plain.measures["accuracy"], "top_1_macro": plain.measures["balanced_accuracy"]}
    page = pages(report_html(plain.model_copy(update={"measures": plain.measures | doubled})))
    assert not [e.text for e in page.all("th") if re.match(r"Top 1\b", e.text)]
    assert table(page, "t-key").count("Accuracy (top 1)") == 1


def test_audit_conditions_are_sorted_by_auroc_and_include_all_significant_ones(plain, pages):
    one = plain.audit.classes[0]
    auroc = one.auroc
    classes = [
        one.model_copy(update={"label": f"c{n:02}", "p": 0.9, "auroc": auroc.model_copy(update={"value": 0.9 - n / 100})})
        for n in range(20)
    ]
    classes[19] = classes[19].model_copy(update={"p": 0.001})
    page = pages(report_html(plain.model_copy(update={"audit": plain.audit.model_copy(update={"classes": classes})})))
    assert re.findall(r"c\d\d", table(page, "t-predictable")) == [f"c{n:02}" for n in (*range(11), 19)]
    assert "8 less predictable conditions" in part(page, "t-predictable")


def test_calibration_without_improvement_is_reported(plain, plain_page, pages):
    def words(ece):
        other = plain.calibration.model_copy(update={"ece": ece})
        return part(pages(report_html(plain.model_copy(update={"calibration": other}))), "calibration")

    before = plain.calibration.ece_before
    assert "on these images" not in part(plain_page, "calibration")
    assert "Calibration did not change the error on these images" in words(before)
    assert "Calibration increased the error on these images" in words(Estimate(value=before.value + 0.1))


def test_uninformative_sets_and_low_coverage_are_reported(plain, pages):
    labels = plain.labels
    coverage = dict.fromkeys(labels, 1.0) | {labels[2]: 0.5}
    low = plain.prediction_sets.model_copy(update={"coverage_by_label": coverage})
    text = part(pages(report_html(plain.model_copy(update={"prediction_sets": low}))), "sets")
    assert f"lowest coverage:\n{labels[2]} 50\u00a0%." in text
    full = plain.prediction_sets.model_copy(update={"size": Estimate(value=float(len(labels)))})
    text = part(pages(report_html(plain.model_copy(update={"prediction_sets": full}))), "sets")
    assert "No condition has the 9 patients" in text
    assert "lowest coverage" not in text


@pytest.mark.parametrize(("coverage", "patients"), [(0.9, 9), (0.8, 4), (0.95, 19), (0.5, 1), (0.85, 6)])
def test_min_patients_agrees_with_the_conformal_thresholds(coverage, patients):
    from dysfw.reliability.conformal import thresholds

    def out(n):
        return np.isfinite(thresholds(np.full((n, 2), 0.5), np.zeros(n, int), np.arange(n), coverage)[0])

    assert min_patients(coverage) == patients
    assert out(patients)
    assert patients == 1 or not out(patients - 1)


def test_rejected_images_are_counted(plain, plain_page):
    images = plain.data.images
    assert re.search(rf"{0.043 * images:.1f} of {images} images \(4\.3\u00a0%", part(plain_page, "sets"))
    assert "means over 3 repeats" in part(plain_page, "sets")


def test_text_between_backticks_is_code_and_escaped(plain, pages):
    advice = ["Put `harmonise: {a: <b>}` into the recipe."]
    page = pages(report_html(plain.model_copy(update={"audit": plain.audit.model_copy(update={"advice": advice})})))
    assert [e.text for e in page.all("code")] == ["harmonise: {a: <b>}"]
    assert "`" not in body_text(page)


def test_patients_with_several_conditions_are_explained(plain, plain_page, pages):
    few = plain.data.model_copy(update={"patients": sum(n for _, n in plain.data.per_label.values()) - 1})
    page = pages(report_html(plain.model_copy(update={"data": few})))
    for identity in ("data", "conditions"):
        assert "counts once for each of them and once in the total" in part(page, identity)
    enough = plain.data.model_copy(update={"patients": few.patients + 1})
    page = pages(report_html(plain.model_copy(update={"data": enough})))
    assert "once in the total" not in body_text(page)


def test_with_a_single_region_no_region_or_fusion_is_drawn(plain, plain_page, pages):
    single = [one for one in plain.models if one.kind != "region" or one.name == "face"]
    page = pages(report_html(plain.model_copy(update={"models": single})))

    def titles(page):
        return [e.attributes["aria-labelledby"].split()[0] for e in page.all("svg") if "aria-labelledby" in e.attributes]

    assert titles(page) == ["top-n-title", "roc-title", "forest-baselines-title", "reliability-title"]
    assert len(titles(plain_page)) == 5


def test_predictions_from_all_images_of_a_patient_have_a_section(plain, plain_page, pages):
    assert "Predictions from all images" not in body_text(plain_page)
    several = PatientLevel(
        patients=40, with_several_images=31, images_per_patient=3.25,
        measures={"balanced_accuracy": Estimate(value=0.612, low=0.5, high=0.7)},
        difference={"balanced_accuracy": Estimate(value=0.051, low=0.01, high=0.09)},
        sets=plain.prediction_sets, per_image_coverage=Estimate(value=0.905, low=0.86, high=0.95),
    )  # fmt: skip
    page = pages(report_html(plain.model_copy(update={"patients": several})))
    text = part(page, "patients").replace("\u00a0", " ")
    assert "31 of 40 patients have several images" in text
    assert "0.612 [0.500, 0.700]" in text
    assert "+0.051 [0.010, 0.090]" in text
    assert "90.5 %" in text


def test_the_contents_list_every_section_in_its_order(plain_page, pages, examples):
    for page in (plain_page, pages(comparison_html(examples.comparison()))):
        sections = [e.attributes["id"] for e in page.all("section")]
        listed = [e.attributes["href"][1:] for e in page.all("a") if "nav" in e.parents and "li" in e.parents]
        assert listed == 2 * sections


def test_what_was_found_excluded_and_used_adds_up_and_links_to_the_findings(plain, plain_page):
    text = " ".join(part(plain_page, "data").split())
    flow = plain.data.flow
    assert f"{flow.images_found} images found 246 patients" in text
    assert "20 excluded 1 truncated 5 copies of another image 1 patient lost 14 no face found 3 patients lost" in text
    assert f"{flow.images_used} used 240 patients" in text
    assert "2 fewer patients" in text
    link = next(e for e in plain_page.all("a") if e.text == "truncated")
    assert "the file ends too early" in part(plain_page, link.attributes["href"][1:]).lower()


def test_sensitivity_is_shown_at_each_specificity_or_why_it_is_not(plain, plain_page, pages):
    shown = table(plain_page, "t-specificity")
    for one in plain.classes:
        for at in one.at_specificity[:2]:
            assert f"{at.sensitivity.value:.2f} [{at.sensitivity.low:.2f}, {at.sensitivity.high:.2f}]" in shown
        assert one.at_specificity[2].unstated == "too_few_controls"
    assert shown.count("too few") == len(plain.classes)
    tied = [at.model_copy(update={"sensitivity": None, "unstated": "not_reachable"}) for at in plain.classes[0].at_specificity]
    classes = [plain.classes[0].model_copy(update={"at_specificity": tied}), *plain.classes[1:]]
    assert table(pages(report_html(plain.model_copy(update={"classes": classes}))), "t-specificity").count("not reachable") == 3


def test_each_condition_has_a_small_curve_and_of_many_those_with_the_lowest_auroc(
    plain_page, nasty, nasty_page, examples, pages
):
    def curves(page):
        return [e.attributes["aria-label"] for e in page.all("svg") if "aria-label" in e.attributes]

    assert len(curves(plain_page)) == 15
    assert len(curves(nasty_page)) == len(nasty.labels) == 60
    many = examples.evaluation(61)
    page = pages(report_html(many))
    assert len(curves(page)) == 24
    lowest = min(many.classes, key=lambda one: one.measures["auroc"].value)
    assert curves(page)[0].startswith(f"ROC curve of {lowest.label}: sensitivity 0.")


def test_conditions_in_tables_link_to_their_results(plain, plain_page):
    links = [e for e in plain_page.all("a") if e.attributes["href"].startswith("#condition-")]
    assert len(links) > 3 * len(plain.labels)
    for link in links:
        assert link.text.strip() in part(plain_page, link.attributes["href"][1:])
