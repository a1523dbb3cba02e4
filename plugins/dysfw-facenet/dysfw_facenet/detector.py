"""The detector ``mtcnn``."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence

from dysfw.plugin import Detector, Face, Image, Select, Weights, check_select, order_faces, runtime_version

from .cascade import Cascade
from .networks import load, weight_files
from .view import View
from .view_faces import ViewFaces

MAX_BATCH_PIXELS = 2**20  # about 30 MB of memory; larger batches are not faster on a CPU


class Mtcnn(Detector):
    """MTCNN, multi-task cascaded convolutional networks (Zhang et al., IEEE Signal Processing Letters 2016;23:1499-1503).

    It returns a box, a score and five landmarks per face, also in images that are rotated by 90, 180 or 270 degrees. Results do
    not depend on the other images of a batch, except for rounding: less than 0.01 px and 1e-4 of the score.

    Args:
        select: Which face to use if there are several, see ``dysfw.imaging.face_selection.order_faces``.
        min_face: Side of the smallest face to detect, as a fraction of the image's shorter side, above 0 to 1; at least 20 px.
        threshold: Minimum score of a face, from 0 to below 1.
        rotate: Whether to try other orientations if no face is upright, or if the most prominent face scores higher after
            rotation. The image is then rotated by 90, 180 and 270 degrees, and the orientation with the best score is used.
        device: Device to compute on, such as "cpu" or "cuda:0".
        runtime: "auto", "torch" or the name of a runtime.

    Raises:
        ValueError: If a value is invalid or the device is not available.
        DysfwError: If the runtime is not installed or does not support the device.
    """

    def __init__(
        self,
        select: Select = "central",
        min_face: float = 0.1,
        threshold: float = 0.9,
        rotate: bool = True,
        *,
        device: str = "cpu",
        runtime: str = "auto",
    ) -> None:
        check_select(select)
        if not 0 < min_face <= 1:
            raise ValueError(f"min_face must be a fraction of the image's shorter side, above 0 to 1, found {min_face}")
        if not 0 <= threshold < 1:
            raise ValueError(f"threshold must be a score from 0 to below 1, found {threshold}")
        self.select, self.min_face, self.rotate = select, min_face, rotate
        self._cascade = Cascade(load(runtime, device), threshold)

    def load(self) -> None:
        """Open the networks, see ``dysfw.plugin.Component.load``."""
        self._cascade.networks.open()

    def weights(self) -> tuple[Weights, ...]:
        """The weight files of the three networks."""
        return weight_files()

    def runtimes(self) -> tuple[str, ...]:
        """What executes the networks, with its version."""
        return (runtime_version(self._cascade.networks.runtime),)

    def detect(self, images: Sequence[Image]) -> list[list[Face]]:
        """Detect the faces of each image, the selected one first; an empty list if there is none."""
        views = [View.of(image, self.min_face) for image in images]
        candidates = [[faces] for faces in self._detect_in_views(images, views, rotated=self.rotate)]
        if self.rotate:
            doubtful = [i for i, (faces,) in enumerate(candidates) if faces.score < faces.rotated_score]
            rotated = [(i, views[i].rotated(turns)) for i in doubtful for turns in (1, 2, 3)]
            results = self._detect_in_views([images[i] for i, _ in rotated], [view for _, view in rotated], rotated=False)
            for (i, _), faces in zip(rotated, results, strict=True):
                candidates[i].append(faces)
        # The whole image has one orientation. The first candidate, without rotation, wins ties.
        best = (max(of_image, key=lambda faces: faces.score) for of_image in candidates)
        return [order_faces(faces.faces, image, self.select) for faces, image in zip(best, images, strict=True)]

    def _detect_in_views(self, images: Sequence[Image], views: Sequence[View], *, rotated: bool) -> list[ViewFaces]:
        """Detect the faces in each view of the image with the same index."""
        results: dict[int, ViewFaces] = {}
        for batch in _batches(views):
            pixels, min_side = [views[i].pixels for i in batch], views[batch[0]].min_side(self.min_face)
            detections = self._cascade(pixels, min_side, rotated=rotated)
            results.update((i, ViewFaces.of(d, images[i], views[i])) for i, d in zip(batch, detections, strict=True))
        return [results[i] for i in range(len(views))]


def _batches(views: Sequence[View]) -> Iterator[list[int]]:
    """Indices of views of the same size, in batches of limited size."""
    by_shape: defaultdict[tuple[int, ...], list[int]] = defaultdict(list)
    for i, view in enumerate(views):
        by_shape[view.pixels.shape].append(i)
    for (height, width, _), members in by_shape.items():
        count = max(1, MAX_BATCH_PIXELS // (height * width))
        yield from (members[i : i + count] for i in range(0, len(members), count))
