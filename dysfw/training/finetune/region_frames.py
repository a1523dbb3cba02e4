"""Where each region of each photograph lies: found once, kept in parts, so that a kill loses little.

A frame is a float64 [2, 3] matrix (see ``dysfw.imaging.geometry``) that takes a crop whose side is 1 to the photograph's pixels; so
the same frame serves crops of every size.
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
from ...inference.stages import run_isolated
from ...recipe.model import Recipe
from ...types import Bool, Face, Failure, Image, Segmentation
from ...util.progress import Progress
from ...util.text import listed
from .array_file import ArrayFile, read_array_file, write_array_file

PART = 256  # photographs
Frames = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class RegionFrames:
    """N photographs with a face and at least one region. frames: float64 [N, R, 2, 3]; present: bool [N, R], False where a
    region is absent and its frame therefore arbitrary. failures: the photographs left out."""

    samples: tuple[Sample, ...]
    sha256: tuple[str, ...]
    frames: Frames
    present: Bool
    failures: tuple[Failure, ...]

    @property
    def fingerprint(self) -> str:
        """sha256 over the photographs' own hashes and whom they show, in order."""
        lines = (f"{sha} {sample.label}" for sha, sample in zip(self.sha256, self.samples, strict=True))
        return hashlib.sha256("\n".join(lines).encode()).hexdigest()


@dataclass(frozen=True, slots=True, eq=False)
class ImageFrames:
    """One photograph's frames [R, 2, 3] and which of them count [R]."""

    sha256: str
    frames: Frames
    present: Bool


class StopRequested(Exception):  # noqa: N818  # no error
    """``find_region_frames`` was asked to stop; it goes on where it was."""


def find_region_frames(
    recipe: Recipe,
    components: Components,
    samples: Sequence[Sample],
    folder: Path,
    progress: Progress,
    *,
    should_stop: Callable[[], bool] = lambda: False,
) -> RegionFrames:
    """Detect and segment every photograph, but for those whose part is in ``folder`` already; unusable ones are counted.

    should_stop: asked after each photograph whether to raise StopRequested. Raises DysfwError where ``folder`` cannot be written.
    """
    results = progress.track(_found(RegionLocator(recipe, components), samples, folder), "finding faces", len(samples), "photographs")
    found = []
    for sample, one in zip(samples, results, strict=True):
        found.append((sample, one))
        if should_stop():
            raise StopRequested
    usable = [(sample, one) for sample, one in found if isinstance(one, ImageFrames)]
    regions = len(components.segmenter.regions)
    return RegionFrames(
        samples=tuple(sample for sample, _ in usable),
        sha256=tuple(one.sha256 for _, one in usable),
        frames=np.array([one.frames for _, one in usable], np.float64).reshape(-1, regions, 2, 3),
        present=np.array([one.present for _, one in usable], bool).reshape(-1, regions),
        failures=tuple(one for _, one in found if isinstance(one, Failure)),
    )


def _found(locator: RegionLocator, samples: Sequence[Sample], folder: Path) -> Iterator[ImageFrames | Failure]:
    """One result for each photograph, in order, written a part at a time."""
    for number, start in enumerate(range(0, len(samples), PART)):
        part = samples[start : start + PART]
        path = folder / f"frames-{number:05}.safetensors"
        key = _key(locator.settings, part)
        kept = _read_part(path, key)
        if kept is None:
            kept = []
            for one in locator.locate(sample.path for sample in part):
                kept.append(one)
                yield one
            _write_part(path, key, kept, len(locator.components.segmenter.regions))
        else:
            yield from kept


