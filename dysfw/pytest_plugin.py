"""Fixtures for the tests of plugins. pytest finds them wherever dysfw is installed; their names begin with ``dysfw_``.

Nothing heavy is imported here: pytest loads this module in every run, also in those that have nothing to do with dysfw.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from .registry.registry import Registry
    from .testing.server import WeightsServer
    from .testing.site import Site
    from .types import Face, Image


@pytest.fixture(scope="session")
def dysfw_images() -> list[Image]:
    """Four phantoms: synthetic faces, 288 × 288 px, upright and from the front."""
    from .testing.examples import phantom_images

    return list(phantom_images())


@pytest.fixture(scope="session")
def dysfw_faces() -> list[Face]:
    """The face in each of ``dysfw_images``: box, score and five landmarks."""
    from .testing.examples import phantom_faces

    return list(phantom_faces())


@pytest.fixture(scope="session")
def dysfw_noise() -> Callable[..., Image]:
    """dysfw_noise(width=64, height=48, seed=0): an image of random pixels, in which there is no face."""
    from .testing.examples import noise_image

    return noise_image


@pytest.fixture
def dysfw_site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Site]:
    """A folder of made-up plugins: real distributions with entry points, gone after the test. See ``dysfw.testing.site``."""
    from .testing.site import Site

    folder = tmp_path / "site"
    folder.mkdir()
    monkeypatch.syspath_prepend(folder)
    site = Site(folder)
    yield site
    site.forget()


@pytest.fixture
def dysfw_registry() -> Callable[..., Registry]:
    """dysfw_registry("mine=my_package.plugin"): a registry of the core's own components and these entry points, and of nothing
    else that is installed; without arguments, of the core's own alone."""
    from .testing.site import isolated_registry

    return isolated_registry


@pytest.fixture
def dysfw_weights_server(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[WeightsServer]:
    """A web server on this machine that publishes weight files, and can be told to fail: see ``dysfw.testing.server``. Fetching
    is allowed in the test, and what is fetched goes to a store of its own."""
    from .testing.server import WeightsServer

    for name in ("DYSFW_OFFLINE", "HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    monkeypatch.setenv("DYSFW_HOME", str(tmp_path / "dysfw-home"))
    monkeypatch.setenv("DYSFW_FETCH", "1")
    with WeightsServer() as server:
        yield server
