"""Time of MTCNN for an image in each runtime, on one core: processor time, on which other programs have little influence."""

from __future__ import annotations

import os
import tempfile
import time
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path

from dysfw_facenet.detector import Mtcnn

from dysfw.decoding.decode import read_image
from dysfw.types import Image

from .images import enlarged, repeated
from .table import Row, ratio, repeats
from .timing import Settings, interleaved

RUNTIMES = ("torch", "onnxruntime", "openvino")


def rows(settings: Settings) -> list[Row]:
    os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
    small = [read_image(path) for path in repeated(settings, settings.of(8, 24))]
    with tempfile.TemporaryDirectory() as scratch:
        large = [read_image(path) for path in enlarged(repeated(settings, settings.of(2, 4)), Path(scratch) / "large")]
    rounds = settings.of(3, 7)
    return [*measure("a phantom", small, rounds), *measure("12 megapixels", large, rounds)]


def measure(what: str, images: Sequence[Image], rounds: int) -> list[Row]:
    detectors = {runtime: Mtcnn(runtime=runtime) for runtime in RUNTIMES}
    works: dict[str, Callable[[], object]] = {name: partial(seconds, one, images) for name, one in detectors.items()}
    for work in works.values():
        work()  # networks are opened at the first image, and planned for each new size
    times = interleaved(works, rounds)
    return [
        Row(
            what=f"MTCNN in {name}, {what}, one core",
            value=repeats([1000 * one for one in values]),
            unit="ms",
            ratio=ratio(values, times["torch"]) if name != "torch" else None,
            to="torch" if name != "torch" else "",
            timed=False,
        )
        for name, values in times.items()
    ]


def seconds(detector: Mtcnn, images: Sequence[Image]) -> float:
    """Processor time for an image, one after the other."""
    started = time.process_time()
    for image in images:
        detector.detect([image])
    return (time.process_time() - started) / len(images)
