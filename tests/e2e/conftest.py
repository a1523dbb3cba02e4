import os
import subprocess
import sys
from pathlib import Path

import pytest
from once import made_once

ROOT = Path(__file__).parents[2]
# Folders, by the names of their wheels.
PARTS = {"dysfw": "."} | {
    f"dysfw_{name}": f"dysfw-{name}" for name in ("facenet", "mediapipe", "timm", "onnx", "openvino", "phantom", "dlib")
}
DYSFW = Path(sys.executable).with_name("dysfw")


@pytest.fixture(scope="session")
def own_wheels(tmp_path_factory) -> dict[str, Path]:
    """Wheels of dysfw and the plugins in this repository, by the folder that each was built from, such as "dysfw-onnx"."""
    return {PARTS[path.name.partition("-")[0]]: path for path in made_once(tmp_path_factory, "wheels", build_wheels).iterdir()}


def build_wheels(folder: Path) -> None:
    parts = [ROOT if part == "." else ROOT / "plugins" / part for part in PARTS.values()]
    command = [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--wheel-dir", folder, *parts]
    ran = subprocess.run([*map(str, command)], cwd=folder, capture_output=True, text=True, check=False)
    assert ran.returncode == 0, ran.stdout + ran.stderr


@pytest.fixture(scope="session")
def shell(tmp_path_factory):
    """shell("run", ...): the installed program in a process of its own, with a home and a cache shared by all these tests."""
    home = tmp_path_factory.mktemp("home")

    def run(*arguments: object, code: int = 0, **extra_environment: str) -> subprocess.CompletedProcess[str]:
        private = {"HOME": str(home), "DYSFW_OFFLINE": "1", "DYSFW_CACHE": str(home / "cache")}
        environment = os.environ | private | extra_environment
        command = [str(DYSFW), *map(str, arguments)]
        ran = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
        assert ran.returncode == code, f"{ran.returncode}\n{ran.stdout}\n{ran.stderr}"
        assert "Traceback" not in ran.stderr
        return ran

    return run


@pytest.fixture(scope="session")
def dlib_bundle(shell, phantoms, tmp_path_factory) -> Path:
    """recipes/dlib.yaml trained on the 48 phantoms of the repository: with MTCNN, the face mesh and dlib's network."""
    folder = tmp_path_factory.mktemp("bundles") / "few-phantoms"
    shell("train", "recipes/dlib.yaml", phantoms, "-o", folder)
    return folder
