"""Fixtures for the tests of plugins. pytest finds them wherever dysfw is installed; their names begin with ``dysfw_``.

Nothing heavy is imported here: pytest loads this module in every run, also in those that have nothing to do with dysfw.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from ..registry.registry import Registry
    from ..types import Face, Image
    from .fake_plugins import FakePlugins
    from .weights_server import WeightsServer


@pytest.fixture(scope="session")
def dysfw_images() -> list[Image]:
    """Four phantoms: synthetic faces, 288 × 288 px, upright and from the front."""
    from .examples import phantom_images

    return list(phantom_images())


@pytest.fixture(scope="session")
def dysfw_faces() -> list[Face]:
    """The face in each of ``dysfw_images``: box, score and five landmarks."""
    from .examples import phantom_faces

    return list(phantom_faces())


@pytest.fixture(scope="session")
def dysfw_noise() -> Callable[..., Image]:
    """dysfw_noise(width=64, height=48, seed=0): an image of random pixels, in which there is no face."""
    from .examples import noise_image

    return noise_image


@pytest.fixture
def dysfw_fake_plugins(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[FakePlugins]:
    """A folder of made-up plugins: real distributions with entry points, gone after the test. See ``dysfw.testing.fake_plugins``."""
    from .fake_plugins import FakePlugins

    folder = tmp_path / "site"
    folder.mkdir()
    monkeypatch.syspath_prepend(folder)
    fake_plugins = FakePlugins(folder)
    yield fake_plugins
    fake_plugins.forget()


@pytest.fixture
def dysfw_registry() -> Callable[..., Registry]:
    """dysfw_registry("mine=my_package.plugin"): a registry of the core's own components and these entry points, and of nothing
    else that is installed; without arguments, of the core's own alone."""
    from .fake_plugins import isolated_registry

    return isolated_registry


@pytest.fixture
def dysfw_weights_server(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[WeightsServer]:
    """A web server on this machine that publishes weight files, and can be told to fail: see ``dysfw.testing.weights_server``. Fetching
    is allowed in the test, and what is fetched goes to a store of its own."""
    from .weights_server import WeightsServer

    for name in ("DYSFW_OFFLINE", "HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    monkeypatch.setenv("DYSFW_HOME", str(tmp_path / "dysfw-home"))
    monkeypatch.setenv("DYSFW_FETCH", "1")
    with WeightsServer() as server:
        yield server
