"""Downloads from a server that can fail in many ways."""

import dataclasses
import os
import pwd
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from dysfw.errors import DysfwError
from dysfw.registry.hookspecs import WeightsSpec
from dysfw.weights import download as downloading
from dysfw.weights.find import WeightsMissingError, fetch_weights, find_weights
from dysfw.weights.store import file_status, import_file, stored_path

from .conftest import CONTENT, fetch_error

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("notes")]


def test_a_download_is_reported_private_and_happens_once(web, store, faces, notes):
    path = fetch_weights(faces)
    assert path.read_bytes() == CONTENT
    assert file_status(faces, verify_hash=True).condition == "here"
    assert store.stat().st_mode & 0o077 == 0
    fetch_weights(faces)
    assert len(web.requests) == 1
    assert notes[0] == f"downloading faces from {web.address} (3 MB, licence CC0-1.0)"
    assert notes[1].strip() == "none at all"
    sent = {key.lower(): value for key, value in web.requests[0].items()}
    assert sent["user-agent"] == "dysfw"
    assert not {"authorization", "cookie"} & sent.keys()


def test_an_interrupted_download_is_resumed(web, store, faces):
    web.script = ["cut 1200000", "cut 700000"]
    assert fetch_weights(faces).read_bytes() == CONTENT
    ranges = [request.get("Range") for request in web.requests]
    assert ranges[0] is None
    starts = [int(value.removeprefix("bytes=").rstrip("-")) for value in ranges[1:]]
    assert 0 < starts[0] < starts[1] < len(CONTENT)
    assert [path.name for path in stored_path(faces).parent.iterdir() if path.suffix != ".lock"] == ["faces.bin"]


def test_a_file_that_was_replaced_on_the_server_is_downloaded_from_the_beginning(web, store, faces):
    old = bytes(len(CONTENT))
    web.content, web.etag, web.script = old, '"old"', ["cut 200000"] * 5
    assert "run the same command again to resume" in fetch_error(faces)
    web.content, web.etag, web.script = CONTENT, '"new"', []
    assert fetch_weights(faces).read_bytes() == CONTENT
    assert web.requests[-1]["If-Range"] == '"old"'


def test_a_range_of_another_version_is_discarded(web, store, faces):
    web.content, web.etag, web.script = bytes(len(CONTENT)), '"old"', ["cut 200000"] * 5
    fetch_error(faces)
    web.content, web.etag, web.script = CONTENT, '"new"', ["any version"]
    assert fetch_weights(faces).read_bytes() == CONTENT
    assert [request.get("Range") for request in web.requests[-2:]] == [web.requests[-2]["Range"], None]


@pytest.mark.parametrize("etag", ["", 'W/"weak"'])
def test_without_a_version_nothing_is_resumed(web, store, faces, etag):
    web.etag, web.script = etag, ["cut 1200000"]
    assert fetch_weights(faces).read_bytes() == CONTENT
    assert [request.get("Range") for request in web.requests] == [None, None]


def test_without_ranges_the_download_starts_from_the_beginning(web, store, faces):
    web.script = ["cut 1000000", "no range"]
    assert fetch_weights(faces).read_bytes() == CONTENT


def test_a_wrong_file_is_deleted_and_both_hashes_are_reported(web, store, faces):
    web.script = ["wrong"]
    message = fetch_error(faces)
    assert faces.sha256 in message
    assert "its sha256 is" in message
    assert not [path for path in stored_path(faces).parent.iterdir() if path.suffix != ".lock"]
    assert fetch_weights(faces).read_bytes() == CONTENT  # the next attempt starts from the beginning


@pytest.mark.parametrize(("action", "message"), [
    ("more", "sends 3,100,000 bytes, but faces has 3,000,000"),
    ("endless", "sends more than the 3,000,000 bytes of faces"),
    ("portal", "sends 19 bytes, but faces has 3,000,000"),
])  # fmt: skip
def test_a_file_of_the_wrong_length_is_discarded(web, store, faces, action, message):
    web.script = [action]
    assert message in fetch_error(faces)
    assert len(web.requests) == 1
    assert [path.suffix for path in stored_path(faces).parent.iterdir()] in ([".lock"], [])
    assert fetch_weights(faces).read_bytes() == CONTENT


