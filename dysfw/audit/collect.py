"""Opens the photographs of a data set for an audit, one batch at a time."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import cast

from ..contracts.components import Detector
from ..errors import ImageError
from ..inference.batches import decoded_batches
from ..inference.build import build_detector
from ..inference.devices import resolve_device
from ..inference.embedder import on_grid
from ..inference.stages import run_isolated
from ..recipe.model import Recipe
from ..recipe.signature import SUPPLIED, signature_of
from ..registry.registry import Registry
from ..types import Face, Failure
from .shortcut_features import AuditSample

DETECTOR = "mtcnn"


def collect(paths: Iterable[Path], detector: Detector) -> Iterator[AuditSample | Failure]:
    """Each photograph with the face that a recipe would judge, in order. A photograph without a face is no failure here."""
    for batch in decoded_batches(paths, keep_content=True):
        images = [job.image for job in batch if job.image]
        faces = iter(run_isolated("the detector", detector.detect, images))
        for job in batch:
            if job.image is None or job.content is None:
                yield job.failures[0]
                continue
            found = next(faces)
            if isinstance(found, ImageError):
                job.fail(found)
                yield job.failures[0]
            else:
                yield AuditSample(job.content, job.image, chosen_face(found))


def chosen_face(faces: list[Face]) -> Face | None:
    """The one that a recipe judges, where it sees it: chosen by the detector, or else its first."""
    return on_grid(next((face for face in faces if face.chosen), faces[0])) if faces else None


def detector_of(recipe: Recipe | None, registry: Registry) -> Detector:
    """The detector of a recipe; without one, the registered DETECTOR with its defaults. Raises DysfwError."""
    if recipe:
        return build_detector(recipe)
    component = registry.load("detector", DETECTOR)
    supplied = {"device": resolve_device("auto"), "precision": "float32", "seed": 0}
    wanted = [name for name in SUPPLIED if name in signature_of(component).names]
    return cast(Detector, component(**{name: supplied[name] for name in wanted}))
