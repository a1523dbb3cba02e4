"""Every command that writes, onto a disk that is full and into a folder that cannot be written."""

import os
import subprocess
from pathlib import Path

import pytest

from .commands import CASES
from .conftest import TOYS

pytestmark = pytest.mark.slow

WRITING = {
    case.words: case for case in CASES if "{out}" in " ".join(case.words) and "fetching" not in " ".join(case.words)
}.values()
FULL = 'mount -t tmpfs -o size=64k none "$DISK" && { head -c 65536 /dev/zero > "$DISK/filler" || true; }'
READ_ONLY = 'mount --bind "$DISK" "$DISK" && mount -o remount,bind,ro "$DISK"'
PRINTS = ("run", "audit", "evaluate", "compare")  # results that took long to compute


@pytest.fixture
def on_disk(inputs, compiled, tmp_path):
    """on_disk(case, FULL): exit code, output, errors and, as "size path", the files that were left."""

    def run(case, setup: str) -> tuple[int, str, str, list[str]]:
        disk = tmp_path / "disk"
        disk.mkdir()
        script = f'{setup} || exit 99; "$@"; code=$?; find "$DISK" -type f -printf "%s %P\\n" > "$LEFT"; exit $code'
        own = {
            "DISK": disk,
            "LEFT": tmp_path / "left",
            "PYTHONPATH": TOYS,
            "NUMBA_CACHE_DIR": compiled,
            "DYSFW_CACHE": tmp_path / "c",
        }
        words = ["unshare", "--mount", *([] if os.geteuid() == 0 else ["--map-root-user"]), "sh", "-c", script, "sh"]
        environment = os.environ | {name: str(value) for name, value in own.items()}
        ran = subprocess.run([*words, *case.line(inputs, disk)], env=environment, capture_output=True, text=True, check=False)
        return ran.returncode, ran.stdout, ran.stderr, Path(tmp_path / "left").read_text(encoding="utf-8").splitlines()

    return run


@pytest.mark.parametrize("case", WRITING, ids=str)
def test_a_full_disk_is_reported_and_no_half_file_is_left(on_disk, case):
    code, out, err, left = on_disk(case, FULL)
    assert code == 2, err
    assert "No space left on device" in err or "disk is full" in err
    assert "Traceback" not in err
    assert [line for line in left if not line.startswith("0 ")] == ["65536 filler"]
    assert case.command not in PRINTS or len(out) > 200


@pytest.mark.parametrize("case", WRITING, ids=str)
def test_a_folder_that_cannot_be_written_is_reported(on_disk, case):
    code, _, err, left = on_disk(case, READ_ONLY)
    assert code == 2, err
    assert "Read-only file system" in err
    assert "Traceback" not in err
    assert left == []
    assert case.command == "run" or "splits in" not in err  # nothing is computed in vain
