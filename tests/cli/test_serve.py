"""`dysfw serve` in its own process."""

import re
import signal
import socket
import time
from concurrent.futures import ThreadPoolExecutor

import pytest
from program import Programs

from dysfw.errors import DysfwError
from dysfw.serve.client import Client
from dysfw.util.install import install_command

pytestmark = pytest.mark.slow


@pytest.fixture
def programs():
    running = Programs()
    yield running
    running.end()


def test_it_prints_a_working_address_and_ends_by_ctrl_c(programs, bundle, paint):
    server = programs.start("serve", bundle, "--port", 0)
    address = re.search(r"http://127\.0\.0\.1:\d+/\?token=\S{20,}", server.stdout.readline())[0]
    with Client(address) as client:
        assert "red" in [one["label"] for one in client.bundle()["labels"]]
        assert client.predict(paint("a.png", (200, 40, 40)))["ranking"][0]["label"] == "red"
    server.send_signal(signal.SIGINT)
    _, err = server.communicate(timeout=30)
    assert server.returncode == 0
    assert err.splitlines()[-1] == "stopped"
    assert "GET /v1/bundle 200" in err
    assert "Research use only" in err
    assert address.rpartition("=")[2] not in err  # the token is in no log


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_it_ends_cleanly_during_a_request(programs, bundle, paint, number):
    server = programs.start("serve", bundle, "--port", 0)
    address = re.search(r"http://\S+", server.stdout.readline())[0]
    with Client(address) as client, ThreadPoolExecutor(1) as executor:
        client.bundle()
        heavy = executor.submit(client.predict_all, [paint("a.png", (200, 40, 40), size=(900, 900))] * 16, maps="occlusion")
        time.sleep(0.4)
        server.send_signal(number)
        _, err = server.communicate(timeout=60)
        assert server.returncode == 0
        assert "Traceback" not in err
        assert err.splitlines()[-1] == "stopped"
        with pytest.raises(DysfwError, match="503|does not answer"):
            heavy.result()


def test_a_port_in_use_is_reported_before_anything_is_loaded(dysfw, bundle):
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        ran = dysfw("serve", bundle, "--port", port)
    assert ran.code == 2
    assert f"cannot listen on 127.0.0.1, port {port}" in ran.err
    assert "--port" in ran.err


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--host", "192.0.2.1", "--no-token"], "can be reached from other machines"),
        (["--host", "no.such.host.invalid"], "cannot listen on no.such.host.invalid"),
        (["--max-upload", "0"], "--max-upload"),
    ],
)
def test_invalid_options_are_refused(dysfw, bundle, arguments, message):
    ran = dysfw("serve", bundle, *arguments)
    assert (ran.code, ran.out) == (2, "")
    assert message in ran.err


def test_an_untrained_recipe_is_refused(dysfw, toy_recipe):
    ran = dysfw("serve", toy_recipe, "--port", 0)
    assert (ran.code, ran.out) == (2, "")
    assert "is not trained" in ran.err


def test_missing_modules_are_reported(dysfw, bundle, monkeypatch):
    import importlib.util

    find = importlib.util.find_spec
    monkeypatch.setattr(importlib.util, "find_spec", lambda name, *rest: None if name == "uvicorn" else find(name, *rest))
    ran = dysfw("serve", bundle)
    assert ran.code == 2
    assert install_command("dysfw", "serve") in ran.err
