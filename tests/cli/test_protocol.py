"""``dysfw evaluate --protocol`` and ``dysfw data splits``."""

import csv
import json
import re

import pytest
from pyarrow import csv as arrow_csv
from pyarrow import parquet

COLOURS = {"red": ((200, 40, 40), 8), "green": ((40, 160, 40), 8), "sand": ((190, 170, 110), 3), "blue": ((40, 40, 200), 3)}


@pytest.fixture
def data(tmp_path, paint):
    rows = ["path,label,patient"]
    for k, (label, (colour, patients)) in enumerate(COLOURS.items()):
        for n in range(patients):
            paint(f"data/{label}/{n}.png", colour, seed=100 * k + n)
            rows.append(f"{label}/{n}.png,{label},{label}-{n}")
    (tmp_path / "data" / "manifest.csv").write_text("\n".join(rows) + "\n")
    return tmp_path / "data"


RULES = ("--protocol", "frequent-rare")


@pytest.mark.slow
def test_a_recipe_and_its_predictions_file_get_the_same_scores(dysfw, toy_recipe, data, tmp_path):
    ran = dysfw("evaluate", toy_recipe, data, "-o", tmp_path / "recipe", *RULES)
    assert ran.code == 0, ran.err
    assert "rare → frequent + rare" in ran.out
    # Anybody's table: CSV, without images, and without the recipe.
    arrow_csv.write_csv(parquet.read_table(tmp_path / "recipe" / "predictions.parquet"), tmp_path / "own.csv")
    for image in data.rglob("*.png"):
        image.write_bytes(b"")
    ran = dysfw("evaluate", tmp_path / "own.csv", data, "-o", tmp_path / "file", *RULES)
    assert ran.code == 0, ran.err
    metrics = [json.loads((tmp_path / name / "metrics.json").read_text()) for name in ("recipe", "file")]
    for key in ("settings", "conditions", "fingerprint", "schema", "protocol"):
        assert metrics[0][key] == metrics[1][key], key
    assert [one["name"] for one in metrics] == ["toy", "own.csv"]
    assert metrics[0]["recipe"]["name"] == "toy"
    assert len(metrics[1]["predictions_sha256"]) == 64
    assert sorted(path.name for path in (tmp_path / "file").iterdir()) == ["conditions.csv", "metrics.json", "report.html"]
    page = (tmp_path / "file" / "report.html").read_text()
    for text in ("rare → frequent + rare", metrics[1]["fingerprint"], "Research use only", "not audited"):
        assert text in page
    conditions = list(csv.DictReader((tmp_path / "file" / "conditions.csv").open()))
    assert len(conditions) == 8
    assert {row["condition"] for row in conditions if row["kind"] == "rare"} == {"sand", "blue"}
    shown = dysfw("evaluate", tmp_path / "own.csv", data, *RULES)
    assert shown.code == 0
    assert shown.out.splitlines()[:5] == ran.out.splitlines()[:5]
    assert sorted(path.name for path in tmp_path.iterdir()) == ["data", "file", "own.csv", "recipe", "toy.yaml"]


@pytest.mark.slow
def test_an_image_that_cannot_be_used_is_reported_and_the_others_are_scored(dysfw, toy_recipe, data, tmp_path):
    (data / "red" / "0.png").write_bytes(b"no image")
    ran = dysfw("evaluate", toy_recipe, data, "-o", tmp_path / "out", *RULES)
    assert ran.code == 1
    assert "red/0.png" in ran.err
    assert (tmp_path / "out" / "report.html").is_file()


def test_splits_are_written_without_opening_an_image(dysfw, data, tmp_path):
    for image in data.rglob("*.png"):
        image.write_bytes(b"")
    ran = dysfw("data", "splits", data, *RULES, "-o", tmp_path / "splits.csv")
    assert ran.code == 0, ran.err
    assert "31 splits, 4 conditions, 8 images to predict, 14 to train on" in ran.out
    rows = list(csv.DictReader((tmp_path / "splits.csv").open()))
    assert set(rows[0]) == {"setting", "split", "role", "path", "label"}
    assert {row["role"] for row in rows} == {"training", "gallery", "test"}


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("evaluate", "{recipe}"), "DATA is missing: {recipe} is a recipe, and it is cross-validated on them"),
        (("evaluate", "{recipe}", "{data}"), "-o DIR is missing: {recipe} is a recipe"),
        (("evaluate", "{recipe}", *RULES), "DATA is missing: {recipe} is a recipe, and the protocol"),
        (("evaluate", "{table}", "{data}"), "{table} looks like a predictions file, which is scored by a protocol"),
        (("evaluate", "{table}", *RULES), "the protocol frequent-rare has no data set of its own"),
        (("evaluate", "{table}", "{data}", *RULES), "{table} has no column 'setting'"),
        (("evaluate", "{table}", "{data}", "--protocol", "frequent_rare"), "did you mean 'frequent-rare'?"),
        (("evaluate", "{table}", "{data}", *RULES, "--folds", "3"), "--folds has no effect here"),
        (("evaluate", "{table}", "{data}", *RULES, "--device", "cpu"), "--device has no effect here: {table} holds"),
        (("evaluate", "{recipe}", "{data}", *RULES, "-o", "{data}"), "already exists"),
        (("evaluate", "missing.csv", "{data}", *RULES), "cannot read missing.csv"),
        (("data", "splits", *RULES, "-o", "splits.csv"), "has no data set of its own"),
        (("data", "splits", "{data}", *RULES, "-o", "splits.txt"), "the name must end in .csv"),
        (("data", "splits", "{data}", *RULES, "-o", "{table}"), "already exists"),
    ],
)  # fmt: skip
def test_what_cannot_be_done_is_said_before_any_work(dysfw, toy_recipe, data, *, arguments, message):
    places = {"{recipe}": str(toy_recipe), "{data}": str(data), "{table}": str(data / "manifest.csv")}
    ran = dysfw(*(places.get(word, word) for word in arguments))
    for name, place in places.items():
        message = message.replace(name, place)
    assert ran.code == 2
    assert " ".join(message.split()) in " ".join(ran.err.split())
    assert "Traceback" not in ran.err


def test_another_data_set_is_not_scored_by_a_protocol_with_its_own(dysfw, data, toy_recipe, tmp_path):
    ran = dysfw("data", "splits", data, "--protocol", "field", "-o", tmp_path / "splits.csv")
    assert ran.code == 2
    assert "is not the data set of the protocol field" in ran.err
    assert "22 images too many: blue/0.png, blue/1.png, blue/2.png and 19 more" in ran.err
    assert re.search(r"2,\d{3} images missing: .* and 2,\d{3} more;", " ".join(ran.err.split()))
