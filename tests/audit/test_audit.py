import io
import json
import re
from collections import Counter
from dataclasses import replace

import numpy as np
import pytest
from rich.console import Console

from dysfw.audit import audit as audit_module
from dysfw.audit.audit import audit
from dysfw.audit.result import AuditResult
from dysfw.errors import DysfwError
from dysfw.output.audit import print_audit
from dysfw.types import Failure

LARGE = {"a": 60, "b": 40, "c": 40}


def test_clean_data_pass_and_the_reason_states_the_detectable_auroc(synthetic):
    found = audit(*synthetic(5, classes=LARGE), permutations=99)
    assert found.verdict == "pass"
    assert found.p > 0.05
    assert "could have detected an AUROC of" in found.reason
    assert found.features == []


def test_a_condition_from_another_camera_fails_and_is_reported(synthetic):
    found = audit(*synthetic(1, classes=LARGE, shift={"b": 5.0}), permutations=99)
    assert found.verdict == "fail"
    assert "b by a single feature, mean lightness outside the head: median " in found.reason
    assert found.p == 0.01
    assert found.features[0].label == "b"
    assert found.features[0].words.startswith("mean lightness outside the head: median ")
    assert next(c for c in found.classes if c.label == "b").auroc.low > 0.9
    assert any("harmonise" in sentence for sentence in found.advice)
    assert any("Do not trust" in sentence for sentence in found.advice)


def test_a_small_effect_is_a_caution(synthetic):
    found = audit(*synthetic(4, classes={"a": 150, "b": 150}, shift={"b": 0.6}), permutations=99)
    assert found.p < 0.05
    assert found.verdict == "caution"
    assert "a small effect" in found.reason


def test_too_few_patients_are_a_caution_with_the_detectable_auroc(synthetic):
    found = audit(*synthetic(2, classes={"a": 8, "b": 6, "c": 6}), permutations=99)
    assert found.verdict == "caution"
    assert "No leakage detected" in found.reason
    assert "too small to exclude it" in found.reason
    assert re.fullmatch(
        r"Add patients\. The smallest AUROC this audit could have detected is 0\.\d\d for a, .* for c\.", found.advice[0]
    )


def test_conditions_without_any_detectable_auroc_are_listed(synthetic):
    found = audit(*synthetic(2, classes={"a": 30, "b": 2, "c": 2}), permutations=99)
    assert found.advice[0].startswith(
        "Add patients. This audit could not have detected any leakage for b, c. The smallest AUROC "
    )


def test_unknown_patients_are_a_caution(synthetic):
    found = audit(*synthetic(5, classes=LARGE, patients=False), permutations=99)
    assert found.patients is None
    assert found.verdict == "caution"
    assert "column `patient`" in found.advice[0]


def test_file_features_are_reported_once_for_the_condition_they_predict_best(synthetic):
    rows, samples = synthetic(3, classes=LARGE)
    for row, sample in zip(rows, samples, strict=True):
        row["file"] |= {"width (px)": 128.0 if sample.label == "a" else 256.0, "is PNG": float(sample.label == "a")}
    found = audit(rows, samples, permutations=99)
    assert [(c.label, c.words) for c in found.features[:2]] == [
        ("a", "width (px): 128 in 60 of 60, 256 in 80 of 80 others"),
        ("a", "is PNG: 60 of 60, 0 of 80 others"),
    ]
    assert max(Counter(c.name for c in found.features).values()) == 1
    by_name = {group.name: group for group in found.groups}
    assert by_name["file"].p == 0.01
    assert by_name["framing"].p > 0.05


def test_the_reason_names_the_strongest_feature_and_not_a_weaker_group(synthetic):
    rows, samples = synthetic(1, classes=LARGE, shift={"a": 2.0})
    for row, sample in zip(rows, samples, strict=True):
        row["file"]["width (px)"] = 300.0 if sample.label == "a" else 288.0
    found = audit(rows, samples, permutations=99)
    assert found.verdict == "fail"
    assert "a by a single feature, width (px): 300 in 60 of 60, 288 in 80 of 80 others, AUROC 1.00 (p = 0.010)" in found.reason
    assert "colour" not in found.reason


