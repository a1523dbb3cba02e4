"""Fetching weights from a server that does what servers do."""

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
from dysfw.weights.store import import_file, look, stored_path

from .conftest import CONTENT, refusal

pytestmark = pytest.mark.usefixtures("told")


def test_a_file_comes_once_is_private_and_it_is_said_what_and_whence(web, store, faces, told):
    path = fetch_weights(faces)
    assert path.read_bytes() == CONTENT
    assert look(faces, thoroughly=True).condition == "here"
    assert store.stat().st_mode & 0o077 == 0
    fetch_weights(faces)
    assert len(web.requests) == 1
    assert told[0] == f"fetching faces from {web.address} (3 MB, licence CC0-1.0)"
    assert told[1].strip() == "none at all"
    sent = {key.lower(): value for key, value in web.requests[0].items()}
    assert sent["user-agent"] == "dysfw"
    assert not {"authorization", "cookie"} & sent.keys()


def test_what_has_come_is_not_asked_for_again(web, store, faces):
    web.script = ["cut 1200000", "cut 700000"]
    assert fetch_weights(faces).read_bytes() == CONTENT
    ranges = [request.get("Range") for request in web.requests]
    assert ranges[0] is None
    starts = [int(asked.removeprefix("bytes=").rstrip("-")) for asked in ranges[1:]]
    assert 0 < starts[0] < starts[1] < len(CONTENT)
    assert [path.name for path in stored_path(faces).parent.iterdir() if path.suffix != ".lock"] == ["faces.bin"]


def test_a_file_that_was_replaced_in_between_is_fetched_afresh(web, store, faces):
    old = bytes(len(CONTENT))
    web.content, web.etag, web.script = old, '"old"', ["cut 200000"] * 5
    assert "the same command goes on from there" in refusal(faces)
    web.content, web.etag, web.script = CONTENT, '"new"', []
    assert fetch_weights(faces).read_bytes() == CONTENT
    assert web.requests[-1]["If-Range"] == '"old"'


def test_a_server_that_serves_a_range_of_another_version_is_not_believed(web, store, faces):
    web.content, web.etag, web.script = bytes(len(CONTENT)), '"old"', ["cut 200000"] * 5
    refusal(faces)
    web.content, web.etag, web.script = CONTENT, '"new"', ["forgetful"]
    assert fetch_weights(faces).read_bytes() == CONTENT
    assert [request.get("Range") for request in web.requests[-2:]] == [web.requests[-2]["Range"], None]


@pytest.mark.parametrize("etag", ["", 'W/"weak"'])
def test_without_a_version_to_compare_nothing_is_resumed(web, store, faces, etag):
    web.etag, web.script = etag, ["cut 1200000"]
    assert fetch_weights(faces).read_bytes() == CONTENT
    assert [request.get("Range") for request in web.requests] == [None, None]


def test_a_server_without_ranges_begins_again(web, store, faces):
    web.script = ["cut 1000000", "no range"]
    assert fetch_weights(faces).read_bytes() == CONTENT


def test_wrong_bytes_are_deleted_and_both_hashes_told(web, store, faces):
    web.script = ["wrong"]
    message = refusal(faces)
    assert faces.sha256 in message
    assert "its sha256 is" in message
    assert not [path for path in stored_path(faces).parent.iterdir() if path.suffix != ".lock"]
    assert fetch_weights(faces).read_bytes() == CONTENT  # and the next attempt starts afresh


@pytest.mark.parametrize(("action", "told"), [
    ("more", "sends 3,100,000 bytes, and faces has 3,000,000"),
    ("endless", "sends more than the 3,000,000 bytes that faces has"),
    ("portal", "sends 19 bytes, and faces has 3,000,000"),
])  # fmt: skip
def test_a_file_of_another_length_is_not_taken_and_nothing_of_it_kept(web, store, faces, action, told):
    web.script = [action]
    assert told in refusal(faces)
    assert len(web.requests) == 1
    assert [path.suffix for path in stored_path(faces).parent.iterdir()] in ([".lock"], [])
    assert fetch_weights(faces).read_bytes() == CONTENT


