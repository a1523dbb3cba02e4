"""Reads the images that are to be matched: signatures, and by a recipe yaw and sharpness, in one pass."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

from ..data.checks import read_signatures
from ..data.dataset import Dataset
from ..data.duplicates import ImageSignature
from ..data.match_patients import ImageQuality
from ..inference.pipeline import Pipeline
from ..types import Failure
from ..util.progress import Progress
from .preparation import SignatureObserver


class ReadImages(NamedTuple):
    """What is kept of the images.

    Attributes:
        signatures: Of every image that can be read, by path.
        quality: How the faces were taken, by path, as far as a recipe measured it.
        failures: Images that cannot be read, and those in which the recipe finds no face.
        unreadable: The former alone.
    """

    signatures: dict[Path, ImageSignature]
    quality: dict[Path, ImageQuality]
    failures: tuple[Failure, ...]
    unreadable: tuple[Failure, ...]


def read_images(dataset: Dataset, pipeline: Pipeline | None, signatures: SignatureObserver, progress: Progress) -> ReadImages:
    """Read every image once.

    Args:
        dataset: The images.
        pipeline: Measures yaw and sharpness; None if they are not needed.
        signatures: Collects the signatures, if there is a pipeline.
        progress: Where the work is shown.
    """
    if pipeline is None:
        found, unreadable = read_signatures(dataset, progress)
        return ReadImages(found, {}, tuple(unreadable), tuple(unreadable))
    hashes: dict[Path, str] = {}
    quality: dict[Path, ImageQuality] = {}
    failures: list[Failure] = []
    results = pipeline.embed((sample.path for sample in dataset.samples), observer=signatures)
    for result in progress.track(results, "embedding", len(dataset.samples), "images"):
        if isinstance(result, Failure):
            failures.append(result)
            if result.sha256:
                hashes[Path(result.source)] = result.sha256
            continue
        path, pose = Path(result.image.source), result.segmentation.pose
        hashes.setdefault(path, result.image.sha256)
        quality.setdefault(path, ImageQuality(pose.yaw if pose else None, result.sharpness))  # of several faces the first
    signatures.keep()
    seen = {path: signatures.signatures[sha] for path, sha in hashes.items() if sha in signatures.signatures}
    return ReadImages(seen, quality, tuple(failures), tuple(one for one in failures if Path(one.source) not in seen))