def test_the_reason_names_a_group_that_is_stronger_than_any_single_feature(synthetic):
    rows, samples = synthetic(1, classes={"a": 100, "b": 100})
    rng = np.random.default_rng(0)
    for row, sample in zip(rows, samples, strict=True):  # each weak, together strong
        row["colour"] |= {f"cell {n}": rng.normal() + 0.8 * (sample.label == "a") for n in range(16)}
    found = audit(rows, samples, permutations=99)
    assert found.verdict == "fail"
    assert re.search(r"by a single feature, cell \d+: .*; and .*from .*, (AUROC|balanced accuracy) 0\.9", found.reason)


def test_advice_for_harmonised_images_does_not_ask_to_harmonise_them(synthetic):
    found = audit(*synthetic(1, classes=LARGE, shift={"b": 5.0}), permutations=99, harmonised=True)
    assert found.harmonised
    assert any(sentence.startswith("Harmonisation did not remove") for sentence in found.advice)
    assert not any("add `harmonise:` to the recipe" in sentence for sentence in found.advice)


def test_labels_are_printed_literally(synthetic):
    rows, samples = synthetic(1, classes=LARGE, shift={"b": 5.0})
    found = audit(rows, [replace(sample, label=f"[red]{sample.label}\x1b[2J") for sample in samples], permutations=99)
    console = Console(record=True, width=200, file=io.StringIO())
    print_audit(console, found)
    text = console.export_text()
    assert text.startswith("fail  The condition can be predicted")
    assert "[red]b\\x1b[2J" in text
    assert "\x1b" not in text


def test_two_conditions_from_two_sources_are_predicted_from_their_files(synthetic):
    rows, samples = synthetic(3, classes={"a": 50, "b": 20})
    for row, sample in zip(rows, samples, strict=True):
        row["file"]["width (px)"] = 128.0 if sample.label == "a" else 256.0
    found = audit(rows, samples, permutations=99)
    file = next(group for group in found.groups if group.name == "file")
    assert file.accuracy.value > 0.95
    assert found.majority == pytest.approx(50 / 70)
    assert file.balanced_accuracy.low > found.chance


def test_the_same_seed_gives_the_same_result_and_the_order_of_images_hardly_matters(synthetic):
    rows, samples = synthetic(1, shift={"b": 1.0})
    first = audit(rows, samples, permutations=99)
    assert audit(rows, samples, permutations=99) == first
    assert audit(rows[::-1], samples[::-1], permutations=99).verdict == first.verdict


def test_unreadable_images_and_images_without_a_face_are_counted(synthetic):
    rows, samples = synthetic(0)
    for row in rows[:3]:
        row["framing"]["face centre, horizontal"] = np.nan
    found = audit(rows, samples, failures=[Failure("x.jpg", "truncated", "cut off")], permutations=99)
    assert found.excluded == {"truncated": 1}
    assert any("No face was found in 3 of 70 images" in sentence for sentence in found.advice)


def test_large_data_are_sampled_by_patient_and_this_is_reported(synthetic, monkeypatch):
    monkeypatch.setattr(audit_module, "MAX_IMAGES", 60)
    rows, samples = synthetic(0, images={"a": 2, "b": 2, "c": 2})
    found = audit(rows, samples, permutations=99)
    assert found.images == 140
    assert any("60 of 140 images" in sentence for sentence in found.advice)


def test_a_single_condition_is_refused(synthetic):
    with pytest.raises(DysfwError, match="at least 2"):
        audit(*synthetic(0, classes={"a": 10}), permutations=99)


def test_the_result_survives_json(synthetic):
    found = audit(*synthetic(0), permutations=99)
    text = found.model_dump_json(by_alias=True)
    assert json.loads(text)["schema"] == "dysfw.audit/1"
    assert AuditResult.model_validate_json(text) == found


def test_every_condition_of_a_large_data_set_is_audited(synthetic, monkeypatch):
    """Drawn at random, the images of rare conditions would be missing from the sample, and their statistics undefined."""
    rows, samples = synthetic(
        0, classes={"a": 120, "b": 90, "rare": 2, "single": 1}, images={"a": 1, "b": 1, "rare": 1, "single": 1}
    )
    monkeypatch.setattr("dysfw.audit.audit.MAX_IMAGES", 60)
    found = audit(rows, samples, permutations=99)
    assert [one.label for one in found.classes] == ["a", "b", "rare", "single"]
    assert all(0 <= one.auroc.value <= 1 and 0 < one.p <= 1 for one in found.classes)
    assert "used 60 of 213 images" in found.advice[-1]
