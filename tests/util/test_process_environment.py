"""Settings for the libraries below, in processes of their own: they are applied once, when dysfw is imported."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

PLUGINS = sorted(
    path.name for path in (Path(__file__).parents[2] / "plugins").glob("*/dysfw_*") if path.name != "dysfw_example"
)
SETTINGS = ("ORT_DISABLE_TELEMETRY", "RAY_USAGE_STATS_ENABLED", "HF_HUB_DISABLE_TELEMETRY", "OTEL_SDK_DISABLED")
CACHES = ("MPLCONFIGDIR", "NUMBA_CACHE_DIR", "TORCHINDUCTOR_CACHE_DIR", "TRITON_CACHE_DIR", "CUDA_CACHE_PATH")
OURS = (*SETTINGS, "OMP_WAIT_POLICY", *CACHES, "MATPLOTLIBRC", "DYSFW_CACHE", "XDG_CACHE_HOME", "XDG_CONFIG_HOME", "HOME")


@pytest.fixture
def python(tmp_path):
    """python("code", HOME=...): what a new interpreter prints, with nothing set but what is given."""

    def python(code: str, **variables: object) -> str:
        environment = {name: value for name, value in os.environ.items() if name not in OURS}
        environment |= {name: str(value) for name, value in variables.items()}
        ran = subprocess.run([sys.executable, "-c", code], env=environment, text=True, capture_output=True, check=True)
        return ran.stdout + ran.stderr

    return python


def shown(*names: str) -> str:
    return f"import os, dysfw; print(*(os.environ.get(name) for name in {names!r}))"


def test_usage_data_are_off_whatever_the_user_set(python, tmp_path):
    on = {"ORT_DISABLE_TELEMETRY": "0", "RAY_USAGE_STATS_ENABLED": "1", "HF_HUB_DISABLE_TELEMETRY": "0"}
    assert python(shown(*SETTINGS), HOME=tmp_path, **on).split() == ["1", "0", "1", "true"]


def test_tracing_to_where_the_operator_wants_it_is_the_operators_decision(python, tmp_path):
    assert python(shown("OTEL_SDK_DISABLED"), HOME=tmp_path, OTEL_SDK_DISABLED="false").strip() == "false"


@pytest.mark.parametrize(("stated", "found"), [({}, "passive"), ({"OMP_WAIT_POLICY": "active"}, "active")])
def test_waiting_threads_sleep_unless_the_user_decides_otherwise(python, tmp_path, stated, found):
    assert python(shown("OMP_WAIT_POLICY"), HOME=tmp_path, **stated).strip() == found


@pytest.mark.parametrize("package", PLUGINS)
def test_the_packages_of_plugins_apply_the_settings(python, tmp_path, package):
    code = f"import os, {package}; print(os.environ['ORT_DISABLE_TELEMETRY'], os.environ['MPLCONFIGDIR'])"
    assert python(code, HOME=tmp_path).split() == ["1", str(tmp_path / ".cache" / "dysfw" / "matplotlib")]


def test_an_earlier_import_of_a_library_that_sends_is_reported(python, tmp_path):
    code = "import sys, types; sys.modules['onnxruntime'] = types.ModuleType('onnxruntime'); import dysfw"
    assert "onnxruntime was imported before dysfw" in python(code, HOME=tmp_path)
    assert python(code, HOME=tmp_path, ORT_DISABLE_TELEMETRY="1") == ""


def test_a_package_that_only_sends_usage_data_cannot_be_imported(python, tmp_path):
    (tmp_path / "openvino_telemetry.py").write_text("print('sent')")
    code = "import dysfw\ntry:\n  import openvino_telemetry\nexcept ImportError:\n  print('absent')"
    assert python(code, HOME=tmp_path, PYTHONPATH=tmp_path) == "absent\n"


def test_caches_of_libraries_are_in_the_cache_of_dysfw(python, tmp_path):
    default = [str(tmp_path / ".cache" / "dysfw" / name) for name in ("matplotlib", "numba")]
    assert python(shown("MPLCONFIGDIR", "NUMBA_CACHE_DIR"), HOME=tmp_path).split() == default
    assert python(shown("MPLCONFIGDIR"), HOME=tmp_path, DYSFW_CACHE="off").strip() == default[0]
    chosen = python(shown("MPLCONFIGDIR"), HOME=tmp_path, DYSFW_CACHE=tmp_path / "mine").strip()
    assert chosen == str(tmp_path / "mine" / "matplotlib")
    assert not any(tmp_path.iterdir())  # nothing is created before it is needed


def test_a_folder_that_the_user_chose_wins(python, tmp_path):
    chosen = str(tmp_path / "mine")
    assert python(shown("NUMBA_CACHE_DIR"), HOME=tmp_path, NUMBA_CACHE_DIR=chosen).strip() == chosen


def test_a_chosen_folder_that_cannot_be_written_is_reported_and_replaced(python, tmp_path):
    printed = python(shown("NUMBA_CACHE_DIR"), HOME=tmp_path, NUMBA_CACHE_DIR="/dev/null/mine")
    assert str(tmp_path / ".cache" / "dysfw" / "numba") in printed
    assert "NUMBA_CACHE_DIR is '/dev/null/mine', which cannot be written" in printed


def test_the_users_own_style_of_matplotlib_is_found(python, tmp_path):
    file = tmp_path / ".config" / "matplotlib" / "matplotlibrc"
    file.parent.mkdir(parents=True)
    file.write_text("figure.dpi: 33\n")
    code = "import dysfw, matplotlib; print(matplotlib.rcParams['figure.dpi'])"
    assert float(python(code, HOME=tmp_path)) == 33


@pytest.mark.parametrize("home", [None, "/nonexistent", "", "nowhere"])
def test_without_a_home_caches_are_temporary(python, tmp_path, home):
    variables = {"TMPDIR": tmp_path} | ({} if home is None else {"HOME": home})
    # As a user whom the system does not list, for whom HOME is the only way to a home.
    code = "import pwd\ndef unknown(_): raise KeyError\npwd.getpwuid = unknown\nimport os, dysfw, pathlib\n"
    code += "folder = pathlib.Path(os.environ['MPLCONFIGDIR']); print(folder, oct(folder.parent.stat().st_mode & 0o777))"
    folder, mode = python(code, **variables).split()
    assert Path(folder).parent.parent == tmp_path
    assert mode == "0o700"
    assert not any(tmp_path.iterdir())  # deleted at exit


def test_a_child_uses_the_temporary_folder_of_its_parent_and_leaves_it(python, tmp_path):
    child = "import dysfw, os; print(os.environ['MPLCONFIGDIR'])"
    code = f"import dysfw, os, subprocess, sys\nchild = subprocess.run([sys.executable, '-c', {child!r}], text=True, "
    code += (
        "capture_output=True).stdout.strip()\nprint(child == os.environ['MPLCONFIGDIR'], os.path.isdir(os.path.dirname(child)))"
    )
    assert python(code, HOME="/nonexistent", TMPDIR=tmp_path).split() == ["True", "True"]


def test_nothing_is_set_if_nothing_can_be_written(python, tmp_path):
    code = f"import os, tempfile; tempfile.tempdir = os.getcwd(); {shown('MPLCONFIGDIR')}"
    assert python(code, HOME="/nonexistent").strip() == "None"
    assert not list(Path.cwd().glob("dysfw-cache-*"))
