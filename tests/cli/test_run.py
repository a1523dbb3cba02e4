import json

import pytest
from PIL import Image as Pillow

RED = (200, 40, 40)


def test_the_ranking_is_on_stdout_and_everything_else_on_stderr(dysfw, bundle, paint):
    ran = dysfw("run", bundle, paint("new.png", RED, seed=50))
    assert ran.code == 0
    assert "Research use only" in ran.err
    lines = ran.out.splitlines()
    assert "new.png" in lines[0]
    assert "64 × 64 px" in lines[0]
    assert "face 1 of 1" in lines[1]
    ranking = next(n for n, line in enumerate(lines) if line.split() == ["condition", "fused", "upper", "lower"])
    assert lines[ranking + 1].split()[:2] == ["1", "red"]
    assert "not reliable: the face is 5" in " ".join(lines[2:ranking])  # px high; reasons come before the ranking


def test_failures_are_reported_and_the_other_images_predicted(dysfw, bundle, paint, tmp_path):
    (tmp_path / "text.jpg").write_text("not an image")
    good = paint("good.png", RED, seed=50)
    ran = dysfw("run", bundle, tmp_path / "text.jpg", good, tmp_path / "none.jpg", tmp_path, paint("dark.png", (0, 0, 0)))
    assert ran.code == 1
    assert "good.png" in ran.out
    for code in ("not_an_image", "missing_file", "is_a_folder", "no_face"):
        assert f"({code})" in ran.err


def test_json_has_one_object_per_line_in_the_order_of_the_images(dysfw, bundle, paint, tmp_path):
    ran = dysfw("run", bundle, tmp_path / "none.jpg", paint("a.png", RED), "--json", "--no-cache")
    assert ran.code == 1
    failed, predicted = map(json.loads, ran.out.splitlines())
    assert failed["schema"] == predicted["schema"] == "dysfw.prediction/1"
    assert failed["error"] == {"code": "missing_file", "message": "no such file"}
    assert "probabilities" not in failed
    assert predicted["image"]["width"] == 64
    assert len(predicted["face"]["landmarks"]) == 5
    assert sum(predicted["probabilities"].values()) == pytest.approx(1, abs=1e-4)
    assert [r["name"] for r in predicted["regions"]] == ["upper", "lower"]
    assert predicted["ranking"][0]["label"] == "red"
    assert [r["rank"] for r in predicted["ranking"]] == [1, 2, 3]
    assert predicted["reliable"] is False
    assert "face_too_small" in [reason["code"] for reason in predicted["reasons"]]
    assert predicted["prediction_set"] == {
        "coverage": 0.9,
        "labels": ["green", "red", "sand"],
        "always_included": ["green", "red", "sand"],
    }
    assert predicted["bundle"]["name"] == "bundle"
    assert (predicted["device"], predicted["precision"]) == ("cpu", "float32")
    assert set(predicted["timings_ms"]) == {"decode", "detect", "segment", "crop", "embed", "classify"}


def test_absent_regions_are_named_and_give_no_nan(dysfw, toy_recipe, colour_data, tmp_path, paint):
    bundle = tmp_path / "bundle"
    dysfw("train", toy_recipe, colour_data, "-o", bundle, "--set", "segmenter.drop=lower")
    ran = dysfw("run", bundle, paint("wide.png", RED, size=(96, 48)), "--json")
    predicted = json.loads(ran.out)
    assert [r["name"] for r in predicted["regions"]] == ["upper"]
    assert predicted["absent"] == {"lower": "turned away"}
    assert "NaN" not in ran.out


def test_a_figure_is_drawn_at_the_size_of_a_slide(dysfw, bundle, paint, tmp_path):
    ran = dysfw("run", bundle, paint("a.png", RED), paint("b.png", RED, seed=1), "--figure", tmp_path / "out.png")
    assert ran.code == 0
    for name in ("out.png", "out-2.png"):
        with Pillow.open(tmp_path / name) as figure:
            assert figure.width >= 1920
        assert f"figure: {tmp_path / name}" in ran.err


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("out.xyz", "must end in .png"),
        ("nowhere/out.png", "is not a folder"),
        ("/proc/out.png", "cannot write in /proc"),  # where not even root may write
    ],
)
def test_a_figure_that_cannot_be_written_is_an_error_before_any_work(dysfw, bundle, tmp_path, name, message):
    ran = dysfw("run", bundle, tmp_path / "a.png", "--figure", tmp_path / name)
    assert (ran.code, ran.out) == (2, "")
    assert message in ran.err


