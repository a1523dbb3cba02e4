"""Opens the photographs of a data set for an audit, one batch at a time."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import cast

from ..contracts.components import Detector
from ..errors import ImageError
from ..inference.batches import batches
from ..inference.build import build_detector
from ..inference.devices import resolve_device
from ..inference.embedder import on_grid
from ..inference.isolation import run_isolated
from ..recipe.model import Recipe
from ..recipe.signature import SUPPLIED, signature_of
from ..registry.registry import Registry
from ..types import Face, Failure, Image
from .shortcut_features import AuditSample

DETECTOR = "mtcnn"


def collect(paths: Iterable[Path], detector: Detector) -> Iterator[AuditSample | Failure]:
    """Each photograph with the face that a recipe would judge, in order. A photograph without a face is no failure here."""
    for batch in batches(paths):
        images = [decoded.result for decoded in batch if isinstance(decoded.result, Image)]
        faces = iter(run_isolated("the detector", detector.detect, images))
        for decoded in batch:
            result = decoded.result
            if isinstance(result, Failure):
                yield result
                continue
            found = next(faces)
            if isinstance(found, ImageError):
                yield Failure(result.source, found.code, found.message, result.sha256, result.width, result.height)
            else:
                yield AuditSample(Path(result.source).read_bytes(), result, chosen_face(found))


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