def test_requests_to_a_busy_server_are_retried_but_not_for_a_missing_file(web, store, faces, notes):
    web.script = ["status 503", "status 429"]
    assert fetch_weights(faces).read_bytes() == CONTENT
    assert sum("retrying in" in line for line in notes) == 2
    stored_path(faces).unlink()
    web.requests.clear()
    web.script = ["status 404"]
    assert "responded with 404" in fetch_error(faces)
    assert len(web.requests) == 1


def test_redirects_are_followed(web, store, faces):
    web.script = [f"redirect {web.address}?elsewhere"]
    assert fetch_weights(faces).read_bytes() == CONTENT


def test_a_full_disk_is_detected_before_anything_is_written(web, store, faces, monkeypatch):
    monkeypatch.setattr(shutil, "disk_usage", lambda _: shutil._ntuple_diskusage(10**9, 10**9 - 10**6, 10**6))
    message = fetch_error(faces)
    assert "has 1 MB free; the download needs 3 MB and a reserve of 67 MB" in message
    assert "DYSFW_HOME" in message


@pytest.mark.skipif(os.geteuid() != 0, reason="needs root to mount a small disk")
def test_a_disk_that_fills_up_during_the_download_is_reported(web, store, faces, monkeypatch):
    store.mkdir(parents=True)
    if subprocess.run(["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", store], check=False, capture_output=True).returncode:
        pytest.skip("mounting is not allowed here")
    monkeypatch.setattr(downloading, "_check_disk_space", lambda *_: None)
    try:
        assert "No space left on device" in fetch_error(faces)
    finally:
        subprocess.run(["umount", store], check=True)


def test_the_error_for_a_store_that_cannot_be_written_says_what_to_do(web, store, faces):
    store.parent.mkdir()
    store.write_text("a file where the folder should be")
    message = fetch_error(faces)
    assert f"cannot write weights to {stored_path(faces).parent}" in message
    assert "DYSFW_HOME" in message
    assert web.requests == []


@pytest.mark.skipif(os.geteuid() != 0, reason="needs root to mount a disk that cannot be written")
def test_a_store_on_a_read_only_disk_can_be_read(web, store, faces):
    store.mkdir(parents=True)
    if subprocess.run(["mount", "-t", "tmpfs", "-o", "size=80m", "tmpfs", store], check=False, capture_output=True).returncode:
        pytest.skip("mounting is not allowed here")
    try:
        fetch_weights(faces)
        subprocess.run(["mount", "-o", "remount,ro", store], check=True)
        assert find_weights(faces).read_bytes() == CONTENT
        message = fetch_error(dataclasses.replace(faces, sha256="0" * 64))
        assert "Read-only file system" in message
        assert "DYSFW_HOME" in message
    finally:
        subprocess.run(["umount", store], check=True)


def test_the_permissions_of_a_shared_store_stay(web, store, faces):
    store.mkdir(parents=True)
    store.chmod(0o755)
    fetch_weights(faces)
    assert store.stat().st_mode & 0o777 == 0o755


