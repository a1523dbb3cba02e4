"""The commands of the Containerfile's targets, under the restrictions of its image. No image is built."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest
from pyarrow import parquet

ROOT = Path(__file__).parents[1]
CONFINED = ROOT / "tools" / "container" / "confined.sh"
USER = 10001
# Starts the entry point as the container tool does, waits for its health check, predicts an image, and ends it.
DRIVER = """\
import json, os, signal, subprocess, sys, time
entry, health = json.loads(sys.argv[1]), json.loads(sys.argv[2])
server = subprocess.Popen(entry, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
address = server.stdout.readline().split()[-1]
while subprocess.run(health, stderr=subprocess.DEVNULL).returncode:
    assert server.poll() is None
    time.sleep(0.2)
from dysfw.serve.client import Client
found = Client(address.replace("0.0.0.0", "127.0.0.1")).predict("photos/phantom.jpg")
server.send_signal(signal.SIGTERM)
_, messages = server.communicate()
print(json.dumps({"label": found["ranking"][0]["label"], "code": server.returncode, "messages": messages}))
"""


@dataclass(frozen=True)
class Target:
    """What the Containerfile says of a target.

    Attributes:
        environment: ENV.
        entry: ENTRYPOINT.
        health: The command of HEALTHCHECK.
        user: USER.
    """

    environment: dict[str, str]
    entry: list[str]
    health: list[str]
    user: str


def target(name: str) -> Target:
    """Read a target, with what it takes from ``base``."""
    text = re.sub(r"\\\n\s*", "", (ROOT / "Containerfile").read_text("utf-8"))
    stages = {found[2]: found[3] for found in re.finditer(r"^FROM (\S+) AS (\S+)\n(.*?)(?=^FROM|\Z)", text, re.M | re.S)}
    lines = dict(line.split(" ", 1) for line in (stages["base"] + stages[name]).splitlines() if re.match(r"[A-Z]+ ", line))
    environment = dict(pair.split("=", 1) for pair in lines["ENV"].split())
    health = lines.get("HEALTHCHECK", "CMD []").partition("CMD ")[2]
    return Target(environment, json.loads(lines["ENTRYPOINT"]), json.loads(health), lines["USER"])


@pytest.fixture
def confined(tmp_path):
    """confined(target, "python", …): run a command as in the image, with /data and /out."""
    allowed = os.geteuid() == 0 and not subprocess.run(["unshare", "--mount", "--net", "true"], check=False).returncode
    if not allowed:
        pytest.skip("namespaces need root")
    for name in ("out", "cache"):
        (tmp_path / name).mkdir()
        os.chown(tmp_path / name, USER, USER)

    def run(of: Target, *command: object) -> subprocess.CompletedProcess:
        volumes = {tmp_path / "out": "/out", tmp_path / "cache": "/cache"}
        shown = {ROOT / "docs" / "images": "/data/photos:ro", ROOT / "recipes": "/data/recipes:ro"}
        options = [f"--volume={source}:{place}".partition("=") for source, place in (volumes | shown).items()]
        words = [word for option, _, value in options for word in (option, value)]
        words += ["--link", ROOT, "--link", sys.base_prefix]
        path = f"{Path(sys.executable).parent}:/usr/bin:/bin"  # in the image /opt/dysfw/bin
        for name, value in (of.environment | {"PATH": path}).items():
            words += ["--env", f"{name}={value}"]
        return subprocess.run([str(CONFINED), *map(str, [*words, *command])], capture_output=True, text=True, check=False)

    return run


def test_the_image_has_no_home_and_is_no_root():
    for name in ("serve", "batch"):
        of = target(name)
        assert of.user == f"{USER}:{USER}"
        assert of.environment["HOME"] == "/nonexistent"
        assert of.environment["DYSFW_OFFLINE"] == "1"
    assert target("serve").health


@pytest.mark.slow
def test_the_restrictions_are_real(confined):
    script = (
        "id -u; echo $HOME; touch /data/x || touch /usr/x || touch /x || echo read-only; touch /tmp/x /out/x && echo writable"
    )
    ran = confined(target("batch"), "sh", "-c", script)
    assert ran.stdout.split() == [str(USER), "/nonexistent", "read-only", "writable"]
    network = confined(target("batch"), "python", "-c", "import socket; socket.create_connection(('1.1.1.1', 53), 3)")
    assert "unreachable" in network.stderr


@pytest.mark.slow
def test_a_batch_runs_in_the_container(confined, tmp_path):
    of = target("batch")
    ran = confined(of, *of.entry, "recipes/dlib.yaml", "photos", "-o", "/out/predictions.parquet")
    assert ran.returncode in (0, 1), ran.stderr  # some pictures of the documentation show no face
    table = parquet.read_table(tmp_path / "out" / "predictions.parquet").to_pylist()
    predicted = next(row for row in table if row["image"].endswith("phantom.jpg"))
    assert (predicted["error_code"], predicted["predicted"][:8]) == (None, "phantom-")
    assert (tmp_path / "out" / "predictions.parquet").stat().st_uid == USER
    assert [path.name for path in (tmp_path / "out").iterdir()] == ["predictions.parquet"]


@pytest.mark.slow
def test_a_server_runs_in_the_container_and_ends_when_asked(confined):
    of = target("serve")
    entry = json.dumps([*of.entry, "recipes/dlib.yaml"])
    ran = confined(of, "python", "-c", DRIVER, entry, json.dumps(of.health))
    assert ran.returncode == 0, ran.stderr
    found = json.loads(ran.stdout)
    assert found["label"].startswith("phantom-")
    assert found["code"] == 0
    assert found["messages"].splitlines()[-1] == "stopped"
    assert "Traceback" not in found["messages"]