def test_a_busy_server_is_asked_again_and_a_missing_file_is_not(web, store, faces, told):
    web.script = ["status 503", "status 429"]
    assert fetch_weights(faces).read_bytes() == CONTENT
    assert sum("again in" in line for line in told) == 2
    stored_path(faces).unlink()
    web.requests.clear()
    web.script = ["status 404"]
    assert "answers 404" in refusal(faces)
    assert len(web.requests) == 1


def test_redirects_are_followed(web, store, faces):
    web.script = [f"redirect {web.address}?elsewhere"]
    assert fetch_weights(faces).read_bytes() == CONTENT


def test_a_full_disk_is_seen_before_anything_is_written(web, store, faces, monkeypatch):
    monkeypatch.setattr(shutil, "disk_usage", lambda _: shutil._ntuple_diskusage(10**9, 10**9 - 10**6, 10**6))
    message = refusal(faces)
    assert "has 1 MB free; 3 MB are needed, and 67 are to stay" in message
    assert "DYSFW_HOME" in message


@pytest.mark.skipif(os.geteuid() != 0, reason="needs root to mount a small disk")
def test_a_disk_that_fills_up_on_the_way_is_no_crash(web, store, faces, monkeypatch):
    store.mkdir(parents=True)
    if subprocess.run(["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", store], check=False, capture_output=True).returncode:
        pytest.skip("mounting is not allowed here")
    monkeypatch.setattr(downloading, "_refuse_full", lambda *_: None)
    try:
        assert "No space left on device" in refusal(faces)
    finally:
        subprocess.run(["umount", store], check=True)


def test_a_store_that_cannot_be_written_says_what_to_do(web, store, faces):
    store.parent.mkdir()
    store.write_text("a file where the folder should be")
    message = refusal(faces)
    assert f"cannot write weights to {stored_path(faces).parent}" in message
    assert "DYSFW_HOME" in message
    assert web.requests == []


@pytest.mark.skipif(os.geteuid() != 0, reason="needs root to mount a disk that cannot be written")
def test_a_store_on_a_disk_that_cannot_be_written_can_be_read(web, store, faces):
    store.mkdir(parents=True)
    if subprocess.run(["mount", "-t", "tmpfs", "-o", "size=80m", "tmpfs", store], check=False, capture_output=True).returncode:
        pytest.skip("mounting is not allowed here")
    try:
        fetch_weights(faces)
        subprocess.run(["mount", "-o", "remount,ro", store], check=True)
        assert find_weights(faces).read_bytes() == CONTENT
        message = refusal(dataclasses.replace(faces, sha256="0" * 64))
        assert "Read-only file system" in message
        assert "DYSFW_HOME" in message
    finally:
        subprocess.run(["umount", store], check=True)


def test_a_store_that_is_shared_stays_shared(web, store, faces):
    store.mkdir(parents=True)
    store.chmod(0o755)
    fetch_weights(faces)
    assert store.stat().st_mode & 0o777 == 0o755


