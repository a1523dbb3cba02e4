"""The commands ``pretrain`` and ``verify``."""

import json
import sys

import numpy as np
import pytest
from PIL import Image as Pillow

from dysfw.cli.main import main

from .conftest import draw_identities

pytestmark = pytest.mark.slow


@pytest.fixture
def dysfw(registry, monkeypatch, capsys):
    """dysfw("verify", …): exit code, output and messages."""

    def run(*arguments: object) -> tuple[int, str, str]:
        monkeypatch.setattr(sys, "argv", ["dysfw", *map(str, arguments)])
        with pytest.raises(SystemExit) as stopped:
            main()
        captured = capsys.readouterr()
        return int(stopped.value.code or 0), captured.out, captured.err

    return run


@pytest.fixture
def pairs(tmp_path):
    """Two folds of pairs of four people."""
    folder = draw_identities(tmp_path / "lfw", range(4))
    lines = ["2\t2"]
    for one, other in (("person_0", "person_1"), ("person_2", "person_3")):
        lines += [f"{name}\t1\t2" for name in (one, other)] + [f"{one}\t{n}\t{other}\t{n}" for n in (1, 2)]
    path = folder / "pairs.txt"
    path.write_text("\n".join(lines))
    return path


def test_verify_prints_every_score(dysfw, recipe, pairs):
    code, out, err = dysfw("verify", recipe, pairs)
    assert code == 0
    assert "accuracy, 2 folds" in out
    assert "±" in out
    assert "8 of 8" in out
    assert "too few pairs" in out
    assert "random weights" in err


def test_verify_reads_each_image_once(dysfw, recipe, pairs):
    opened: list[str] = []
    active = True

    def note(event: str, arguments: tuple) -> None:
        if (
            active
            and event == "open"
            and str(arguments[0]).startswith(str(pairs.parent))
            and str(arguments[0]).endswith(".png")
        ):
            opened.append(str(arguments[0]))

    sys.addaudithook(note)  # hooks cannot be removed
    assert dysfw("verify", recipe, pairs)[0] == 0
    active = False
    assert len(opened) == len(set(opened)) == 8  # the pairs name two images of each person


def test_pairs_without_a_face_are_skipped(dysfw, recipe, pairs):
    dark = pairs.parent / "person_0" / "person_0_0002.png"
    Pillow.fromarray(np.zeros((64, 64, 3), np.uint8)).save(dark)
    code, out, err = dysfw("verify", recipe, pairs, "--json", "--region", "lower")
    found = json.loads(out)
    assert code == 1
    assert (found["pairs"], found["skipped"], found["images"], found["region"]) == (8, 2, 8, "lower")
    assert found["failures"] == [{"source": str(dark), "code": "no_face", "message": "no face was found"}]
    assert found["true_accept_rates"]["0.001"] is None
    assert str(dark) in err.replace("\n", "")


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--projection"], "is a recipe; only weight files"),
        (["--region", "loower"], "did you mean 'lower'"),
        (["--images", "nowhere"], "nowhere is not a folder"),
    ],
)
def test_verify_explains_mistakes(dysfw, recipe, pairs, options, message):
    code, _, err = dysfw("verify", recipe, pairs, *options)
    assert code == 2
    assert message in err


def test_verify_names_missing_images(dysfw, recipe, pairs):
    (pairs.parent / "person_3" / "person_3_0001.png").unlink()
    code, _, err = dysfw("verify", recipe, pairs)
    assert code == 2
    assert "1 of 8 images are missing in" in err
    assert "person_3/person_3_0001" in err


def test_verify_refuses_unreadable_and_missing_weights(dysfw, recipe, pairs, tmp_path):
    (tmp_path / "w.safetensors").write_bytes(b"nonsense")
    assert "cannot be read as a safetensors file" in dysfw("verify", tmp_path / "w.safetensors", pairs)[2]
    assert "no such weight file" in dysfw("verify", tmp_path / "x.safetensors", pairs)[2]


def test_pretrain_reports_its_result_and_unusable_images(dysfw, recipe, identities, tmp_path):
    bad = identities / "person_1" / "person_1_0001.png"
    bad.write_bytes(b"no image")
    weights = tmp_path / "w.safetensors"
    sets = ["--set", "pretrain.steps=2", "--bits", "8", "--licence", "CC0-1.0"]
    code, out, err = dysfw("pretrain", recipe, identities, "-o", weights, *sets)
    assert code == 1
    assert "trained on 23 images of 6 identities" in out
    assert str(bad) in err.replace("\n", "")
    assert dysfw("verify", weights, recipe)[0] == 2
    assert "--bits: found 16" in dysfw("pretrain", recipe, identities, "-o", tmp_path / "x", "--bits", "16")[2]
