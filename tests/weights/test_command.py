"""``dysfw weights`` from the shell, and recipes that name weights."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from .conftest import CONTENT

pytestmark = pytest.mark.slow

DYSFW = Path(sys.executable).with_name("dysfw")
PLUGIN = """\
from dysfw.plugin import ComponentSpec, WeightsSpec, hookimpl

@hookimpl
def dysfw_weights():
    return [WeightsSpec(name="faces", file="faces.bin", summary="a test", address={address!r}, size={size}, sha256={sha256!r},
                        licence="CC0-1.0", conditions="none at all", trained_on="noise", citation="nobody")]

@hookimpl
def dysfw_components():
    return [ComponentSpec("backbone", "reader", "faces_plugin_component:Reader", "opens a file of weights")]
"""
COMPONENT = """\
from pathlib import Path
from dysfw_toys.components import Mosaic

class Reader(Mosaic):
    def __init__(self, weights: Path, others: dict[str, Path] | None = None) -> None:
        super().__init__()
        for path in (weights, *(others or {}).values()):
            assert len(path.read_bytes()) == 3_000_000
"""


@pytest.fixture
def dysfw(web, store, faces, tmp_path):
    """Runs the program in a subprocess, with a plugin whose weights are on the server."""
    fake_plugins = tmp_path / "site"
    (fake_plugins / "faces_plugin-1.0.dist-info").mkdir(parents=True)
    (fake_plugins / "faces_plugin-1.0.dist-info" / "METADATA").write_text(
        "Metadata-Version: 2.1\nName: faces-plugin\nVersion: 1.0\n"
    )
    (fake_plugins / "faces_plugin-1.0.dist-info" / "entry_points.txt").write_text("[dysfw]\nfaces = faces_plugin_hooks\n")
    (fake_plugins / "faces_plugin_hooks.py").write_text(
        PLUGIN.format(address=web.address, size=faces.size, sha256=faces.sha256)
    )
    (fake_plugins / "faces_plugin_component.py").write_text(COMPONENT)
    tests = Path(__file__).parents[1]
    paths = os.pathsep.join(map(str, (fake_plugins, tests / "fixtures" / "toys", tests / "fixtures" / "toys_installed")))

    def run(*arguments, code=0, **extra):
        environment = os.environ | {"PYTHONPATH": paths} | extra
        ran = subprocess.run([DYSFW, *map(str, arguments)], env=environment, capture_output=True, text=True, check=False)
        assert ran.returncode == code, ran.stdout + ran.stderr
        assert "Traceback" not in ran.stderr
        return ran

    return run


@pytest.fixture
def recipe(toy_recipe):
    toy_recipe.write_text(toy_recipe.read_text().replace("{use: mosaic}", "{use: reader, weights: faces}"))
    return toy_recipe


def row(ran):
    return next(line.split() for line in ran.stdout.splitlines() if line.startswith("faces "))


def test_list_show_fetch_and_verify_agree(dysfw, store, faces):
    assert row(dysfw("weights", "list"))[:6] == ["faces", "faces-plugin", "3", "MB", "CC0-1.0", "missing"]
    ran = dysfw("weights", "fetch", "faces")
    assert "3 MB, licence CC0-1.0" in ran.stderr
    assert "none at all" in ran.stderr
    assert row(dysfw("weights", "list"))[5] == "here"
    assert "already on this machine" in dysfw("weights", "fetch", "faces").stdout
    shown = dysfw("weights", "show", "faces").stdout
    for field in (faces.sha256, faces.address, "noise", "nobody", "none at all"):
        assert field in shown
    assert "faces: verified" in dysfw("weights", "verify").stdout
    records = [json.loads(line) for line in dysfw("weights", "list", "--json").stdout.splitlines()]
    assert next(r for r in records if r["name"] == "faces")["state"] == "here"


def test_a_damaged_file_fails_verification_and_is_not_used(dysfw, recipe, faces, colour_data, tmp_path):
    dysfw("weights", "fetch", "faces")
    path = Path(dysfw("weights", "fetch", "faces").stdout.split(", ", 1)[1].strip())
    path.write_bytes(bytes(len(CONTENT)))
    ran = dysfw("weights", "verify", "faces", code=1)
    assert "are damaged: its sha256 is" in ran.stderr
    assert "dysfw weights fetch faces" in ran.stderr
    ran = dysfw("train", recipe, colour_data, "-o", tmp_path / "b", code=2)
    assert "are damaged" in ran.stderr
    assert "faces" in dysfw("weights", "fetch", "faces").stdout
    dysfw("weights", "verify", "faces")


def test_import_accepts_only_the_right_file(dysfw, tmp_path, web):
    (tmp_path / "down.bin").write_bytes(CONTENT)
    ran = dysfw("weights", "import", "facenet-vggface2", tmp_path / "down.bin", code=2)
    assert "is not 20180402-114759-vggface2.pt" in ran.stderr
    assert "the file is faces" in ran.stderr
    dysfw("weights", "import", "faces", tmp_path / "down.bin", DYSFW_OFFLINE="1")
    assert row(dysfw("weights", "list"))[5] == "here"
    assert web.requests == []


@pytest.mark.parametrize(("arguments", "part"), [
    (("fetch", "facess"), "unknown weights 'facess'; did you mean 'faces'?"),
    (("fetch",), "give the names of the weights to fetch, or --all"),
    (("import", "faces", "nothing.bin"), "no such file: nothing.bin"),
    (("import", "phantom", "README.md"), "ships with dysfw-phantom"),
    (("import", "imagenet-inception-resnet-v2", "README.md"), "sha256 of imagenet-inception-resnet-v2 is not published"),
])  # fmt: skip
def test_mistakes_are_reported(dysfw, arguments, part):
    assert part in dysfw("weights", *arguments, code=2).stderr


def test_a_recipe_with_missing_weights_can_be_checked_and_training_lists_all_ways_to_get_them(
    dysfw, recipe, web, colour_data, tmp_path
):
    ran = dysfw("recipe", "check", recipe)
    assert "ok" in ran.stdout
    assert f"{recipe}: faces is not on this machine" in ran.stderr
    ran = dysfw("train", recipe, colour_data, "-o", tmp_path / "b", code=2)
    message = " ".join(ran.stderr.split())
    assert f"{recipe}:8:" in message
    assert "backbone.weights: the weights 'faces' are not on this machine (3 MB, licence CC0-1.0)" in message
    for part in ("`dysfw weights fetch faces`", "--fetch", web.address, "weights import faces FILE"):
        assert part in message
    assert web.requests == []
    assert not (tmp_path / "b").exists()


def test_only_recipes_that_work_are_suggested(dysfw, recipe, colour_data, tmp_path):
    def add_recipe(name, old="", new=""):
        recipe.with_name(name).write_text(recipe.read_text().replace(old, new) + "bundle: trained\n")

    add_recipe("works.yaml", "{use: reader, weights: faces}", "{use: mosaic}")
    add_recipe("the-same.yaml")
    add_recipe("wrong.yaml", "{use: reader, weights: faces}", "{use: nothing}")
    add_recipe("no-file.yaml", "faces}", "own.bin}")
    ran = dysfw("train", recipe, colour_data, "-o", tmp_path / "b", code=2)
    assert ran.stderr.splitlines()[-1].strip() == f"These recipes work now: {recipe.with_name('works.yaml')}"


def test_weights_are_found_in_mappings(dysfw, recipe, tmp_path):
    dysfw("weights", "fetch", "faces")
    recipe.write_text(recipe.read_text().replace("weights: faces", "weights: faces, others: {left: faces}"))
    dysfw("recipe", "check", "--build", recipe)


def test_every_command_reports_its_downloads(dysfw, recipe):
    output = dysfw("recipe", "check", "--build", recipe, DYSFW_FETCH="1").stderr
    assert "downloading faces from" in output
    assert "none at all" in output


def test_missing_weights_are_not_verified(dysfw, web):
    assert "faces" not in dysfw("weights", "verify").stdout
    assert "the weights 'faces' are not on this machine" in dysfw("weights", "verify", "faces", code=1).stderr


def test_with_fetch_a_recipe_downloads_its_weights(dysfw, recipe, web, colour_data, tmp_path):
    ran = dysfw("train", recipe, colour_data, "-o", tmp_path / "b", "--fetch")
    assert "downloading faces from" in ran.stderr
    assert len(web.requests) == 1
    dysfw("train", recipe, colour_data, "-o", tmp_path / "c")
    assert len(web.requests) == 1


def test_offline_overrides_fetch(dysfw, recipe, web, colour_data, tmp_path):
    dysfw("train", recipe, colour_data, "-o", tmp_path / "b", "--fetch", code=2, DYSFW_OFFLINE="1")
    assert web.requests == []


def test_other_weights_are_downloaded_if_one_fails(dysfw, web):
    proxy = f"http://127.0.0.1:{web.server_port}"
    ran = dysfw("weights", "fetch", "facenet-vggface2", "faces", code=1, HTTPS_PROXY=proxy)
    assert "Tunnel connection failed: 403 Forbidden" in ran.stderr
    assert row(dysfw("weights", "list"))[5] == "here"
