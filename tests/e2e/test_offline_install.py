"""Wheels collected on a machine with internet access, installed on one without, as docs/how-to/offline.md says."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parents[2]
REQUIREMENTS = (ROOT / "requirements-demo.txt").read_text("utf-8").splitlines()
PARTS = [Path(line.removeprefix("-e ")) for line in REQUIREMENTS if line.startswith("-e ")]
NAMES = ["dysfw", *(part.name for part in PARTS[1:])]


@pytest.fixture(scope="module")
def wheels(own_wheels, tmp_path_factory) -> Path:
    """Wheels of dysfw, the plugins of recipes/paper.yaml, and all that they need."""
    folder, own = tmp_path_factory.mktemp("wheels"), [own_wheels[part.name or "."] for part in PARTS]
    run(sys.executable, "-m", "pip", "wheel", "--quiet", "--wheel-dir", folder, *own, cwd=folder)
    return folder


@pytest.fixture(scope="module")
def offline(wheels, tmp_path_factory):
    """offline("dysfw", …): a program of an environment that was installed without the network, run without it."""
    folder = tmp_path_factory.mktemp("offline")
    home = folder / "home"
    home.mkdir()
    # Only what a fresh account has: nothing that leads pip to other wheels.
    variables = {"PATH": os.environ["PATH"], "HOME": str(home), "LANG": "C.UTF-8"}

    def offline(program: str, *arguments: object) -> str:
        no_network = ["unshare", "--net", *([] if os.geteuid() == 0 else ["--map-root-user"])]
        return run(*no_network, folder / "venv" / "bin" / program, *arguments, cwd=home, env=variables)

    run(sys.executable, "-m", "venv", folder / "venv")
    # Without compiling all modules, of which the tests import few.
    offline("pip", "--isolated", "install", "--quiet", "--no-compile", "--no-index", "--find-links", wheels, *NAMES)
    return offline


def run(*command: object, **keys: object) -> str:
    ran = subprocess.run([*map(str, command)], text=True, capture_output=True, check=False, **keys)
    assert ran.returncode == 0, f"{command}: exit code {ran.returncode}\n{ran.stdout}{ran.stderr}"
    return ran.stdout


def test_the_folder_holds_nothing_but_wheels(wheels):
    names = [path.name for path in wheels.iterdir()]
    assert all(name.endswith(".whl") for name in names)
    packages = {name.partition("-")[0] for name in names}
    assert packages >= {"dysfw", "dysfw_mediapipe", "mediapipe", "numpy", "onnxruntime"}
    assert not packages & {"torch", "torchvision", "timm", "facenet_pytorch"}


def test_the_installation_is_consistent_and_complete(offline):
    offline("pip", "check")
    found = offline("python", "-c", "import dysfw, dysfw_mediapipe; print(dysfw.__file__, dysfw_mediapipe.__file__)")
    assert str(ROOT) not in found


def test_the_face_mesh_works_with_the_model_in_its_wheel(offline):
    assert "face_mesh" in offline("dysfw", "components", "segmenter")
    checked = offline("dysfw", "check", "dysfw-mediapipe", "--only", "face_mesh")
    assert "passed" in checked


def test_the_papers_recipe_predicts_without_torch(offline):
    result = json.loads(
        offline("dysfw", "run", ROOT / "recipes" / "paper.yaml", ROOT / "docs" / "images" / "phantom.jpg", "--json")
    )
    assert [name.partition(" ")[0] for name in result["runtimes"]] == ["onnxruntime"]
    assert result["ranking"][0]["label"].startswith("phantom-")
