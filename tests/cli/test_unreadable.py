"""Files and folders that the user may not read: they fail one by one, and everything else is used."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from pyarrow import parquet

pytestmark = pytest.mark.slow

# Root reads everything; without these capabilities it is a user like others.
AS_USER = ["setpriv", "--bounding-set=-dac_override,-dac_read_search"] if os.geteuid() == 0 else []


@pytest.fixture
def program():
    """program("run", …): exit code, stdout and stderr of the program, run by a user whom permissions concern."""
    if AS_USER and not shutil.which("setpriv"):
        pytest.skip("root without setpriv may read everything")
    fixtures = Path(__file__).parents[1] / "fixtures"
    path = os.pathsep.join([str(fixtures / "toys"), str(fixtures / "toys_installed")])

    def program(*arguments: object) -> tuple[int, str, str]:
        command = [*AS_USER, sys.executable, "-c", "from dysfw.cli.main import main; main()", *map(str, arguments)]
        ran = subprocess.run(command, env=os.environ | {"PYTHONPATH": path}, capture_output=True, check=False, text=True)
        return ran.returncode, ran.stdout, ran.stderr

    return program


@pytest.fixture
def data(phantoms, tmp_path):
    """Two conditions of six images each; a folder of one of them, and a third condition, cannot be listed."""
    for name in ("unaffected", "down-syndrome"):
        (tmp_path / "photos" / name).mkdir(parents=True)
        for n in range(6):
            shutil.copy(phantoms / f"phantom-{name}" / f"{n:03}.jpg", tmp_path / "photos" / name / f"{n}.jpg")
    closed = [tmp_path / "photos" / "unaffected" / "closed", tmp_path / "photos" / "williams"]
    for folder in closed:
        folder.mkdir()
        shutil.copy(phantoms / "phantom-unaffected" / "000.jpg", folder / "0.jpg")
        folder.chmod(0)
    yield tmp_path / "photos"
    for folder in closed:
        folder.chmod(0o700)


def test_an_unreadable_image_is_one_failure_of_run(program, bundle, paint):
    closed = paint("closed.png", (200, 40, 40))
    closed.chmod(0)
    code, out, _ = program("run", bundle, closed, paint("green.png", (40, 200, 40)), "--json")
    first, second = map(json.loads, out.splitlines())
    assert code == 1
    assert first["error"] == {"code": "unreadable", "message": "cannot be read: Permission denied"}
    assert second["ranking"]


def test_an_unreadable_folder_is_one_failed_row_of_a_batch(program, bundle, data, tmp_path):
    code, _, err = program("batch", bundle, data, "-o", tmp_path / "t.parquet")
    rows = parquet.read_table(tmp_path / "t.parquet").to_pylist()
    failed = {row["image"]: (row["error_code"], row["error_message"]) for row in rows if row["error_code"] == "unreadable"}
    denied = ("unreadable", "cannot be read: Permission denied")
    assert failed == {str(data / "unaffected" / "closed"): denied, str(data / "williams"): denied}
    assert code == 1
    assert len({row["image"] for row in rows}) == 14
    assert "2 folders that cannot be listed, such as unaffected/closed" in " ".join(err.split())


def test_data_check_uses_the_rest_and_exits_with_1(program, data):
    code, out, err = program("data", "check", data)
    assert code == 1
    assert "training would use 12 of 12 images" in out
    assert "warning: left out: 2 folders that cannot be listed; check the permissions: unaffected/closed, williams" in err


def test_data_manifest_lists_the_rest(program, data, tmp_path):
    code, out, err = program("data", "manifest", data, "-o", tmp_path / "m.csv")
    assert code == 0
    assert "12 images, 2 conditions" in out
    assert "warning: left out: 2 folders that cannot be listed; check the permissions: unaffected/closed, williams" in err


@pytest.mark.parametrize("command", [("data", "check"), ("data", "manifest", "-o", "m.csv")])
def test_a_source_that_cannot_be_listed_is_an_error(program, data, command, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    data.chmod(0)
    code, _, err = program(*command, data)
    data.chmod(0o700)
    assert code == 2
    assert f"cannot list {data}: Permission denied" in err or "is not readable" in err
