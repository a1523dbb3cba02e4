"""The two commands as they are typed."""

import json
import sys

import numpy as np
import pytest
from PIL import Image as Pillow

from dysfw.cli.main import main

from .conftest import draw_persons


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
    """Two folds over four persons."""
    folder = draw_persons(tmp_path / "lfw", range(4))
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
    assert "too few pairs to tell" in out
    assert "random weights" in err


def test_pairs_without_a_face_are_counted_and_in_no_score(dysfw, recipe, pairs):
    dark = pairs.parent / "person_0" / "person_0_0002.png"
    Pillow.fromarray(np.zeros((64, 64, 3), np.uint8)).save(dark)
    code, out, err = dysfw("verify", recipe, pairs, "--json", "--region", "lower")
    found = json.loads(out)
    assert code == 1
    assert (found["pairs"], found["lost"], found["photographs"], found["region"]) == (8, 2, 8, "lower")
    assert found["failures"] == [{"source": str(dark), "code": "no_face", "message": "no face was found"}]
    assert found["accept"]["0.001"] is None
    assert str(dark) in err.replace("\n", "")


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--neck"], "is a recipe; a neck is in the weight files"),
        (["--region", "loower"], "did you mean 'lower'"),
        (["--images", "nowhere"], "nowhere is not a folder"),
    ],
)
def test_verify_says_what_is_wrong(dysfw, recipe, pairs, options, said):
    code, _, err = dysfw("verify", recipe, pairs, *options)
    assert code == 2
    assert said in err


def test_verify_names_missing_photographs(dysfw, recipe, pairs):
    (pairs.parent / "person_3" / "person_3_0001.png").unlink()
    code, _, err = dysfw("verify", recipe, pairs)
    assert code == 2
    assert "1 of 8 photographs are not in" in err
    assert "person_3/person_3_0001" in err


def test_verify_wants_weights_that_say_what_they_are(dysfw, recipe, pairs, tmp_path):
    (tmp_path / "w.safetensors").write_bytes(b"nonsense")
    assert "cannot be read as a safetensors file" in dysfw("verify", tmp_path / "w.safetensors", pairs)[2]
    assert "no such weights" in dysfw("verify", tmp_path / "x.safetensors", pairs)[2]


def test_pretrain_says_what_it_made_and_what_it_left_out(dysfw, recipe, identities, tmp_path):
    bad = identities / "person_1" / "person_1_0001.png"
    bad.write_bytes(b"no image")
    weights = tmp_path / "w.safetensors"
    sets = ["--set", "pretrain.steps=2", "--bits", "8", "--licence", "CC0-1.0"]
    code, out, err = dysfw("pretrain", recipe, identities, "-o", weights, *sets)
    assert code == 1
    assert "from 23 photographs of 6 identities" in out
    assert str(bad) in err.replace("\n", "")
    assert dysfw("verify", weights, recipe)[0] == 2
    assert "--bits: found 16" in dysfw("pretrain", recipe, identities, "-o", tmp_path / "x", "--bits", "16")[2]
