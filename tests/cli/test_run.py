import json

import pytest
from PIL import Image as Pillow

RED = (200, 40, 40)


def test_the_ranking_goes_to_stdout_and_everything_else_to_stderr(dysfw, bundle, paint):
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


def test_bad_images_are_reported_and_the_others_delivered(dysfw, bundle, paint, tmp_path):
    (tmp_path / "text.jpg").write_text("not a picture")
    good = paint("good.png", RED, seed=50)
    ran = dysfw("run", bundle, tmp_path / "text.jpg", good, tmp_path / "none.jpg", tmp_path, paint("dark.png", (0, 0, 0)))
    assert ran.code == 1
    assert "good.png" in ran.out
    for code in ("not_an_image", "missing_file", "is_a_folder", "no_face"):
        assert f"({code})" in ran.err


def test_json_has_one_documented_object_a_line_in_the_order_of_the_images(dysfw, bundle, paint, tmp_path):
    ran = dysfw("run", bundle, tmp_path / "none.jpg", paint("a.png", RED), "--json", "--no-cache")
    assert ran.code == 1
    failed, judged = map(json.loads, ran.out.splitlines())
    assert failed["schema"] == judged["schema"] == "dysfw.prediction/1"
    assert failed["error"] == {"code": "missing_file", "message": "no such file"}
    assert "probabilities" not in failed
    assert judged["image"]["width"] == 64
    assert len(judged["face"]["landmarks"]) == 5
    assert sum(judged["probabilities"].values()) == pytest.approx(1, abs=1e-4)
    assert [r["name"] for r in judged["regions"]] == ["upper", "lower"]
    assert judged["ranking"][0]["label"] == "red"
    assert [r["rank"] for r in judged["ranking"]] == [1, 2, 3]
    assert judged["reliable"] is False
    assert "face_too_small" in [reason["code"] for reason in judged["reasons"]]
    assert judged["prediction_set"] == {"coverage": 0.9, "labels": ["green", "red", "sand"], "always_included": ["green", "red", "sand"]}
    assert judged["bundle"]["name"] == "bundle"
    assert (judged["device"], judged["precision"]) == ("cpu", "float32")
    assert set(judged["timings_ms"]) == {"decode", "detect", "segment", "crop", "embed", "classify"}


def test_absent_regions_are_named_and_leave_no_nan(dysfw, toy_recipe, colour_data, tmp_path, paint):
    bundle = tmp_path / "bundle"
    dysfw("train", toy_recipe, colour_data, "-o", bundle, "--set", "segmenter.drop=lower")
    ran = dysfw("run", bundle, paint("wide.png", RED, size=(96, 48)), "--json")
    judged = json.loads(ran.out)
    assert [r["name"] for r in judged["regions"]] == ["upper"]
    assert judged["absent"] == {"lower": "turned away"}
    assert "NaN" not in ran.out


def test_a_figure_is_drawn_at_the_size_of_a_slide(dysfw, bundle, paint, tmp_path):
    ran = dysfw("run", bundle, paint("a.png", RED), paint("b.png", RED, seed=1), "--figure", tmp_path / "out.png")
    assert ran.code == 0
    for name in ("out.png", "out-2.png"):
        with Pillow.open(tmp_path / name) as figure:
            assert figure.width >= 1920
        assert f"figure: {tmp_path / name}" in ran.err


@pytest.mark.parametrize(("name", "message"), [("out.xyz", "must end in .png"), ("nowhere/out.png", "is not a folder")])
def test_a_figure_that_cannot_be_written_is_refused_first(dysfw, bundle, tmp_path, name, message):
    ran = dysfw("run", bundle, tmp_path / "a.png", "--figure", tmp_path / name)
    assert (ran.code, ran.out) == (2, "")
    assert message in ran.err


def test_the_fusion_is_swapped_in_one_word(dysfw, bundle, paint):
    image = paint("a.png", (150, 90, 60))
    mean = json.loads(dysfw("run", bundle, image, "--json").out)
    stacked = json.loads(dysfw("run", bundle, image, "--json", "--set", "fusion.use=stacking").out)
    assert mean["probabilities"] != stacked["probabilities"]
    assert mean["regions"] == stacked["regions"]
    assert mean["recipe"]["fingerprint"] != stacked["recipe"]["fingerprint"]


def test_all_faces_judges_each(dysfw, bundle, paint):
    ran = dysfw("run", bundle, paint("a.png", RED, size=(120, 60)), "--json", "--set", "detector.faces=2", "--all-faces")
    assert [json.loads(line)["face"]["index"] for line in ran.out.splitlines()] == [0, 1]


def test_an_untrained_recipe_prints_no_probabilities_and_says_how_to_train(dysfw, toy_recipe, paint):
    ran = dysfw("run", toy_recipe, paint("a.png", RED))
    assert (ran.code, ran.out) == (2, "")
    assert "is not trained" in ran.err
    assert "dysfw train" in ran.err


