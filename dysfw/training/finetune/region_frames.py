"""Finds the frames of all regions of a data set and stores them in parts, so that an interruption loses little.

A frame is a float64 [2, 3] matrix (see ``dysfw.imaging.geometry``) that maps a crop of side 1 to pixels of the image. The same
frame therefore serves crops of every size.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from ...data.dataset import Sample
from ...errors import DysfwError, ImageError
from ...imaging.crop import region_frame
from ...inference.batches import decoded_batches
from ...inference.build import Components
from ...inference.embedder import on_grid
from ...inference.jobs import ImageJob
from ...inference.stages import run_isolated
from ...recipe.model import Recipe
from ...types import Bool, Face, Failure, Image, Segmentation
from ...util.progress import Progress
from ...util.text import listed
from .array_file import ArrayFile, read_array_file, write_array_file

PART_SIZE = 256  # images per file
FORMAT = 2  # of the files; another one is made again
Frames = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class RegionFrames:
    """The frames of N images with a face and at least one region each.

    Attributes:
        samples: The images, N.
        sha256: Hashes of the image files, N.
        frames: float64 [N, R, 2, 3].
        present: bool [N, R]; False if a region is absent, and its frame is arbitrary.
        failures: The images that could not be used.
        faces: Number of faces found in each image, N.
    """

    samples: tuple[Sample, ...]
    sha256: tuple[str, ...]
    frames: Frames
    present: Bool
    failures: tuple[Failure, ...]
    faces: tuple[int, ...] = ()

    @property
    def fingerprint(self) -> str:
        """Return the sha256 of the images' hashes and labels, in order."""
        lines = (f"{sha} {sample.label}" for sha, sample in zip(self.sha256, self.samples, strict=True))
        return hashlib.sha256("\n".join(lines).encode()).hexdigest()


@dataclass(frozen=True, slots=True, eq=False)
class ImageFrames:
    """The frames of one image.

    Attributes:
        sha256: Hash of the image file.
        frames: float64 [R, 2, 3].
        present: bool [R].
        faces: Number of faces found in the image.
    """

    sha256: str
    frames: Frames
    present: Bool
    faces: int = 1


class StopRequested(Exception):  # noqa: N818  # not an error
    """Raised by ``find_region_frames`` when it is asked to stop; the next call resumes."""


def find_region_frames(
    recipe: Recipe,
    components: Components,
    samples: Sequence[Sample],
    folder: Path,
    progress: Progress,
    *,
    should_stop: Callable[[], bool] = lambda: False,
) -> RegionFrames:
    """Detect the face and segment the regions of every image, or read the result from ``folder``.

    Args:
        recipe: The recipe.
        components: Its components.
        samples: The images.
        folder: Folder for the results, in parts of 256 images.
        progress: Progress display.
        should_stop: Called after each image; True stops the work.

    Returns:
        The frames of all usable images.

    Raises:
        DysfwError: The results cannot be written to ``folder``.
        StopRequested: ``should_stop`` returned True.
    """
    locator = RegionLocator(recipe, components)
    located = progress.track(_locate_in_parts(locator, samples, folder), "finding faces", len(samples), "images")
    results = []
    for sample, result in zip(samples, located, strict=True):
        results.append((sample, result))
        if should_stop():
            raise StopRequested
    usable = [(sample, result) for sample, result in results if isinstance(result, ImageFrames)]
    regions = len(components.segmenter.regions)
    return RegionFrames(
        samples=tuple(sample for sample, _ in usable),
        sha256=tuple(result.sha256 for _, result in usable),
        frames=np.array([result.frames for _, result in usable], np.float64).reshape(-1, regions, 2, 3),
        present=np.array([result.present for _, result in usable], bool).reshape(-1, regions),
        failures=tuple(result for _, result in results if isinstance(result, Failure)),
        faces=tuple(result.faces for _, result in usable),
    )


def _locate_in_parts(locator: RegionLocator, samples: Sequence[Sample], folder: Path) -> Iterator[ImageFrames | Failure]:
    """Yield one result per image, in order, and write each complete part."""
    for number, start in enumerate(range(0, len(samples), PART_SIZE)):
        part = samples[start : start + PART_SIZE]
        path = folder / f"frames-{number:05}.safetensors"
        key = _key(locator.settings, part)
        results = _read_part(path, key)
        if results is None:
            results = []
            for result in locator.locate(sample.path for sample in part):
                results.append(result)
                yield result
            _write_part(path, key, results, len(locator.components.segmenter.regions))
        else:
            yield from results