def test_without_a_home_folder_the_error_suggests_a_variable(faces, monkeypatch):
    def raise_key_error(_):
        raise KeyError

    for name in ("HOME", "DYSFW_HOME", "XDG_CACHE_HOME"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(pwd, "getpwuid", raise_key_error)
    assert file_status(faces).condition == "missing"  # without a store there is nothing in it
    with pytest.raises(DysfwError, match="no home folder.*\n.*set DYSFW_HOME"):
        fetch_weights(faces)
    monkeypatch.setenv("DYSFW_HOME", "/nowhere")
    assert file_status(faces).condition == "missing"


@pytest.mark.parametrize("value", ["1", "true"])
def test_offline_forbids_all_downloads(web, store, faces, monkeypatch, value):
    monkeypatch.setenv("DYSFW_OFFLINE", value)
    monkeypatch.setenv("DYSFW_FETCH", "1")
    message = fetch_error(faces)
    assert "DYSFW_OFFLINE=1 forbids it" in message
    assert "weights import faces FILE" in message
    assert web.requests == []
    with pytest.raises(WeightsMissingError):
        find_weights(faces)
    assert web.requests == []


def test_missing_weights_are_downloaded_only_if_allowed(web, store, faces, monkeypatch):
    with pytest.raises(WeightsMissingError):
        find_weights(faces)
    assert web.requests == []
    monkeypatch.setenv("DYSFW_FETCH", "1")
    assert find_weights(faces).read_bytes() == CONTENT


FETCH = """
import sys
from dysfw.cli.terminal import TerminalProgress
from dysfw.registry.hookspecs import WeightsSpec
from dysfw.weights import network
from dysfw.weights.find import fetch_weights
network.allow_fetching(True, TerminalProgress())
print(fetch_weights(WeightsSpec("faces", "faces.bin", "a test", sys.argv[2], int(sys.argv[3]), address=sys.argv[1])))
"""


def wait_until(condition):
    deadline = time.monotonic() + 60
    while not condition() and time.monotonic() < deadline:
        time.sleep(0.05)


def process(faces):
    command = [sys.executable, "-c", FETCH, faces.address, faces.sha256, str(faces.size)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def test_of_two_processes_one_downloads_and_the_other_waits(web, store, faces):
    web.script = ["slow"]
    first = process(faces)
    wait_until(lambda: web.requests)
    second = process(faces)
    assert any("another process is downloading faces; waiting for it" in line for line in second.stderr)
    web.go.set()
    outputs = [one.communicate(timeout=60)[0].strip() for one in (first, second)]
    assert outputs == [str(stored_path(faces))] * 2
    assert len(web.requests) == 1


def test_a_killed_download_is_resumed(web, store, faces):
    web.script = ["cut 1500000", "slow"]
    running = process(faces)
    partial = stored_path(faces).with_name("faces.bin.partial")
    wait_until(lambda: len(web.requests) == 2)
    running.send_signal(signal.SIGKILL)
    running.wait()
    web.go.set()
    assert 0 < partial.stat().st_size < len(CONTENT)
    web.requests.clear()
    assert fetch_weights(faces).read_bytes() == CONTENT
    assert web.requests[0]["Range"].startswith("bytes=")


def test_only_the_right_file_can_be_imported(store, faces, tmp_path):
    (tmp_path / "half.bin").write_bytes(CONTENT[: len(CONTENT) // 2])
    (tmp_path / "whole.bin").write_bytes(CONTENT)
    with pytest.raises(DysfwError, match=r"half.bin \(1,500,000 bytes, sha256 .* is not faces.bin, which has 3,000,000 bytes"):
        import_file(faces, tmp_path / "half.bin")
    assert file_status(faces).condition == "missing"
    assert import_file(faces, tmp_path / "whole.bin") == stored_path(faces)
    assert file_status(faces, verify_hash=True).condition == "here"


def test_a_damaged_file_is_detected_by_size_and_hash(store, faces, tmp_path):
    (tmp_path / "whole.bin").write_bytes(CONTENT)
    path = import_file(faces, tmp_path / "whole.bin")
    path.write_bytes(bytes(len(CONTENT)))
    assert file_status(faces).condition == "here"
    assert "its sha256 is" in file_status(faces, verify_hash=True).problem
    path.write_bytes(CONTENT[:-1])
    assert file_status(faces).problem == "it has 2,999,999 bytes instead of 3,000,000"


def test_a_damaged_file_is_an_error_and_fetching_replaces_it(web, store, faces, tmp_path):
    fetch_weights(faces).write_bytes(CONTENT[: len(CONTENT) // 2])
    with pytest.raises(
        DysfwError, match="are damaged: it has 1,500,000 bytes instead of 3,000,000\n.*fetch faces` replaces it"
    ):
        find_weights(faces)
    assert fetch_weights(faces).read_bytes() == CONTENT


def test_a_shipped_file_is_checked_by_its_manifest():
    shipped = WeightsSpec("own", "dysfw:py.typed", "a file without hash and size")
    assert find_weights(shipped).name == "py.typed"
    with pytest.raises(DysfwError, match="are damaged: it has 0 bytes instead of 7\n.*pip install --force-reinstall"):
        find_weights(dataclasses.replace(shipped, size=7))
    assert file_status(dataclasses.replace(shipped, size=7, exact_size=False)).condition == "here"
    for absent in ("dysfw:nothing.bin", "no_such_package:x.bin", "no_such.package:x.bin"):
        with pytest.raises(WeightsMissingError, match="are missing"):
            find_weights(dataclasses.replace(shipped, file=absent))


def test_the_store_is_set_by_the_environment(monkeypatch, faces, tmp_path):
    monkeypatch.delenv("DYSFW_HOME", raising=False)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    assert stored_path(faces) == tmp_path / "dysfw" / "weights" / faces.sha256[:16] / "faces.bin"
    monkeypatch.delenv("XDG_CACHE_HOME")
    assert stored_path(faces).is_relative_to(Path.home() / ".cache" / "dysfw")
