"""Fetching weights from a server that does what servers do."""

import dataclasses
import os
import shutil
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from dysfw.errors import DysfwError
from dysfw.progress import Silent
from dysfw.weights import download as downloading
from dysfw.weights import leave
from dysfw.weights.find import fetch_weights
from dysfw.weights.store import import_file, look, stored_path

from .conftest import CONTENT


class Notes(Silent):
    def __init__(self):
        self.lines = []

    def note(self, text):
        self.lines.append(text)


@pytest.fixture(autouse=True)
def told(monkeypatch):
    """What was said; and no test waits for servers to recover."""
    monkeypatch.setattr(downloading, "FIRST_WAIT", 0.01)
    notes = Notes()
    monkeypatch.setattr(leave, "_told", [notes])
    return notes.lines


def refusal(spec):
    with pytest.raises(DysfwError) as caught:
        fetch_weights(spec)
    return str(caught.value)


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


def test_more_bytes_than_the_manifest_says_are_not_taken(web, store, faces):
    web.script = ["more"]
    assert "sends more than the 3,000,000 bytes" in refusal(faces)


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


def test_a_redirect_out_of_tls_is_refused():
    session = downloading._session("https://example.org/x")
    with pytest.raises(Exception, match="is not encrypted"):
        session.get("http://127.0.0.1:9/x")


def test_a_server_that_is_not_there_is_an_error_with_its_reason(store, faces):
    message = refusal(dataclasses.replace(faces, address="http://127.0.0.1:9/faces.bin"))
    assert "the connection failed" in message
    assert "refused" in message
    assert "5 attempts" in message


def test_a_proxy_that_does_not_let_through_is_named(store, faces, monkeypatch):
    monkeypatch.setenv("NO_PROXY", "")
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    assert "the proxy named by HTTPS_PROXY or HTTP_PROXY does not let through" in refusal(faces)


def test_a_full_disk_is_seen_before_anything_is_written(web, store, faces, monkeypatch):
    monkeypatch.setattr(shutil, "disk_usage", lambda _: shutil._ntuple_diskusage(10**9, 10**9 - 10**6, 10**6))
    message = refusal(faces)
    assert "has 1 MB free, and 3 MB are needed" in message
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


def test_offline_is_absolute(web, store, faces, monkeypatch):
    monkeypatch.setenv("DYSFW_OFFLINE", "1")
    monkeypatch.setenv("DYSFW_FETCH", "1")
    message = refusal(faces)
    assert "DYSFW_OFFLINE=1 forbids it" in message
    assert "weights import faces FILE" in message
    assert web.requests == []
    assert not leave.may_fetch()


FETCH = """
import sys
from dysfw.registry.hookspecs import WeightsSpec
from dysfw.weights.find import fetch_weights
print(fetch_weights(WeightsSpec("faces", "faces.bin", "a test", sys.argv[2], int(sys.argv[3]), address=sys.argv[1])))
"""


def process(faces):
    command = [sys.executable, "-c", FETCH, faces.address, faces.sha256, str(faces.size)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True)


def test_of_two_processes_one_fetches_and_the_other_waits(web, store, faces):
    web.script = ["slow"]
    running = [process(faces), process(faces)]
    deadline = time.monotonic() + 30
    while not web.requests and time.monotonic() < deadline:
        time.sleep(0.05)
    time.sleep(1)  # for the second to arrive
    web.go.set()
    found = [one.communicate(timeout=60)[0].strip() for one in running]
    assert found == [str(stored_path(faces))] * 2
    assert len(web.requests) == 1


def test_a_killed_fetch_goes_on_where_it_was(web, store, faces):
    sent = threading.Event()
    web.script = ["cut 1500000", "slow"]
    running = process(faces)
    partial = stored_path(faces).with_name("faces.bin.partial")
    deadline = time.monotonic() + 30
    while len(web.requests) < 2 and time.monotonic() < deadline:
        sent.wait(0.05)
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


def test_the_store_is_where_the_user_says(monkeypatch, faces, tmp_path):
    monkeypatch.delenv("DYSFW_HOME", raising=False)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    assert stored_path(faces) == tmp_path / "dysfw" / "weights" / faces.sha256[:16] / "faces.bin"
    monkeypatch.delenv("XDG_CACHE_HOME")
    assert stored_path(faces).is_relative_to(Path.home() / ".cache" / "dysfw")
