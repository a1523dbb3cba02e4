"""Published weights, downloaded from a local server with a minimal Hugging Face Hub protocol."""

import hashlib
import json
import os
import subprocess
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
import timm
import torch
from dysfw_timm import hub as module_under_test
from dysfw_timm.backbone import Timm
from safetensors.torch import save

from dysfw.errors import DysfwError
from dysfw.registry.hookspecs import WeightsSpec
from dysfw.weights.find import WeightsMissingError
from dysfw.weights.store import import_file

pytestmark = pytest.mark.slow

ADDRESS = "/timm/test_resnet.r160_in1k/resolve/"
# Each line of the input is an environment, in which a process requests published weights and prints what it got. The process is
# new, because the hub's client reads the environment on import, but torch, which does not, is imported once for all.
CODE = """
import json, os, sys, traceback
import torch, torchvision
def request():
    from dysfw.errors import DysfwError
    from dysfw_timm.backbone import Timm
    try:
        (w,) = Timm("test_resnet", "imagenet").weights()
        return {"sha256": w.sha256, "licence": w.licence, "name": w.name, "trained": w.trained}
    except DysfwError as e:
        return {"error": str(e)}
    except BaseException:
        return {"traceback": traceback.format_exc()}
for line in sys.stdin:
    if process := os.fork():
        os.waitpid(process, 0)
    else:
        assert "huggingface_hub" not in sys.modules
        os.environ.clear()
        os.environ.update(json.loads(line))
        print(json.dumps(request()), flush=True)
        os._exit(0)
"""


@pytest.fixture(scope="module")
def requester():
    """A process that runs ``CODE``."""
    command = [sys.executable, "-c", CODE]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        yield process
        process.stdin.close()


@pytest.fixture
def hub():
    """A server of ``hub.files`` that records method, path and headers of each request in ``hub.requests``."""

    class Handler(BaseHTTPRequestHandler):
        def do_HEAD(self):
            self.server.requests.append((self.command, self.path, dict(self.headers)))
            name = self.path.partition("/resolve/")[2].partition("/")[2]
            body = self.server.files.get(name)
            self.send_response(200 if body is not None else 404)
            self.send_header("X-Repo-Commit", "0" * 40)
            self.send_header("Content-Length", str(len(body or b"")))
            if body is None:
                self.send_header("X-Error-Code", "EntryNotFound")
            else:
                self.send_header("ETag", f'"{hashlib.sha256(body).hexdigest()}"')
            self.end_headers()
            if self.command == "GET" and body:
                self.wfile.write(body)

        do_GET = do_HEAD  # noqa: N815 -- the name that http.server calls

        def log_message(self, *_):
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.files, server.requests = {}, []
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield server
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def imagenet(hub, requester, tmp_path):
    """Request published weights in a new process with these variables, without those that are None."""

    def request(**variables: str | None):
        inherited = {k: v for k, v in os.environ.items() if not k.startswith(("HF_", "HUGGINGFACE_", "DYSFW_"))}
        own = {"HF_ENDPOINT": f"http://127.0.0.1:{hub.server_port}", "HF_HOME": str(tmp_path / "cache"), "HF_TOKEN": "mine"}
        environment = inherited | own | {"NO_PROXY": "127.0.0.1"} | variables
        environment = {name: value for name, value in environment.items() if value is not None}
        requester.stdin.write(json.dumps(environment) + "\n")
        requester.stdin.flush()
        found = json.loads(requester.stdout.readline())
        assert "traceback" not in found, found["traceback"]
        return found

    return request


def test_weights_are_downloaded_once_and_then_cached(hub, imagenet):
    torch.manual_seed(0)
    hub.files["model.safetensors"] = save(timm.create_model("test_resnet").state_dict())
    found = imagenet(DYSFW_FETCH="1")
    assert found["sha256"] == hashlib.sha256(hub.files["model.safetensors"]).hexdigest()
    assert found["name"] == "timm/test_resnet.r160_in1k/model.safetensors"
    assert found["licence"] == "apache-2.0"
    assert found["trained"]
    assert {path.rpartition("/")[2] for _, path, _ in hub.requests} == {"model.safetensors"}
    for _, _, headers in hub.requests:
        lower = {k.lower(): v for k, v in headers.items()}
        assert "authorization" not in lower
        assert "torch" not in lower["user-agent"]
        assert "agent/" not in lower["user-agent"]
    hub.requests.clear()
    assert imagenet() == found
    assert imagenet(DYSFW_FETCH="1") == found
    assert hub.requests == []


def test_files_are_kept_in_the_store_unless_the_user_chose_a_folder(hub, imagenet, tmp_path):
    hub.files["model.safetensors"] = save(timm.create_model("test_resnet").state_dict())
    home = {"HOME": str(tmp_path / "home"), "HF_HOME": None, "XDG_CACHE_HOME": None}
    (tmp_path / "home").mkdir()
    found = imagenet(**home, DYSFW_FETCH="1")
    assert [path.name for path in (tmp_path / "home" / ".cache").iterdir()] == ["dysfw"]
    assert (tmp_path / "home" / ".cache" / "dysfw" / "weights" / "hub").is_dir()
    hub.requests.clear()
    assert imagenet(**home) == found
    assert hub.requests == []


