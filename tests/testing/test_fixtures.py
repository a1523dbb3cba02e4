"""The pytest fixtures for plugin authors."""

import numpy as np
import pytest

from dysfw.errors import DysfwError
from dysfw.weights.find import fetch_weights

pytest_plugins = ["pytester"]


def test_the_faces_are_inside_the_images(dysfw_images, dysfw_faces):
    assert len(dysfw_images) == len(dysfw_faces) == 4
    for image, face in zip(dysfw_images, dysfw_faces, strict=True):
        assert (face.landmarks > 0).all()
        assert (face.landmarks < [image.width, image.height]).all()
        assert not image.pixels.flags.writeable


def test_noise_is_reproducible(dysfw_noise):
    assert np.array_equal(dysfw_noise(seed=3).pixels, dysfw_noise(seed=3).pixels)
    assert dysfw_noise(width=7, height=5).pixels.shape == (5, 7, 3)


def test_the_registry_holds_only_the_given_plugins(dysfw_registry, dysfw_fake_plugins):
    assert {plugin.distribution for plugin in dysfw_registry().plugins} == {"dysfw"}
    dysfw_fake_plugins.offer("mine", "'fusion', 'plain', 'dysfw.builtin.fusions.pools:Mean', 'averages'")
    registry = dysfw_registry("mine=mine_plugin")
    assert registry.component("fusion", "plain").plugin.name == "mine"


def test_weights_are_downloaded_from_the_server(dysfw_weights_server, tmp_path):
    spec = dysfw_weights_server.publish("backbone.bin", b"weights" * 100)
    path = fetch_weights(spec)
    assert path.read_bytes() == b"weights" * 100
    assert str(path).startswith(str(tmp_path))
    assert dysfw_weights_server.requests == ["/backbone.bin"]


def test_a_failing_server_is_reported(dysfw_weights_server):
    spec = dysfw_weights_server.publish("backbone.bin", b"weights")
    dysfw_weights_server.fail(404)
    with pytest.raises(DysfwError, match="404"):
        fetch_weights(spec)


def test_conformance_makes_one_test_per_check(pytester, dysfw_fake_plugins, monkeypatch):
    monkeypatch.setenv("PYTHONPATH", str(dysfw_fake_plugins.folder))
    dysfw_fake_plugins.offer(
        "mine", "'fusion', 'plain', 'mine:Plain', 'averages'", requires="dysfw>=0.1,<0.2",
        mine="from dysfw.builtin.fusions.pools import Mean\n"
             "class Plain(Mean):\n    def fuse(self, v, p): return super().fuse(v, p) * 2",
    )  # fmt: skip
    pytester.makepyfile(
        """
        from dysfw.testing import conformance

        @conformance("dysfw-mine", expected_failures={"plain": {"returns_probabilities": "known bug"}})
        def test_contract(case):
            case()
        """
    )
    ran = pytester.runpytest_subprocess("-p", "no:cacheprovider", "-rA")
    outcomes = ran.parseoutcomes()
    assert outcomes["xfailed"] == 1
    assert outcomes["skipped"] == 1
    assert outcomes["failed"] == 1  # no docstring
    assert outcomes["passed"] + outcomes["xfailed"] + outcomes["skipped"] + outcomes["failed"] == 26
    ran.stdout.fnmatch_lines(["*failed: fusion plain: is_documented*", "*expected: a docstring*"])
