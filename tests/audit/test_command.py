import json

import pytest
from PIL import Image as Pillow

from dysfw.audit.collect import chosen_face, collect
from dysfw.audit.shortcut_features import AuditSample
from dysfw.cli.commands import audit as command
from dysfw.types import Failure


@pytest.fixture
def two_sources(tmp_path, paint):
    """Two conditions, twenty patients each, one condition stored as small PNG, the other as larger JPEG."""
    rows = ["path,label,patient"]
    for label, ending, size in (("control", "png", (64, 64)), ("case", "jpg", (96, 96))):
        for n in range(20):
            paint(f"data/{label}/{n}.{ending}", (180, 120, 100), size=size, seed=n)
            rows.append(f"{label}/{n}.{ending},{label},{label}-{n}")
    (tmp_path / "data" / "manifest.csv").write_text("\n".join(rows) + "\n")
    return tmp_path / "data"


@pytest.fixture
def centre(toys):
    return toys.load("detector", "centre")()


def test_each_image_has_its_file_and_face_or_a_failure_in_its_place(paint, tmp_path, centre):
    bright, dark = paint("bright.png", (200, 100, 100)), paint("dark.png", (0, 0, 0), seed=1)
    broken = tmp_path / "broken.png"
    broken.write_bytes(bright.read_bytes()[:200])
    Pillow.new("RGB", (64, 64)).save(dark)
    found = list(collect([bright, broken, dark], centre))
    assert isinstance(found[1], Failure)
    assert found[1].code == "truncated"
    assert isinstance(found[0], AuditSample)
    assert isinstance(found[2], AuditSample)
    assert found[0].face is not None
    assert found[2].face is None
    assert found[0].encoded == bright.read_bytes()


def test_the_chosen_face_is_the_one_that_a_recipe_uses(toys, paint):
    detector = toys.load("detector", "centre")(faces=3, choose="last")
    seen = next(iter(collect([paint("a.png", (200, 100, 100))], detector)))
    assert seen.face.box[0] > 40
    assert chosen_face([]) is None


def test_the_verdict_is_printed_first_and_the_exit_code_is_0_for_any_verdict(command_line, two_sources, toy_recipe, tmp_path):
    ran = command_line(two_sources, "--recipe", toy_recipe, "--permutations", 99, "-o", tmp_path / "report")
    assert ran.code == 0, ran.err
    assert ran.out.startswith("fail  The condition can be predicted without the face")
    assert "case  width (px): 96 in 20 of 20, 64 in 20 of 20 others" in ran.out
    assert [path.name for path in (tmp_path / "report").iterdir()] == ["audit.json"]
    written = json.loads((tmp_path / "report" / "audit.json").read_text())
    assert (written["schema"], written["verdict"], written["patients"]) == ("dysfw.audit/1", "fail", 40)


def test_records_of_a_manifest_have_a_verdict_of_their_own(command_line, two_sources, toy_recipe):
    manifest = two_sources / "manifest.csv"
    head, *rows = manifest.read_text().splitlines()
    excluded = {"control": "", "case": "HP:0000343;HP:0000316"}
    records = [f"{row},HP:000{n % 7 + 1000},{excluded[row.split(',')[1]]},{n}y" for n, row in enumerate(rows)]
    manifest.write_text("\n".join([f"{head},hpo_observed,hpo_excluded,age", *records]) + "\n")
    ran = command_line(two_sources, "--recipe", toy_recipe, "--permutations", 99)
    assert ran.code == 0, ran.err
    assert ran.out.startswith("fail  The condition can be predicted without the face")
    text = " ".join(ran.out.split())
    assert "records of the patients: fail The records reveal the condition: " in text
    assert "has excluded signs: 20 of 20, 0 of 20 others" in text
    found = json.loads(command_line(two_sources, "--recipe", toy_recipe, "--permutations", 99, "--json").out)["record"]
    assert (found["verdict"], found["records"], found["patients"]) == ("fail", 40, 40)


def test_json_goes_to_stdout_and_an_unreadable_image_gives_exit_code_1(command_line, two_sources, toy_recipe):
    (two_sources / "case" / "3.jpg").write_bytes(b"not an image")
    ran = command_line(two_sources, "--recipe", toy_recipe, "--permutations", 99, "--json")
    assert ran.code == 1
    assert json.loads(ran.out)["excluded"] == {"not_an_image": 1}
    assert "3.jpg" in ran.err


def test_data_with_a_single_condition_are_refused(command_line, two_sources, toy_recipe):
    (two_sources / "manifest.csv").write_text("path,label\n" + "".join(f"control/{n}.png,control\n" for n in range(9)))
    ran = command_line(two_sources, "--recipe", toy_recipe)
    assert ran.code == 2
    assert "1 class found (control)" in ran.err


def test_without_a_recipe_the_registered_detector_finds_the_faces(command_line, phantoms):
    ran = command_line(phantoms, "--permutations", 99)
    assert ran.code == 0, ran.err
    assert ran.out.startswith("caution")
    assert "48 images, 27 patients, 7 conditions; 99 permutations" in ran.out


@pytest.fixture
def command_line(monkeypatch, capsys):
    """command_line(DATA, "--json"): run the command through the main program."""
    import sys
    from collections import namedtuple
    from pathlib import Path

    from dysfw.cli import main

    monkeypatch.syspath_prepend(str(Path(__file__).parents[1] / "fixtures" / "toys_installed"))
    monkeypatch.setitem(main.COMMANDS, "audit", ("audit:audit", command.__doc__))

    def run(*arguments):
        monkeypatch.setattr(sys, "argv", ["dysfw", "audit", *map(str, arguments)])
        with pytest.raises(SystemExit) as stopped:
            main.main()
        captured = capsys.readouterr()
        return namedtuple("Ran", "code out err")(int(stopped.value.code or 0), captured.out, captured.err)

    return run