def test_a_device_that_is_not_there_is_an_error_and_never_a_fallback(dysfw, bundle, paint):
    ran = dysfw("run", bundle, paint("a.png", RED), "--device", "cuda:9")
    assert (ran.code, ran.out) == (2, "")
    assert "cuda:9 was asked for" in ran.err


@pytest.mark.parametrize("arguments", [["run"], ["run", "r.yaml"], ["run", "--nonsense"], ["nonsense"]])
def test_wrong_commands_exit_with_2(dysfw, arguments):
    assert dysfw(*arguments).code == 2


def test_why_is_told_where_it_is_asked_for(dysfw, bundle, paint):
    image = paint("new.png", RED, seed=50)
    assert "why red has " not in dysfw("run", bundle, image).out
    assert "why red has " in dysfw("run", bundle, image, "--explain").out
    ran = dysfw("run", bundle, image, "--why", "green", "--maps", "occlusion", "--json")
    told = json.loads(ran.out)["explanation"]
    assert told["label"] == "green"
    assert [one["region"] for one in told["maps"]] == list(told["contributions"]) == ["upper", "lower"]
    assert "explanation" not in json.loads(dysfw("run", bundle, image, "--json").out)


def test_what_cannot_be_explained_is_refused(dysfw, bundle, paint):
    image = paint("new.png", RED, seed=50)
    ran = dysfw("run", bundle, image, "--why", "gren")
    assert (ran.code, "did you mean 'green'?" in ran.err) == (2, True)
    ran = dysfw("run", bundle, image, "--maps", "occlusion")
    assert (ran.code, "add one of them" in ran.err) == (2, True)


def test_photographs_of_one_patient_are_judged_together(dysfw, bundle, paint, tmp_path):
    one, other = paint("a.png", RED), paint("b.png", (150, 90, 60))
    (tmp_path / "text.jpg").write_text("no picture")
    ran = dysfw("run", bundle, one, tmp_path / "text.jpg", other, one, "--patient", "P-17", "--json", "--why", "sand")
    assert ran.code == 1  # one failed, the others were judged
    *images, patient = map(json.loads, ran.out.splitlines())
    assert [one["schema"] for one in images] == ["dysfw.prediction/1"] * 4
    assert (patient["schema"], patient["patient"]) == ("dysfw.patient/1", "P-17")
    assert [one["counted"] for one in patient["images"]] == [True, True, False, False]
    assert "same file as image 1" in patient["images"][2]["left_out"]
    assert "not an image" in patient["images"][3]["left_out"]
    told = patient["explanation"]
    assert told["label"] == "sand"
    total = told["base_values"]["sand"] + sum(region["sand"] for region in told["contributions"].values())
    assert total == pytest.approx(patient["probabilities"]["sand"], abs=2e-6)


def test_a_patient_is_told_of_last(dysfw, bundle, paint):
    ran = dysfw("run", bundle, paint("a.png", RED), paint("b.png", RED, seed=3), "--patient", "P-17")
    assert ran.code == 0
    heads = [line for line in ran.out.splitlines() if "px" in line.split()[-1:] or "together" in line]
    assert [line.split()[0].rpartition("/")[2] for line in heads] == ["a.png", "b.png", "P-17"]
    assert "2 of 2 photographs together" in heads[-1]


def test_a_patient_none_of_whose_photographs_can_be_judged_is_no_result(dysfw, bundle, tmp_path):
    ran = dysfw("run", bundle, tmp_path / "none.jpg", "--patient", "P-17", "--format", "csv")
    assert (ran.code, ran.out) == (1, "")
    assert "missing_file" in ran.err


def test_tables_hold_the_patient_and_not_the_photographs(dysfw, bundle, paint):
    ran = dysfw("run", bundle, paint("a.png", RED), paint("b.png", RED, seed=3), "--patient", "P-17", "--format", "csv")
    lines = ran.out.splitlines()
    assert len(lines) == 1 + 3
    assert lines[1].startswith(",,P-17,1,red,")


def test_regions_of_all_photographs_are_one_document(dysfw, bundle, paint):
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
def test_what_does_not_go_together_is_refused_first(dysfw, bundle, paint, arguments, message):
    ran = dysfw("run", bundle, paint("a.png", RED), *arguments)
    assert (ran.code, ran.out) == (2, "")
    assert message in ran.err


def test_the_command_line_knows_the_methods_that_there_are():
    from typing import get_args

    from dysfw.cli import formats
    from dysfw.explain import saliency_map as maps

    assert get_args(formats.Method) == get_args(maps.Method)


def test_a_photograph_is_not_taken_for_the_patient_s_name(dysfw, bundle, paint):
    one = paint("a.png", RED)
    ran = dysfw("run", bundle, one, "--patient", one)
    assert ran.code == 2
    assert "not a patient's name" in ran.err
