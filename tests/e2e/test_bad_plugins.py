"""Whatever a plugin does, a recipe that does not use it runs; and each fault has words of its own."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

pytestmark = pytest.mark.slow

OTHER = "@hookimpl\ndef dysfw_components():\n    return [ComponentSpec({})]\n"
GOOD = OTHER.format("'fusion', 'plain', 'dysfw.builtin.fusions.pools:Mean', 'x'")
PLUGINS = {
    "fails": ("import no_such_module", "", "No module named 'no_such_module'"),
    "leaves": ("import sys; sys.exit(3)", "", "the plugin called sys.exit(3) while importing"),
    "hangs": ("import time; time.sleep(60)", "", "the plugin was still importing after"),
    "prints": ("print('hello there')\n" + GOOD, "", "printed while loading: “hello there”"),
    "newer": (GOOD, "dysfw>=0.2,<0.3", "it requires dysfw >=0.2,<0.3, but dysfw 0.1"),
    "wrongkind": (
        OTHER.format("'segmentor', 'x', 'a:B', 'c'"),
        "",
        "'x' has the kind 'segmentor'; allowed: detector, segmenter",
    ),
    "twice": (GOOD.replace("]\n", ", ComponentSpec('fusion', 'plain', 'a:B', 'y')]\n"), "", "'plain' is registered twice"),
    "misspelt": ("@hookimpl\ndef dysfw_component():\n    return []", "", "unknown hook 'dysfw_component'"),
}


@pytest.fixture
def with_plugin(shell, dysfw_fake_plugins, monkeypatch, tmp_path):
    """with_plugin(name): how a recipe that does not use it fares."""
    recipe = tmp_path / "mine.yaml"
    recipe.write_text(
        "version: 1\nname: mine\ndetector: {use: precomputed, boxes: boxes.csv}\nsegmenter: {use: whole_face}\n"
        "backbone: {use: dlib_resnet}\nhead: {use: softmax}\nfusion: {use: mean}\n"
    )
    (tmp_path / "boxes.csv").write_text("path,x0,y0,x1,y1\na.jpg,0,0,9,9\n")

    def with_plugin(name, *command, code=0):
        source, requires, _ = PLUGINS[name]
        dysfw_fake_plugins.install(name, source, requires)
        path = os.pathsep.join([str(dysfw_fake_plugins.folder), *filter(None, [os.environ.get("PYTHONPATH")])])
        return shell(*(command or ("recipe", "check", recipe)), PYTHONPATH=path, code=code)

    return with_plugin


@pytest.mark.parametrize("name", PLUGINS)
def test_a_recipe_that_does_not_use_it_runs(with_plugin, name):
    ran = with_plugin(name)
    assert "ok (mine" in ran.stdout
    assert PLUGINS[name][2] in ran.stderr.replace("\n", " ")
    assert f"dysfw-{name} 1.0" in ran.stderr


def test_a_recipe_that_names_it_says_what_is_wrong_with_it(with_plugin, tmp_path):
    recipe = tmp_path / "mine.yaml"
    recipe.write_text(recipe.read_text().replace("{use: mean}", "{use: 'dysfw-newer:plain'}"))
    ran = with_plugin("newer", "recipe", "check", recipe, code=2)
    assert "fusion 'dysfw-newer:plain' belongs to dysfw-newer 1.0, which is installed but cannot be loaded" in ran.stderr
    assert "it requires dysfw >=0.2,<0.3" in ran.stderr


def test_a_user_who_interrupts_is_not_told_of_a_faulty_plugin(dysfw_fake_plugins):
    dysfw_fake_plugins.install("hangs", "import time; time.sleep(60)")
    environment = os.environ | {"PYTHONPATH": str(dysfw_fake_plugins.folder)}
    command = [Path(sys.executable).with_name("dysfw"), "components"]
    with subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as program:
        time.sleep(3)
        program.send_signal(signal.SIGINT)
        out, err = program.communicate(timeout=30)
    assert (program.returncode, out, err) == (130, "", "error: interrupted\n")