def test_files_that_other_programs_fetched_are_found(hub, imagenet, tmp_path):
    hub.files["model.safetensors"] = save(timm.create_model("test_resnet").state_dict())
    home = tmp_path / "home"
    home.mkdir()
    found = imagenet(HOME=str(home), HF_HOME=str(home / ".cache" / "huggingface"), DYSFW_FETCH="1")
    hub.requests.clear()
    assert imagenet(HOME=str(home), HF_HOME=None, XDG_CACHE_HOME=None) == found
    assert hub.requests == []


@pytest.mark.parametrize("variables", [{}, {"DYSFW_FETCH": "1", "DYSFW_OFFLINE": "1"}])
def test_without_permission_nothing_is_requested_and_the_error_explains_the_options(hub, imagenet, variables):
    error = imagenet(**variables)["error"]
    assert hub.requests == []
    for part in (
        "test_resnet",
        f"{ADDRESS}main/model.safetensors",
        "at least 1 MB",
        "apache-2.0",
        "--fetch",
        "safetensors file",
    ):
        assert part in error


def test_pickled_weights_are_not_downloaded(hub, imagenet):
    hub.files["pytorch_model.bin"] = b"pickle"
    error = imagenet(DYSFW_FETCH="1")["error"]
    assert "model.safetensors does not exist, and other formats are not supported" in error
    assert all("pytorch_model.bin" not in path for _, path, _ in hub.requests)


def test_a_failed_download_is_reported_with_its_reason(imagenet):
    error = imagenet(DYSFW_FETCH="1", HF_HUB_OFFLINE="1")["error"]
    assert "test_resnet: http://127.0.0.1" in error
    assert "could not be downloaded" in error
    assert "offline mode is enabled" in error


@pytest.fixture
def weights(hub, tmp_path):
    """Run ``dysfw weights …`` in a new process that uses this hub."""

    def run(*arguments, code=0):
        inherited = {k: v for k, v in os.environ.items() if not k.startswith(("HF_", "HUGGINGFACE_", "DYSFW_"))}
        own = {
            "HF_ENDPOINT": f"http://127.0.0.1:{hub.server_port}",
            "HF_HOME": str(tmp_path / "cache"),
            "NO_PROXY": "127.0.0.1",
        }
        command = [str(Path(sys.executable).with_name("dysfw")), "weights", *arguments]
        ran = subprocess.run(
            command, env=inherited | own | {"HF_HUB_DISABLE_XET": "1"}, capture_output=True, text=True, check=False
        )
        assert ran.returncode == code, ran.stdout + ran.stderr
        return " ".join((ran.stdout + ran.stderr).split())

    return run


def test_a_downloaded_file_is_verified_with_the_hash_of_the_hub(hub, weights, tmp_path):
    hub.files["model.safetensors"] = b"these are weights"
    digest = hashlib.sha256(b"these are weights").hexdigest()
    output = weights("fetch", "imagenet-inception-resnet-v2")
    assert f"its sha256 is {digest}, as stated by the hub" in output
    assert "about 224 MB, licence Apache-2.0" in output
    assert f"verified (sha256 {digest}, as published on the hub)" in weights("verify", "imagenet-inception-resnet-v2")
    (blob,) = (tmp_path / "cache").rglob(f"blobs/{digest}")
    blob.write_bytes(b"these are weigths")
    assert "are damaged: its sha256 is" in weights("verify", code=1)


def test_a_downloaded_file_with_another_hash_is_deleted(hub, weights, tmp_path):
    hub.files["model.safetensors"] = b"not vgg"
    assert "is not imagenet-vgg16: its sha256 is" in weights("fetch", "imagenet-vgg16", code=2)
    assert "'imagenet-vgg16' are not on this machine" in weights("verify", "imagenet-vgg16", code=1)


def test_a_damaged_cached_file_is_replaced(hub, weights, tmp_path):
    hub.files["model.safetensors"] = b"these are weights"
    weights("fetch", "imagenet-inception-resnet-v2")
    (blob,) = (tmp_path / "cache").rglob(f"blobs/{hashlib.sha256(b'these are weights').hexdigest()}")
    blob.write_bytes(b"these are weigths")
    assert "as stated by the hub" in weights("fetch", "imagenet-inception-resnet-v2")
    assert blob.read_bytes() == b"these are weights"


def test_imported_weights_are_used_for_imagenet(monkeypatch, tmp_path):
    file = tmp_path / "down.safetensors"
    file.write_bytes(save(timm.create_model("test_resnet").state_dict()))
    sha256 = hashlib.sha256(file.read_bytes()).hexdigest()
    listed = WeightsSpec("imagenet-test", "model.safetensors", "a test", sha256=sha256, hub="timm/test_resnet.r160_in1k")
    monkeypatch.setattr(module_under_test, "WEIGHTS", [listed])
    monkeypatch.setenv("DYSFW_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("DYSFW_OFFLINE", "1")
    with pytest.raises(WeightsMissingError, match="weights import imagenet-test FILE"):
        Timm("test_resnet", "imagenet")
    path = import_file(listed, file)
    (used,) = Timm("test_resnet", "imagenet").weights()
    assert (used.sha256, used.licence) == (sha256, "apache-2.0")
    path.write_bytes(file.read_bytes()[:-1] + b"!")
    with pytest.raises(DysfwError, match="are damaged"):
        Timm("test_resnet", "imagenet")
