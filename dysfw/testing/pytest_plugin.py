"""Pytest fixtures for tests of plugins. They are available wherever dysfw is installed; their names begin with ``dysfw_``.

This module imports nothing heavy, because pytest loads it in every run in the environment.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from ..registry.registry import Registry
    from ..types import Face, Image
    from .fake_plugins import FakePlugins
    from .weights_server import WeightsServer


@pytest.fixture(autouse=True)
def dysfw_restored_plugins() -> Iterator[None]:
    """A test that loads other plugins, such as ``dysfw --plugins``, does not change those of the tests after it."""
    registry = sys.modules.get("dysfw.registry.registry")  # not imported for tests that do without
    before = registry and vars(registry)["_current"]
    yield
    if registry := sys.modules.get("dysfw.registry.registry"):
        vars(registry)["_current"] = before


@pytest.fixture(scope="session")
def dysfw_images() -> list[Image]:
    """Four images of synthetic faces, 288 × 288 px, upright and frontal."""
    from .examples import phantom_images

    return list(phantom_images())


@pytest.fixture(scope="session")
def dysfw_faces() -> list[Face]:
    """The face in each of ``dysfw_images``: box, score and five landmarks."""
    from .examples import phantom_faces

    return list(phantom_faces())


@pytest.fixture(scope="session")
def dysfw_noise() -> Callable[..., Image]:
    """``dysfw_noise(width=64, height=48, seed=0)`` makes an image of random pixels, without a face."""
    from .examples import noise_image

    return noise_image


@pytest.fixture
def dysfw_fake_plugins(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[FakePlugins]:
    """A folder of plugins that exist only in the test: see ``dysfw.testing.fake_plugins.FakePlugins``."""
    from .fake_plugins import FakePlugins

    folder = tmp_path / "site"
    folder.mkdir()
    monkeypatch.syspath_prepend(folder)
    fake_plugins = FakePlugins(folder)
    yield fake_plugins
    fake_plugins.forget()


@pytest.fixture
def dysfw_registry() -> Callable[..., Registry]:
    """``dysfw_registry("mine=my_package.plugin")`` makes a registry of the built-in components and these entry points.

    Other installed plugins are not loaded. Without arguments, it holds the built-in components only.
    """
    from .fake_plugins import isolated_registry

    return isolated_registry


@pytest.fixture
def dysfw_weights_server(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[WeightsServer]:
    """A local web server for weight files: see ``dysfw.testing.weights_server.WeightsServer``.

    The test may download weights; they are stored in a temporary folder.
    """
    from .weights_server import WeightsServer

    for name in ("DYSFW_OFFLINE", "HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    monkeypatch.setenv("DYSFW_HOME", str(tmp_path / "dysfw-home"))
    monkeypatch.setenv("DYSFW_FETCH", "1")
    with WeightsServer() as server:
        yield server
