import json

import pytest
from pyarrow import parquet

pytestmark = pytest.mark.slow

QUICK = ("--folds", "3", "--repeats", "1", "--by", "folds")


def test_evaluate_writes_a_report_figures_and_every_prediction(dysfw, toy_recipe, colour_data, tmp_path):
    out = tmp_path / "reports" / "toy"
    ran = dysfw("evaluate", toy_recipe, colour_data, "-o", out, *QUICK)
    assert ran.code == 0
    assert ran.out.index("audit of the data") < ran.out.index("balanced accuracy")
    metrics = json.loads((out / "metrics.json").read_text())
    assert metrics["schema"] == "dysfw.evaluation/1"
    assert metrics["command"].startswith("dysfw evaluate")
    page = (out / "report.html").read_text()
    assert "Research use only" in page
    assert "data:image/jpeg" not in page
    table = parquet.read_table(out / "predictions.parquet")
    assert {"model", "p:red", "prediction_set", "reasons"} <= set(table.column_names)
    recipe = [row for row in table.to_pylist() if row["model"] == "recipe"]
    assert len(recipe) == 30
    assert {row["path"] for row in recipe} >= {"red/0.png", "sand/9.png"}  # as the manifest names them
    right = sum(row["label"] == row["predicted"] for row in recipe) / 30
    assert right == metrics["measures"]["accuracy"]["value"]


def test_images_that_cannot_be_used_are_reported_and_the_others_evaluated(dysfw, toy_recipe, colour_data, tmp_path):
    (colour_data / "red" / "0.png").write_bytes(b"no image")
    ran = dysfw("evaluate", toy_recipe, colour_data, "-o", tmp_path / "out", *QUICK)
    assert ran.code == 1
    assert "0.png" in ran.err
    assert json.loads((tmp_path / "out" / "metrics.json").read_text())["data"]["images"] == 29


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (("--by", "sources"), "names no sources"),
        (("--by", "folds", "--folds", "9"), "too few patients for 9 folds"),
        (("--unaffected", "gren"), "did you mean 'green'"),
        (("--address", "10.0.0.1:1"), "the runner local uses this machine only; choose another with --runner"),
        (("--runner-set", "cpus=2"), "--runner-set cpus=2: the runner local has no options"),
    ],
)
def test_impossible_evaluations_are_errors(dysfw, toy_recipe, colour_data, *, tmp_path, options, message):
    ran = dysfw("evaluate", toy_recipe, colour_data, "-o", tmp_path / "out", *options)
    assert ran.code == 2
    assert message in ran.err
    assert "Traceback" not in ran.err


def test_a_folder_with_content_is_an_error_before_any_work(dysfw, toy_recipe, colour_data):
    ran = dysfw("evaluate", toy_recipe, colour_data, "-o", colour_data)
    assert ran.code == 2
    assert "already exists" in ran.err


def test_the_worst_errors_faces_are_shown_if_requested(dysfw, toy_recipe, colour_data, tmp_path):
    manifest = colour_data / "manifest.csv"
    manifest.write_text(manifest.read_text().replace("red/0.png,red", "red/0.png,green"))
    manifest.write_text(manifest.read_text().replace("green,red-0", "green,green-9"))
    ran = dysfw("evaluate", toy_recipe, colour_data, "-o", tmp_path / "out", *QUICK, "--include-images")
    assert ran.code == 0, ran.err
    assert "data:image/jpeg" in (tmp_path / "out" / "report.html").read_text()


def test_compare_reports_differences_from_the_first_recipe(dysfw, toy_recipe, colour_data, tmp_path):
    other = tmp_path / "other.yaml"
    other.write_text(f"extends: {toy_recipe.name}\nname: other\nfusion: {{use: max}}\n")
    ran = dysfw("compare", toy_recipe, other, "--data", colour_data, "-o", tmp_path / "out", *QUICK)
    assert ran.code == 0, ran.err
    comparison = json.loads((tmp_path / "out" / "comparison.json").read_text())
    assert [entry["name"] for entry in comparison["entries"]] == ["toy", "other"]
    assert comparison["entries"][0]["difference"] == {}
    assert comparison["entries"][1]["difference"]["accuracy"]["value"] == 0
    assert (tmp_path / "out" / "2-other" / "report.html").is_file()
    assert (tmp_path / "out" / "report.html").is_file()


def test_recipes_with_the_same_name_cannot_be_compared(dysfw, toy_recipe, colour_data, tmp_path):
    ran = dysfw("compare", toy_recipe, toy_recipe, "--data", colour_data, "-o", tmp_path / "out", *QUICK)
    assert ran.code == 2
    assert "several recipes are named toy" in ran.err


def test_a_command_that_fails_leaves_no_folder_that_it_made(dysfw, toy_recipe, colour_data, tmp_path):
    other = tmp_path / "other.yaml"
    other.write_text(toy_recipe.read_text().replace("name: toy", "name: other"))
    before = {path.name for path in tmp_path.iterdir()}
    missing, output = tmp_path / "missing", tmp_path / "new" / "folder"
    commands = (
        ("evaluate", missing.with_suffix(".yaml"), colour_data),
        ("evaluate", toy_recipe, missing),
        ("compare", toy_recipe, other, "--data", missing),
        ("audit", missing),
    )
    for command in commands:
        assert dysfw(*command, "-o", output).code == 2
        assert {path.name for path in tmp_path.iterdir()} == before, command
    output.mkdir(parents=True)  # what existed before stays
    for command in commands:
        assert dysfw(*command, "-o", output).code == 2
        assert output.is_dir(), command