class RegionLocator:
    """Finds the regions of images with the detector and segmenter of a recipe.

    Args:
        recipe: The recipe.
        components: Its components.

    Attributes:
        components: Its components.
        crop: The recipe's crop settings.
        settings: Everything that the frames depend on, as text.

    Raises:
        DysfwError: The recipe harmonises images, which is not supported here.
    """

    def __init__(self, recipe: Recipe, components: Components) -> None:
        if recipe.harmonise:
            raise DysfwError(
                f"the recipe {recipe.name!r} harmonises images, which pretrain, verify and tune do not support",
                hint="disable it with --set harmonise=null, or remove harmonise or tune from the recipe",
            )
        self.components = components
        self.crop = recipe.crop
        nodes = [recipe.nodes[kind].portable() for kind in ("detector", "segmenter")]
        weights = [w.sha256 for part in (components.detector, components.segmenter) for w in part.weights()]
        alignment = [asdict(components.alignment)] if components.alignment else []
        self.settings = json.dumps(
            [FORMAT, nodes, weights, asdict(recipe.crop) | {"size": None}, recipe.seed, *alignment], sort_keys=True
        )

    def locate(self, paths: Iterable[Path]) -> Iterator[ImageFrames | Failure]:
        """Yield one result per image, in order; if the detector chose several faces, the first is used."""
        for batch in decoded_batches(paths):
            yield from self.locate_batch(batch)

    def locate_batch(self, batch: Sequence[ImageJob]) -> list[ImageFrames | Failure]:
        """Return one result per decoded image, as ``locate``."""
        located = iter(self._locate([job.image for job in batch if job.image]))
        return [next(located) if job.image else job.failures[0] for job in batch]

    def _locate(self, images: Sequence[Image]) -> list[ImageFrames | Failure]:
        faces = run_isolated("the detector", self._detect, images)
        detected = [(image, face[0]) for image, face in zip(images, faces, strict=True) if isinstance(face, tuple)]
        segmented = iter(run_isolated("the segmenter", self._segment, detected))
        results: list[ImageFrames | Failure] = []
        for image, face in zip(images, faces, strict=True):
            result = self._frames(image, *face, next(segmented)) if isinstance(face, tuple) else face
            results.append(_failure(image, result) if isinstance(result, ImageError) else result)
        return results

    def _detect(self, images: Sequence[Image]) -> list[tuple[Face, int] | ImageError]:
        """The chosen face of each image, and the number of its faces."""
        detected = self.components.detector.detect(images)
        return [
            (on_grid(next((face for face in faces if face.chosen), faces[0])), len(faces))
            if faces
            else ImageError("no_face", "no face was found")
            for faces in detected
        ]

    def _segment(self, detected: Sequence[tuple[Image, Face]]) -> list[Segmentation]:
        return self.components.segmenter.segment([image for image, _ in detected], [face for _, face in detected])

    def _frames(
        self, image: Image, face: Face, faces: int, segmentation: Segmentation | ImageError
    ) -> ImageFrames | ImageError:
        if isinstance(segmentation, ImageError):
            return segmentation
        names = self.components.segmenter.regions
        frames, present = np.zeros((len(names), 2, 3)), np.zeros(len(names), bool)
        for region in segmentation.regions:
            r = names.index(region.name)
            frames[r] = region_frame(face, region, self.crop, 1, alignment=self.components.alignment)
            present[r] = True
        if not present.any():
            return ImageError("no_region", f"no region ({listed(sorted(set(segmentation.absent.values())))})")
        return ImageFrames(image.sha256, frames, present, faces)


def _failure(image: Image, error: ImageError) -> Failure:
    return Failure(image.source, error.code, error.message, image.sha256, image.width, image.height)


def _key(settings: str, samples: Sequence[Sample]) -> str:
    """Hash everything that a part depends on; sizes and times stand for the files, which take long to hash."""
    digest = hashlib.sha256(settings.encode())
    for sample in samples:
        status = sample.path.stat() if sample.path.is_file() else None
        digest.update(f"{sample.path.absolute()} {status and (status.st_size, status.st_mtime_ns)}\n".encode())
    return digest.hexdigest()


def _read_part(path: Path, key: str) -> list[ImageFrames | Failure] | None:
    """Read a part; None if it is missing, damaged, or made from other images or settings."""
    try:
        stored = read_array_file(path)
    except (FileNotFoundError, ValueError):
        return None
    if stored.values["key"] != key:
        return None
    faces = stored.values["faces"]
    frames, present = stored.arrays["frames"].astype(np.float64), stored.arrays["present"].astype(bool)
    return [
        Failure(**image) if isinstance(image, dict) else ImageFrames(image, frames[n], present[n], faces[n])
        for n, image in enumerate(stored.values["images"])
    ]


def _write_part(path: Path, key: str, results: Sequence[ImageFrames | Failure], regions: int) -> None:
    frames, present = np.zeros((len(results), regions, 2, 3)), np.zeros((len(results), regions), bool)
    for n, result in enumerate(results):
        if isinstance(result, ImageFrames):
            frames[n], present[n] = result.frames, result.present
    images = [asdict(result) if isinstance(result, Failure) else result.sha256 for result in results]
    faces = [result.faces if isinstance(result, ImageFrames) else 0 for result in results]
    write_array_file(path, ArrayFile({"frames": frames, "present": present}, {"key": key, "images": images, "faces": faces}))