class RegionLocator:
    """Detector and segmenter of a recipe. settings: all that their frames depend on, as text. Raises DysfwError where the
    recipe harmonises: its frames are of photographs as they are."""

    def __init__(self, recipe: Recipe, components: Components) -> None:
        if recipe.harmonise:
            raise DysfwError(
                f"the recipe {recipe.name!r} harmonises photographs, which pretraining, verifying and tuning cannot do",
                hint="leave harmonise out with --set harmonise=null; where the recipe has tune, leave out one of the two",
            )
        self.components = components
        self.crop = recipe.crop
        nodes = [recipe.nodes[kind].portable() for kind in ("detector", "segmenter")]
        weights = [w.sha256 for part in (components.detector, components.segmenter) for w in part.weights()]
        placed = [asdict(components.alignment)] if components.alignment else []
        self.settings = json.dumps([nodes, weights, asdict(recipe.crop) | {"size": None}, recipe.seed, *placed], sort_keys=True)

    def locate(self, paths: Iterable[Path]) -> Iterator[ImageFrames | Failure]:
        """One result for each photograph, in order; where several faces are chosen the first counts."""
        for batch in decoded_batches(paths):
            located = iter(self._locate([job.image for job in batch if job.image]))
            yield from (next(located) if job.image else job.failures[0] for job in batch)

    def _locate(self, images: Sequence[Image]) -> list[ImageFrames | Failure]:
        faces = run_isolated("the detector", self._detect, images)
        seen = [(image, face) for image, face in zip(images, faces, strict=True) if isinstance(face, Face)]
        segmented = iter(run_isolated("the segmenter", self._segment, seen))
        results: list[ImageFrames | Failure] = []
        for image, face in zip(images, faces, strict=True):
            result = self._frames(image, face, next(segmented)) if isinstance(face, Face) else face
            results.append(_failure(image, result) if isinstance(result, ImageError) else result)
        return results

    def _detect(self, images: Sequence[Image]) -> list[Face | ImageError]:
        found = self.components.detector.detect(images)
        return [
            on_grid(next((face for face in faces if face.chosen), faces[0]))
            if faces
            else ImageError("no_face", "no face was found")
            for faces in found
        ]

    def _segment(self, seen: Sequence[tuple[Image, Face]]) -> list[Segmentation]:
        return self.components.segmenter.segment([image for image, _ in seen], [face for _, face in seen])

    def _frames(self, image: Image, face: Face, segmentation: Segmentation | ImageError) -> ImageFrames | ImageError:
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
        return ImageFrames(image.sha256, frames, present)


def _failure(image: Image, error: ImageError) -> Failure:
    return Failure(image.source, error.code, error.message, image.sha256, image.width, image.height)


def _key(settings: str, samples: Sequence[Sample]) -> str:
    """What a part was made from: hashing every photograph again would take as long as reading it."""
    digest = hashlib.sha256(settings.encode())
    for sample in samples:
        status = sample.path.stat() if sample.path.is_file() else None
        digest.update(f"{sample.path.absolute()} {status and (status.st_size, status.st_mtime_ns)}\n".encode())
    return digest.hexdigest()


def _read_part(path: Path, key: str) -> list[ImageFrames | Failure] | None:
    """None where there is none, or one of other photographs or settings, or a damaged one: it is then made again."""
    try:
        stored = read_array_file(path)
    except (FileNotFoundError, ValueError):
        return None
    if stored.values["key"] != key:
        return None
    frames, present = stored.arrays["frames"].astype(np.float64), stored.arrays["present"].astype(bool)
    return [
        Failure(**one) if isinstance(one, dict) else ImageFrames(one, frames[n], present[n])
        for n, one in enumerate(stored.values["photographs"])
    ]


def _write_part(path: Path, key: str, found: Sequence[ImageFrames | Failure], regions: int) -> None:
    frames, present = np.zeros((len(found), regions, 2, 3)), np.zeros((len(found), regions), bool)
    for n, one in enumerate(found):
        if isinstance(one, ImageFrames):
            frames[n], present[n] = one.frames, one.present
    images = [asdict(one) if isinstance(one, Failure) else one.sha256 for one in found]
    write_array_file(path, ArrayFile({"frames": frames, "present": present}, {"key": key, "photographs": images}))
