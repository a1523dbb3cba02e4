"""``dysfw data match``."""

import json
import shutil

import pytest

from dysfw.data.read import read_dataset

HEADER = "path,label,patient,age,sex,ancestry,hpo_observed"


@pytest.fixture
def sets(paint, tmp_path):
    """Ten cases of 2 to 11 years, boys and girls; 24 boys and girls as old as they, named Kontrollen, and 10 adults."""

    def write(name, rows):
        for n, _ in enumerate(rows):
            paint(f"{name}/{n}.png", (120, 120, 120), seed=1000 * len(name) + n)
        lines = [HEADER, *(f"{n}.png,{cells}" for n, cells in enumerate(rows))]
        (tmp_path / name / "manifest.csv").write_text("\n".join(lines) + "\n")
        return tmp_path / name

    sexes = ("female", "male")
    cases = [f"noonan,C{n},{2 + n},{sexes[n % 2]},A,HP:0000316;HP:0000508" for n in range(10)]
    controls = [f"Kontrollen,K{n},{2 + n // 2},{sexes[n % 2]},A," for n in range(24)]
    controls += [f"Kontrollen,L{n},{30 + n},{sexes[n % 2]},A," for n in range(10)]
    return write("cases", cases), write("controls", controls)


def edit(folder, old, new):
    path = folder / "manifest.csv"
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new))


def test_the_manifest_holds_cases_and_their_controls(dysfw, sets, tmp_path):
    ran = dysfw("data", "match", *sets, "-o", tmp_path / "m.csv", "--ratio", 1, "--before", tmp_path / "all.csv")
    assert ran.code == 0
    assert "10 of 10 cases matched with 10 of 34 controls" in ran.out
    assert "Balanced in age, female, ancestry A" in ran.out
    assert f"before matching: dysfw audit {tmp_path / 'all.csv'}" in ran.err
    assert f"after matching:  dysfw audit {tmp_path / 'm.csv'}" in ran.err
    assert "`dysfw evaluate` needs --unaffected Kontrollen" in ran.err
    dataset = read_dataset(tmp_path / "m.csv")
    assert (len(dataset.samples), dataset.labels) == (20, ("Kontrollen", "noonan"))
    assert all(sample.path.is_file() for sample in dataset.samples)
    original = {s.patient: s.record for folder in sets for s in read_dataset(folder).samples}
    assert all(sample.record == original[sample.patient] for sample in dataset.samples)
    assert not any(sample.patient.startswith("L") for sample in dataset.samples)
    assert len(read_dataset(tmp_path / "all.csv").samples) == 44
    rows = [line.split(",") for line in (tmp_path / "m.csv").read_text("utf-8-sig").splitlines()]
    column = rows[0].index("matched_to")
    assert sorted(row[column] for row in rows[11:]) == sorted(f"C{n}" for n in range(10))
    assert {row[column] for row in rows[1:11]} == {""}


def test_the_order_of_rows_does_not_matter(dysfw, sets, tmp_path):
    dysfw("data", "match", *sets, "-o", tmp_path / "a.csv")
    for folder in sets:
        first, *rows = (folder / "manifest.csv").read_text().splitlines()
        (folder / "manifest.csv").write_text("\n".join([first, *rows[::-1]]) + "\n")
    dysfw("data", "match", *sets, "-o", tmp_path / "b.csv")
    assert (tmp_path / "a.csv").read_bytes() == (tmp_path / "b.csv").read_bytes()


def test_json_says_everything_but_no_value_of_a_patient(dysfw, sets, tmp_path):
    edit(sets[0], "C0,2,", "C0,77.77,")
    edit(sets[0], "C1,3,", "C1,,")
    ran = dysfw("data", "match", *sets, "-o", tmp_path / "m.xlsx", "--json")
    content = json.loads(ran.out)
    assert (content["schema"], content["on"], content["ratio"]) == ("dysfw.match/1", ["age", "sex"], 3)
    assert content["cases"] == {"patients": 10, "matched": 8}
    assert [(one["patient"], one["code"]) for one in content["unmatched"]] == [("C0", "outside_caliper"), ("C1", "unknown")]
    assert "77.7" not in ran.out + ran.err
    assert len(read_dataset(tmp_path / "m.xlsx").samples) == 8 + content["controls"]["matched"]


