import json
import os
from pathlib import Path

import pytest

RED = (200, 40, 40)


def test_info_shows_the_content_and_clear_deletes_it(dysfw, bundle, paint):
    images = [paint(f"{n}.png", RED, seed=50 + n) for n in range(3)]
    assert dysfw("run", bundle, *images).code == 0
    info = json.loads(dysfw("cache", "info", "--json").out)
    assert info["folder"] == str(Path(os.environ["DYSFW_CACHE"]) / "stages")
    assert set(info["entries"]) >= {"embeddings", "faces", "regions"}
    assert info["entries"]["faces"] == info["entries"]["embeddings"] >= len(images)  # more if the bundle was trained here
    shown = dysfw("cache", "info").out
    assert "of at most 4,295 MB (DYSFW_CACHE_SIZE sets the limit)" in shown
    assert "embeddings" in shown
    assert "MB deleted" in dysfw("cache", "clear").out
    assert dysfw("cache", "info").out.rstrip().endswith("stages: empty")


def test_nothing_is_stored_without_a_cache(dysfw, toy_recipe, colour_data, tmp_path, monkeypatch):
    for option, setting in (("--no-cache", "x"), ("--device=cpu", "off")):
        monkeypatch.setenv("DYSFW_CACHE", str(tmp_path / "stored") if setting == "x" else setting)
        assert dysfw("train", toy_recipe, colour_data, "-o", tmp_path / f"bundle-{setting}", option).code == 0
        assert not (tmp_path / "stored").exists()
    ran = dysfw("cache", "info")
    assert ran.code == 2
    assert "DYSFW_CACHE is off" in ran.err


def test_another_fusion_is_evaluated_from_the_cache(dysfw, toy_recipe, colour_data, tmp_path, monkeypatch):
    first = dysfw("evaluate", toy_recipe, colour_data, "-o", tmp_path / "mean", "--repeats", 1, "--folds", 2)
    from dysfw_toys.components import Mosaic

    def never(*_):
        raise AssertionError("the backbone was called again")

    monkeypatch.setattr(Mosaic, "embed", lambda self, crops: never() if len(crops) else crops)
    again = dysfw(
        "evaluate",
        toy_recipe,
        colour_data,
        "-o",
        tmp_path / "median",
        "--repeats",
        1,
        "--folds",
        2,
        "--set",
        "fusion.use=median",
    )
    assert (first.code, again.code) == (0, 0)


def test_an_invalid_size_is_refused_before_any_work(dysfw, bundle, paint, monkeypatch):
    monkeypatch.setenv("DYSFW_CACHE_SIZE", "lots")
    ran = dysfw("run", bundle, paint("new.png", RED))
    assert ran.code == 2
    assert "DYSFW_CACHE_SIZE is 'lots'" in ran.err


@pytest.mark.parametrize("command", ["info", "clear"])
def test_a_file_in_place_of_the_folder_is_reported(dysfw, monkeypatch, tmp_path, command):
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("DYSFW_CACHE", str(tmp_path / "file"))
    ran = dysfw("cache", command)
    assert ran.code == 2
    assert "is a file" in ran.err
