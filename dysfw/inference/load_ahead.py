"""Loads the components that an image needs while it is being decoded."""

from __future__ import annotations

import threading
from collections.abc import Mapping, Sequence
from functools import partial

from ..contracts.components import Backbone, Component
from ..util import background
from .build import Components
from .jobs import ImageJob


class LoadAhead:
    """Starts to load each component once, in a thread of its own, when the first image needs it.

    Images whose results are all in the cache need none, so no network is loaded for them.

    Args:
        components: The components.
        tuned: Fine-tuned backbones by region.
    """

    def __init__(self, components: Components, tuned: Mapping[str, Backbone]) -> None:
        backbones: list[Component] = [*tuned.values()]
        if set(components.segmenter.regions) - tuned.keys():
            backbones.insert(0, components.backbone)
        self._waiting: dict[str, list[Component]] = {
            "detector": [components.detector],
            "segmenter": [components.segmenter],
            "backbone": backbones,
        }
        self._lock = threading.Lock()

    def start(self, job: ImageJob) -> None:
        """Start to load what is left to do for an image.

        Args:
            job: The image, with everything that the cache knows of it.
        """
        if job.is_done or not self._waiting:
            return
        if job.faces is None:
            self._start("detector")
        if job.faces is None or any(face.segmentation is None for face in job.face_jobs):
            self._start("segmenter")
        self._start("backbone")

    def _start(self, kind: str) -> None:
        with self._lock:
            components = self._waiting.pop(kind, [])
        if any(type(component).load is not Component.load for component in components):
            background.start(partial(_load, components), f"load {kind}")


def _load(components: Sequence[Component]) -> None:
    for component in components:
        component.load()