def test_unmatched_cases_are_kept_on_request(dysfw, sets, tmp_path):
    edit(sets[0], "C1,3,", "C1,,")
    ran = dysfw("data", "match", *sets, "-o", tmp_path / "m.csv", "--keep-unmatched")
    assert "C1                 age unknown, or contradictory" in ran.out
    assert "C1" in {sample.patient for sample in read_dataset(tmp_path / "m.csv").samples}


def test_nobody_is_a_case_and_a_control(dysfw, sets, tmp_path):
    """The same name; the same pixels; the same picture scaled; and another image of a patient whose image is a copy."""
    from PIL import Image

    edit(sets[1], "Kontrollen,K0,", "Kontrollen,C3,")
    shutil.copy(sets[0] / "4.png", sets[1] / "5.png")
    edit(sets[1], "Kontrollen,K6,", "Kontrollen,K5,")
    with Image.open(sets[0] / "7.png") as image:
        image.resize((128, 128), Image.Resampling.BICUBIC).save(sets[1] / "9.png")
    ran = dysfw("data", "match", *sets, "-o", tmp_path / "m.csv", "--caliper", "inf")
    assert ran.code == 0
    assert "exclusion: 3 controls left out, being a case, too" in ran.err
    found = read_dataset(tmp_path / "m.csv").samples
    assert {sample.label for sample in found if sample.patient == "C3"} == {"noonan"}
    assert not {"K5", "K9"} & {sample.patient for sample in found}
    assert sum(sample.label == "noonan" for sample in found) == 10


def test_controls_of_a_case_s_publication_are_named(dysfw, sets, tmp_path):
    for folder in sets:
        first, second, *rows = (folder / "manifest.csv").read_text().splitlines()
        text = [f"{first},pmid", f"{second},PMID:1", *(f"{row}," for row in rows)]
        (folder / "manifest.csv").write_text("\n".join(text))
    ran = dysfw("data", "match", *sets, "-o", tmp_path / "m.csv")
    assert "warning: 1 image of controls from a publication of a case" in ran.err
    assert {s.publication for s in read_dataset(tmp_path / "m.csv").samples} == {None, "PMID:1"}


def test_controls_may_list_the_cases_too(dysfw, sets, tmp_path):
    dysfw("data", "match", *sets, "-o", tmp_path / "m.csv", "--before", tmp_path / "all.csv")
    ran = dysfw("data", "match", sets[0], tmp_path / "all.csv", "-o", tmp_path / "again.csv")
    assert ran.code == 0
    assert "exclusion: 10 images of CONTROLS left out, because their label is one of CASES: noonan" in ran.err
    assert (tmp_path / "again.csv").read_bytes() == (tmp_path / "m.csv").read_bytes()


def test_one_bad_image_stops_no_other(dysfw, sets, tmp_path):
    (sets[1] / "33.png").write_text("not an image")
    ran = dysfw("data", "match", *sets, "-o", tmp_path / "m.csv")
    assert ran.code == 1
    assert "33.png" in ran.err
    assert "10 of 10 cases" in ran.out


def test_if_nobody_can_be_matched_the_groups_are_still_compared(dysfw, sets, tmp_path):
    for n in range(1, 10, 2):
        edit(sets[0], f"C{n},{2 + n},male", f"C{n},{2 + n},female")
    text = (sets[1] / "manifest.csv").read_text().replace("female", "male")
    (sets[1] / "manifest.csv").write_text(text)
    ran = dysfw("data", "match", *sets, "-o", tmp_path / "m.csv")
    assert ran.code == 2
    assert "no control of the same sex" in ran.out
    assert "100%               0%" in ran.out
    assert "no case could be matched, so no manifest was written" in ran.err
    assert not (tmp_path / "m.csv").exists()


