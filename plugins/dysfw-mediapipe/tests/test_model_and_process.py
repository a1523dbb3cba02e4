"""The model file, and the child process: quiet, offline, and ended afterwards."""

from __future__ import annotations

import ctypes
import os
import re
import shutil
import signal
import struct
import subprocess
import sys
import threading

import numpy as np
import pytest
from dysfw_mediapipe import model
from dysfw_mediapipe.process import INVALID_PROXY, _offline
from dysfw_mediapipe.segmenter import FaceMesh

from dysfw.errors import DysfwError
from dysfw.types import ANATOMY

pytestmark = pytest.mark.slow

MODEL = model.find_model().path


def test_regions_are_returned_in_the_requested_order(phantoms):
    segmenter = FaceMesh(regions=["chin", "nose"])
    image, face = phantoms[0]
    assert segmenter.regions == ("chin", "nose")
    assert [r.name for r in segmenter.segment([image], [face])[0].regions] == ["chin", "nose"]
    assert FaceMesh().regions == ANATOMY


@pytest.mark.parametrize("regions", [["nose", "ear"], ["nose", "nose"], []])
def test_invalid_regions_are_refused(regions):
    with pytest.raises(ValueError, match="regions must be distinct names among face, forehead"):
        FaceMesh(regions=regions)


@pytest.mark.parametrize("margin", [-0.1, 2.5, float("nan")])
def test_margins_out_of_range_are_refused(margin):
    with pytest.raises(ValueError, match="margin must be from 0 to 2, found"):
        FaceMesh(margin=margin)


def test_the_published_model_is_used(segmenter):
    (weights,) = segmenter.weights()
    assert weights.name == "face_landmarker.task"
    assert weights.sha256 == "64184e229b263107bc2b804c6625db1341ff2bb731874b0bcc2fe6544e0bc9ff"
    assert weights.licence == "Apache-2.0"
    assert weights.trained


def test_the_licence_of_the_model_lies_beside_it():
    assert "Apache License" in (MODEL.parent / "LICENSE").read_text()


@pytest.mark.parametrize(("change", "message"), [
    (lambda path: path.unlink(), r"the model file models/face_landmarker.task of dysfw-mediapipe is missing"),
    (lambda path: path.write_bytes(b"x" + MODEL.read_bytes()[1:]), r"is not the published file \(3,758,596 bytes"),
], ids=["missing", "changed"])  # fmt: skip
def test_a_broken_installation_is_reported(change, message, tmp_path):
    package = tmp_path / "dysfw_mediapipe"
    shutil.copytree(MODEL.parents[1], package)
    change(package / "models" / MODEL.name)
    code = "from dysfw_mediapipe.segmenter import FaceMesh; FaceMesh()"
    done = subprocess.run(
        [sys.executable, "-c", code], check=False, capture_output=True, text=True,
        env={**os.environ, "PYTHONPATH": str(tmp_path)}, timeout=60,
    )  # fmt: skip
    assert re.search(f"DysfwError: .*{message}", done.stderr)
    assert "pip install --force-reinstall dysfw-mediapipe" in done.stderr


def test_nothing_is_printed_and_no_process_is_left(phantoms, tmp_path):
    image, face = phantoms[0]
    np.savez(tmp_path / "face.npz", pixels=image.pixels, box=face.box, landmarks=face.landmarks)
    program = (
        "import sys, numpy as np; from dysfw.types import Face, Image\n"
        "from dysfw_mediapipe.segmenter import FaceMesh\n"
        f"a = np.load({str(tmp_path / 'face.npz')!r}); s = FaceMesh()\n"
        "r = s.segment([Image(a['pixels'], '', '')], [Face(a['box'], 1.0, a['landmarks'])])[0]\n"
        "print(len(r.regions), s._mesh._process.pid, 'mediapipe' in sys.modules)\n"
    )
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", program], check=False, capture_output=True, text=True, timeout=120
    )
    assert done.stderr == ""
    assert done.returncode == 0
    regions, pid, imported = done.stdout.split()
    assert (regions, imported) == ("7", "False")
    with pytest.raises(ProcessLookupError):
        os.kill(int(pid), 0)


