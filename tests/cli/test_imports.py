"""What commands import: a photo whose results are in the cache needs no network, and nothing is imported in vain."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parents[2]
RECIPE, IMAGE = "recipes/paper.yaml", "docs/images/phantom.jpg"
NETWORKS = {"torch", "torchvision", "timm", "onnxruntime", "openvino", "mediapipe", "facenet_pytorch", "onnx"}
HEAVY = {"sklearn", "scipy", "pandas", "pyarrow", "matplotlib", "requests", "joblib", "cv2"}
PROGRAM = """
import json, sys
sys.argv = ["dysfw", *sys.argv[1:]]
from dysfw.cli.main import main
try:
    main()
except SystemExit as ended:
    assert not ended.code
# Blocked modules are None.
imported = {name.partition(".")[0] for name, module in sys.modules.items() if module is not None}
print(json.dumps(sorted(imported)), file=sys.stderr)
"""


@pytest.fixture(scope="module")
def imports_of(tmp_path_factory):
    """imports_of("run", …): the output of a command, and the top-level modules in its process; all use one cache."""
    environment = {**os.environ, "DYSFW_CACHE": str(tmp_path_factory.mktemp("cache"))}

    def run(*arguments: str) -> tuple[str, set[str]]:
        command = [sys.executable, "-c", PROGRAM, *arguments]
        ran = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=True)
        return ran.stdout, set(json.loads(ran.stderr.splitlines()[-1]))

    return run


def test_an_image_in_the_cache_imports_no_network_library(imports_of):
    arguments = ("run", RECIPE, IMAGE, "--json")
    first, imported = imports_of(*arguments)
    assert imported & NETWORKS  # so the second run shows what the cache saves
    again, imported = imports_of(*arguments)
    assert imported & (NETWORKS | HEAVY) == set()
    probabilities = [json.loads(output)["probabilities"] for output in (first, again)]
    assert probabilities[0] == probabilities[1]


@pytest.mark.parametrize("runtime", ["onnxruntime", "openvino"])
def test_a_prediction_imports_one_runtime_and_nothing_else_that_is_large(imports_of, runtime):
    pytest.importorskip(f"dysfw_{ {'onnxruntime': 'onnx'}.get(runtime, runtime) }")
    _, imported = imports_of("run", RECIPE, IMAGE, "--no-cache", "--runtime", runtime)
    assert imported & (NETWORKS | HEAVY) == {runtime}


@pytest.mark.parametrize(
    "arguments", [("--help",), ("run", "--help"), ("recipe", "check", RECIPE), ("components",)], ids=" ".join
)
def test_commands_that_compute_nothing_import_nothing_large(imports_of, arguments):
    _, imported = imports_of(*arguments)
    assert imported & (NETWORKS | HEAVY) == set()


def test_help_and_version_import_no_numpy(imports_of):
    for arguments in (("--help",), ("--version",)):
        _, imported = imports_of(*arguments)
        assert imported & {"numpy", "pydantic"} == set()