def test_splits_with_gaps_are_left_out(dysfw, sets, tmp_path):
    first, *rows = (sets[0] / "manifest.csv").read_text().splitlines()
    (sets[0] / "manifest.csv").write_text("\n".join([f"{first},split", *(f"{row},train" for row in rows)]))
    ran = dysfw("data", "match", *sets, "-o", tmp_path / "m.csv")
    assert "warning: the split of 10 images is left out" in ran.err
    assert "split" not in (tmp_path / "m.csv").read_text("utf-8-sig").splitlines()[0]


def test_a_recipe_measures_sharpness(dysfw, sets, tmp_path, toy_recipe):
    ran = dysfw(
        "data", "match", *sets, "-o", tmp_path / "m.csv", "--on", "age,sharpness", "--recipe", toy_recipe, "--caliper", 1
    )
    assert ran.code == 0
    assert "sharpness (octaves)" in ran.out
    ran = dysfw("data", "match", *sets, "-o", tmp_path / "n.csv", "--on", "yaw", "--recipe", toy_recipe)
    assert ran.code == 2
    assert "yaw is unknown of all 10 cases" in ran.err


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (("--on", "age,yaw"), "yaw can only be measured by a recipe"),
        (("--on", "agee"), "unknown 'agee'; did you mean 'age'?"),
        (("--on", ","), "nothing to match on"),
        (("--before", "m.csv"), "-o and --before are the same file"),
        (("-o", "m.txt"), "the name must end in .csv or .xlsx"),
    ],
)
def test_wrong_options_are_refused_before_any_work(dysfw, sets, monkeypatch, options, message):
    monkeypatch.chdir(sets[0].parent)
    ran = dysfw("data", "match", *sets, "-o", "m.csv", *options)
    assert ran.code == 2
    assert message in ran.err


def test_a_manifest_is_never_overwritten(dysfw, sets, tmp_path):
    (tmp_path / "m.csv").write_text("mine")
    ran = dysfw("data", "match", *sets, "-o", tmp_path / "m.csv")
    assert ran.code == 2
    assert (tmp_path / "m.csv").read_text() == "mine"


def test_cases_are_no_controls(dysfw, sets, tmp_path):
    ran = dysfw("data", "match", sets[0], sets[0], "-o", tmp_path / "m.csv")
    assert ran.code == 2
    assert "has no controls: all of its labels are those of cases (noonan)" in ran.err


def test_controls_of_unknown_age_are_counted(dysfw, sets, tmp_path):
    """Ages are missing for half of the controls; the others are chosen."""
    for n in range(0, 24, 2):
        edit(sets[1], f"K{n},{2 + n // 2},", f"K{n},,")
    ran = dysfw("data", "match", *sets, "-o", tmp_path / "m.csv", "--on", "age", "--ratio", 1)
    assert ran.code == 0
    assert "12 controls cannot be chosen: age unknown" in ran.out
    chosen = {sample.patient for sample in read_dataset(tmp_path / "m.csv").samples}
    assert not any(f"K{n}" in chosen for n in range(0, 24, 2))


def test_one_sex_only_is_no_obstacle(dysfw, sets, tmp_path):
    for folder in sets:
        path = folder / "manifest.csv"
        path.write_text(path.read_text().replace(",male,", ",female,"))
    ran = dysfw("data", "match", *sets, "-o", tmp_path / "m.csv", "--ratio", 2)
    assert ran.code == 0
    assert "10 of 10 cases matched with 20 of 34 controls" in ran.out


def test_fewer_controls_than_cases(dysfw, sets, tmp_path):
    path = sets[1] / "manifest.csv"
    path.write_text("\n".join(path.read_text().splitlines()[:5]))
    ran = dysfw("data", "match", *sets, "-o", tmp_path / "m.csv", "--caliper", "inf")
    assert ran.code == 0
    assert "4 of 10 cases matched with 4 of 4 controls" in ran.out
    assert "too few controls of the same sex: all that fit were chosen for other cases" in ran.out
    assert "n < 5" in ran.out