def test_threads_can_share_a_segmenter(segmenter, phantoms):
    expected = [segmenter.segment([image], [face])[0].pose for image, face in phantoms[:8]]
    found = [None] * 8

    def work(start):
        for i in range(start, 8, 4):
            found[i] = segmenter.segment([phantoms[i][0]], [phantoms[i][1]])[0].pose

    threads = [threading.Thread(target=work, args=(start,)) for start in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == expected


def test_a_process_that_ended_is_replaced_and_failures_show_its_log(phantoms):
    segmenter = FaceMesh()
    image, face = phantoms[0]
    before = segmenter.segment([image], [face])[0]
    segmenter._mesh._process.kill()
    segmenter._mesh._process.wait()
    assert segmenter.segment([image], [face])[0].pose == before.pose
    segmenter._mesh._process.stdin.close()
    segmenter._mesh._process.wait()
    broken = FaceMesh()
    broken._mesh._command[-1] = "no-such-file.task"
    with pytest.raises(DysfwError, match="mediapipe's process ended with code 1") as caught:
        broken.segment([image], [face])
    assert "no-such-file.task" in caught.value.hint


def forbid_network():
    """Let the kernel kill this process if it connects or sends to any address (Linux, x86-64 or aarch64)."""
    calls = {"x86_64": (42, 44, 46, 307), "aarch64": (203, 206, 211, 269)}[os.uname().machine]  # connect, sendto, -msg, -mmsg
    steps = [(0x20, 0, 0, 0)]  # load the number of the system call
    steps += [(0x15, len(calls) - i, 0, number) for i, number in enumerate(calls)]  # one of those: jump to the last step
    steps += [(0x06, 0, 0, 0x7FFF0000), (0x06, 0, 0, 0x80000000)]  # allow; kill the process
    code = b"".join(struct.pack("HBBI", *step) for step in steps)
    buffer = ctypes.create_string_buffer(code)
    program = ctypes.create_string_buffer(struct.pack("HxxxxxxP", len(steps), ctypes.addressof(buffer)))
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.prctl(38, 1, 0, 0, 0) or libc.prctl(22, 2, program):  # no new privileges; filter system calls
        os._exit(99)


# Runs a task from start to end: mediapipe sends usage data when a task is closed.
TASK_CODE = """
import gc, sys, numpy as np
from pathlib import Path
from dysfw_mediapipe import worker
run = worker.OPENERS[sys.argv[2]](Path(sys.argv[1]))
print(len(run(np.zeros((256, 256, 3), np.uint8))))
(task,) = [o for o in gc.get_objects() if type(o).__name__ in ("FaceLandmarker", "FaceDetector")]
task.close()
"""


def run_task(task, environment):
    return subprocess.run(
        [sys.executable, "-P", "-c", TASK_CODE, str(MODEL), task],
        check=False, env=environment, preexec_fn=forbid_network, capture_output=True, text=True, timeout=120,
    )  # fmt: skip


@pytest.mark.skipif(sys.platform != "linux", reason="the test uses a Linux system call filter")
@pytest.mark.parametrize("task", ["mesh", "faces"])
def test_mediapipe_does_not_access_the_network(task):
    done = run_task(task, _offline(os.environ))
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip() == "0"
    plain = {name: value for name, value in os.environ.items() if not name.lower().endswith("_proxy")}
    assert run_task(task, plain).returncode == -signal.SIGSYS  # mediapipe alone sends usage data, and the filter catches it


@pytest.mark.skipif(sys.platform != "linux", reason="the test uses a Linux system call filter")
def test_the_system_call_filter_works():
    code = "import socket; socket.create_connection(('127.0.0.1', 9))"
    done = subprocess.run([sys.executable, "-c", code], check=False, preexec_fn=forbid_network, stderr=subprocess.DEVNULL)
    assert done.returncode == -signal.SIGSYS


def test_proxies_are_set_in_the_child_process_only(monkeypatch):
    monkeypatch.setenv("NO_PROXY", "*")
    monkeypatch.setenv("https_proxy", "http://proxy.example")
    offline = _offline(os.environ)
    assert "NO_PROXY" not in offline
    assert offline["https_proxy"] == offline["HTTPS_PROXY"] == offline["ALL_PROXY"] == INVALID_PROXY
    assert os.environ["https_proxy"] == "http://proxy.example"