def test_the_fusion_can_be_replaced_by_an_option(dysfw, bundle, paint):
    image = paint("a.png", (150, 90, 60))
    mean = json.loads(dysfw("run", bundle, image, "--json").out)
    stacked = json.loads(dysfw("run", bundle, image, "--json", "--set", "fusion.use=stacking").out)
    assert mean["probabilities"] != stacked["probabilities"]
    assert mean["regions"] == stacked["regions"]
    assert mean["recipe"]["fingerprint"] != stacked["recipe"]["fingerprint"]


def test_all_faces_predicts_for_each_face(dysfw, bundle, paint):
    ran = dysfw("run", bundle, paint("a.png", RED, size=(120, 60)), "--json", "--set", "detector.faces=2", "--all-faces")
    assert [json.loads(line)["face"]["index"] for line in ran.out.splitlines()] == [0, 1]


def test_an_untrained_recipe_is_an_error_that_names_dysfw_train(dysfw, toy_recipe, paint):
    ran = dysfw("run", toy_recipe, paint("a.png", RED))
    assert (ran.code, ran.out) == (2, "")
    assert "is not trained" in ran.err
    assert "dysfw train" in ran.err


def test_a_device_that_is_not_available_is_an_error(dysfw, bundle, paint):
    ran = dysfw("run", bundle, paint("a.png", RED), "--device", "cuda:9")
    assert (ran.code, ran.out) == (2, "")
    assert "cuda:9 is not available" in ran.err


@pytest.mark.parametrize("arguments", [["run"], ["run", "r.yaml"], ["run", "--nonsense"], ["nonsense"]])
def test_wrong_commands_exit_with_2(dysfw, arguments):
    assert dysfw(*arguments).code == 2


def test_explanations_are_shown_if_requested(dysfw, bundle, paint):
    image = paint("new.png", RED, seed=50)
    assert "contributions of the regions" not in dysfw("run", bundle, image).out
    assert "contributions of the regions" in dysfw("run", bundle, image, "--explain").out
    ran = dysfw("run", bundle, image, "--why", "green", "--maps", "occlusion", "--json")
    explanation = json.loads(ran.out)["explanation"]
    assert explanation["label"] == "green"
    assert [one["region"] for one in explanation["maps"]] == list(explanation["contributions"]) == ["upper", "lower"]
    assert "explanation" not in json.loads(dysfw("run", bundle, image, "--json").out)


def test_explanations_that_are_impossible_are_errors(dysfw, bundle, paint):
    image = paint("new.png", RED, seed=50)
    ran = dysfw("run", bundle, image, "--why", "gren")
    assert (ran.code, "did you mean 'green'?" in ran.err) == (2, True)
    ran = dysfw("run", bundle, image, "--maps", "occlusion")
    assert (ran.code, "add one of them" in ran.err) == (2, True)


def test_images_of_one_patient_give_one_prediction(dysfw, bundle, paint, tmp_path):
    one, other = paint("a.png", RED), paint("b.png", (150, 90, 60))
    (tmp_path / "text.jpg").write_text("not an image")
    ran = dysfw("run", bundle, one, tmp_path / "text.jpg", other, one, "--patient", "P-17", "--json", "--why", "sand")
    assert ran.code == 1  # one failed, the others were predicted
    *images, patient = map(json.loads, ran.out.splitlines())
    assert [one["schema"] for one in images] == ["dysfw.prediction/1"] * 4
    assert (patient["schema"], patient["patient"]) == ("dysfw.patient/1", "P-17")
    assert [one["counted"] for one in patient["images"]] == [True, True, False, False]
    assert "same file as image 1" in patient["images"][2]["left_out"]
    assert "not an image" in patient["images"][3]["left_out"]
    explanation = patient["explanation"]
    assert explanation["label"] == "sand"
    total = explanation["base_values"]["sand"] + sum(region["sand"] for region in explanation["contributions"].values())
    assert total == pytest.approx(patient["probabilities"]["sand"], abs=2e-6)