def test_a_user_without_a_home_is_told_where_weights_could_be(faces, monkeypatch):
    def nobody(_):
        raise KeyError

    for name in ("HOME", "DYSFW_HOME", "XDG_CACHE_HOME"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(pwd, "getpwuid", nobody)
    with pytest.raises(DysfwError, match="no home folder.*\n.*set DYSFW_HOME"):
        look(faces)
    monkeypatch.setenv("DYSFW_HOME", "/nowhere")
    assert look(faces).condition == "missing"


@pytest.mark.parametrize("value", ["1", "true"])
def test_offline_is_absolute(web, store, faces, monkeypatch, value):
    monkeypatch.setenv("DYSFW_OFFLINE", value)
    monkeypatch.setenv("DYSFW_FETCH", "1")
    message = refusal(faces)
    assert "DYSFW_OFFLINE=1 forbids it" in message
    assert "weights import faces FILE" in message
    assert web.requests == []
    with pytest.raises(WeightsMissingError):
        find_weights(faces)
    assert web.requests == []


def test_only_with_leave_is_anything_fetched_on_the_way(web, store, faces, monkeypatch):
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


def until(condition):
    deadline = time.monotonic() + 60
    while not condition() and time.monotonic() < deadline:
        time.sleep(0.05)


def process(faces):
    command = [sys.executable, "-c", FETCH, faces.address, faces.sha256, str(faces.size)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def test_of_two_processes_one_fetches_and_the_other_waits(web, store, faces):
    web.script = ["slow"]
    first = process(faces)
    until(lambda: web.requests)
    second = process(faces)
    assert any("another process is fetching faces; waiting for it" in line for line in second.stderr)
    web.go.set()
    found = [one.communicate(timeout=60)[0].strip() for one in (first, second)]
    assert found == [str(stored_path(faces))] * 2
    assert len(web.requests) == 1


def test_a_killed_fetch_goes_on_where_it_was(web, store, faces):
    web.script = ["cut 1500000", "slow"]
    running = process(faces)
    partial = stored_path(faces).with_name("faces.bin.partial")
    until(lambda: len(web.requests) == 2)
    running.send_signal(signal.SIGKILL)
    running.wait()
    web.go.set()
    assert 0 < partial.stat().st_size < len(CONTENT)
    web.requests.clear()
    assert fetch_weights(faces).read_bytes() == CONTENT
    assert web.requests[0]["Range"].startswith("bytes=")


def test_a_file_brought_by_hand_is_taken_only_if_it_is_the_right_one(store, faces, tmp_path):
    (tmp_path / "half.bin").write_bytes(CONTENT[: len(CONTENT) // 2])
    (tmp_path / "whole.bin").write_bytes(CONTENT)
    with pytest.raises(DysfwError, match=r"half.bin \(1,500,000 bytes, sha256 .* is not faces.bin, which has 3,000,000 bytes"):
        import_file(faces, tmp_path / "half.bin")
    assert look(faces).condition == "missing"
    assert import_file(faces, tmp_path / "whole.bin") == stored_path(faces)
    assert look(faces, thoroughly=True).condition == "here"


def test_a_damaged_file_is_seen_by_its_size_and_by_its_hash(store, faces, tmp_path):
    (tmp_path / "whole.bin").write_bytes(CONTENT)
    path = import_file(faces, tmp_path / "whole.bin")
    path.write_bytes(bytes(len(CONTENT)))
    assert look(faces).condition == "here"
    assert "its sha256 is" in look(faces, thoroughly=True).problem
    path.write_bytes(CONTENT[:-1])
    assert look(faces).problem == "it has 2,999,999 bytes instead of 3,000,000"


def test_a_damaged_file_is_not_used_and_fetching_replaces_it(web, store, faces, tmp_path):
    fetch_weights(faces).write_bytes(CONTENT[: len(CONTENT) // 2])
    with pytest.raises(
        DysfwError, match="are damaged: it has 1,500,000 bytes instead of 3,000,000\n.*fetch faces` replaces it"
    ):
        find_weights(faces)
    assert fetch_weights(faces).read_bytes() == CONTENT


def test_a_file_that_ships_is_checked_as_far_as_its_manifest_goes():
    shipped = WeightsSpec("own", "dysfw:py.typed", "a file without hash and size")
    assert find_weights(shipped).name == "py.typed"
    with pytest.raises(DysfwError, match="are damaged: it has 0 bytes instead of 7\n.*pip install --force-reinstall"):
        find_weights(dataclasses.replace(shipped, size=7))
    assert look(dataclasses.replace(shipped, size=7, exact_size=False)).condition == "here"
    for absent in ("dysfw:nothing.bin", "no_such_package:x.bin", "no_such.package:x.bin"):
        with pytest.raises(WeightsMissingError, match="are not there"):
            find_weights(dataclasses.replace(shipped, file=absent))


def test_the_store_is_where_the_user_says(monkeypatch, faces, tmp_path):
    monkeypatch.delenv("DYSFW_HOME", raising=False)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    assert stored_path(faces) == tmp_path / "dysfw" / "weights" / faces.sha256[:16] / "faces.bin"
    monkeypatch.delenv("XDG_CACHE_HOME")
    assert stored_path(faces).is_relative_to(Path.home() / ".cache" / "dysfw")
