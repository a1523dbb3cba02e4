"""Loading of a data set's images and faces for an audit."""

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
    """Load images and detect the face that a recipe would use.

    Args:
        paths: The image files.
        detector: The detector.

    Yields:
        For each path, in order, the image with its face, or the failure. An image without a face is not a failure.
    """
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
                yield AuditSample(job.content, job.image, chosen_face(found), len(found))


def chosen_face(faces: list[Face]) -> Face | None:
    """Return the face that a recipe would use.

    Args:
        faces: Detected faces.

    Returns:
        The face that the detector chose, else the first; None if there is none.
    """
    return on_grid(next((face for face in faces if face.chosen), faces[0])) if faces else None


def detector_of(recipe: Recipe | None, registry: Registry) -> Detector:
    """Build the detector of an audit.

    Args:
        recipe: Recipe whose detector is used; None for ``DETECTOR`` with its default parameters.
        registry: The registered components.

    Returns:
        The detector.

    Raises:
        DysfwError: If the detector cannot be built.
    """
    if recipe:
        return build_detector(recipe)
    component = registry.load("detector", DETECTOR)
    supplied = {"device": resolve_device("auto"), "precision": "float32", "runtime": "auto", "seed": 0}
    wanted = [name for name in SUPPLIED if name in signature_of(component).names]
    return cast(Detector, component(**{name: supplied[name] for name in wanted}))