def test_the_patient_comes_after_the_images(dysfw, bundle, paint):
    ran = dysfw("run", bundle, paint("a.png", RED), paint("b.png", RED, seed=3), "--patient", "P-17")
    assert ran.code == 0
    heads = [line for line in ran.out.splitlines() if " × " in line or line.startswith("P-17")]
    assert [line.split()[0].rpartition("/")[2] for line in heads] == ["a.png", "b.png", "P-17"]
    assert "2 of 2 photos used" in heads[-1]


def test_a_patient_without_usable_images_gives_no_result(dysfw, bundle, tmp_path):
    ran = dysfw("run", bundle, tmp_path / "none.jpg", "--patient", "P-17", "--format", "csv")
    assert (ran.code, ran.out) == (1, "")
    assert "missing_file" in ran.err


def test_tables_contain_the_patient_instead_of_the_images(dysfw, bundle, paint):
    ran = dysfw("run", bundle, paint("a.png", RED), paint("b.png", RED, seed=3), "--patient", "P-17", "--format", "csv")
    lines = ran.out.splitlines()
    assert len(lines) == 1 + 3
    assert lines[1].startswith(",,P-17,1,red,")


def test_regions_of_all_images_are_in_one_coco_document(dysfw, bundle, paint):
    ran = dysfw("run", bundle, paint("a.png", RED), paint("b.png", RED, seed=3), "--format", "coco")
    document = json.loads(ran.out)
    assert len(document["images"]) == 2
    assert len(document["annotations"]) == 4


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--json", "--format", "csv"], "two formats"),
        (["--format", "csv", "--explain"], "no place for explanations"),
        (["--format", "phenopacket"], "identifiers"),
        (["--patient", "P", "--all-faces"], "one face of each image"),
        (["--patient", " "], "not a patient's name"),
        (["--patient", "a\nb"], "not a patient's name"),
        (["--patient", "P", "--maps", "occlusion", "--figure", "out.png"], "--maps are drawn for single images"),
        (["--format", "xml"], "xml"),
    ],
)
def test_conflicting_options_are_errors_before_any_work(dysfw, bundle, paint, arguments, message):
    ran = dysfw("run", bundle, paint("a.png", RED), *arguments)
    assert (ran.code, ran.out) == (2, "")
    assert message in ran.err


def test_the_command_line_offers_all_saliency_methods():
    from typing import get_args

    from dysfw.cli import formats
    from dysfw.explain import saliency_map

    assert get_args(formats.Method) == get_args(saliency_map.Method)


def test_an_image_path_is_not_accepted_as_a_patient_s_name(dysfw, bundle, paint):
    one = paint("a.png", RED)
    ran = dysfw("run", bundle, one, "--patient", one)
    assert ran.code == 2
    assert "not a patient's name" in ran.err


@pytest.mark.parametrize("value", ["0", "-3", "many"])
def test_a_rejected_number_is_named(dysfw, bundle, paint, value):
    ran = dysfw("run", bundle, paint("new.png", RED), "--top", value)
    assert ran.code == 2
    assert "'--top'" in ran.err
    assert f"found “{value}”" in ran.err


def test_top_limits_the_ranking_in_every_format_that_has_one(dysfw, bundle, paint):
    image = paint("new.png", RED, seed=50)
    every, limited = (json.loads(dysfw("run", bundle, image, "--json", *top).out) for top in ((), ("--top", "2")))
    assert [one["rank"] for one in every["ranking"]] == [1, 2, 3]
    assert limited["ranking"] == every["ranking"][:2]
    assert limited["probabilities"] == every["probabilities"]
    assert len(dysfw("run", bundle, image, "--format", "csv").out.splitlines()) == 1 + 3
    assert len(dysfw("run", bundle, image, "--format", "csv", "--top", "1").out.splitlines()) == 1 + 1
    assert "and 1 more; --top 3 shows all" in dysfw("run", bundle, image, "--top", "2").out
    ran = dysfw("run", bundle, image, "--format", "coco", "--top", "2")
    assert (ran.code, ran.out) == (2, "")
    assert "coco has no ranking" in ran.err
