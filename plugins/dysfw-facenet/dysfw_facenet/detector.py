"""The detector ``mtcnn``: finds faces, says which to judge, and turns photographs that lie on their side or head."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence

import numpy as np
import torch

from dysfw.plugin import Detector, Face, Image, Select, Weights, check_select, find_device, order_faces

from .cascade import Cascade
from .networks import load
from .view import View
from .view_faces import Look

PASS = 2**20  # px in one pass through the networks: about 0.1 GB; more is no faster on a CPU


class Mtcnn(Detector):
    """Multi-task cascaded convolutional networks (Zhang et al., 2016).

    select: which face to judge where there are several, see ``dysfw.imaging.face_selection.order_faces``. min_face: side of the smallest face
    looked for, as a fraction of the image's shorter side, above 0 to 1; never less than 20 px. threshold: the least score
    of a face, 0 to below 1. rotate: where no face stands upright, or the most prominent one looks more like a face when its
    crop is turned, look again with the image turned by 90, 180 and 270 degrees, and keep the turn whose most prominent face
    scores best. device: "cpu", "cuda:0" …

    A face's result does not depend on the images beside it, but for rounding: less than 0.01 px and 1e-4 of the score.
    """

    def __init__(
        self,
        select: Select = "central",
        min_face: float = 0.1,
        threshold: float = 0.9,
        rotate: bool = True,
        device: str = "cpu",
    ) -> None:
        check_select(select)
        if not 0 < min_face <= 1:
            raise ValueError(f"min_face must be a fraction of the image's shorter side, above 0 to 1, found {min_face}")
        if not 0 <= threshold < 1:
            raise ValueError(f"threshold must be a score from 0 to below 1, found {threshold}")
        self.select, self.min_face, self.rotate = select, min_face, rotate
        self.device = find_device(device)
        networks, self._weights = load(self.device)
        self._cascade = Cascade(**networks, threshold=threshold)

    def weights(self) -> tuple[Weights, ...]:
        return self._weights

    def detect(self, images: Sequence[Image]) -> list[list[Face]]:
        """For each image its faces, the one to judge first; an empty list where there is none."""
        views = [View.of(image, self.min_face) for image in images]
        looks = [[look] for look in self._look(images, views)]
        if self.rotate:
            doubtful = [i for i, (look,) in enumerate(looks) if look.score < look.rival]
            turned = [(i, views[i].turned(turns)) for i in doubtful for turns in (1, 2, 3)]
            again = self._look([images[i] for i, _ in turned], [view for _, view in turned])
            for (i, _), look in zip(turned, again, strict=True):
                looks[i].append(look)
        # A photograph is turned as a whole, so one look says it all; the first, upright, wins a tie.
        best = (max(of_image, key=lambda look: look.score) for of_image in looks)
        return [order_faces(look.faces, image, self.select) for look, image in zip(best, images, strict=True)]

    def _look(self, images: Sequence[Image], views: Sequence[View]) -> list[Look]:
        """What each view, of the image at the same index, shows."""
        looks: dict[int, Look] = {}
        for batch in _batches(views):
            pixels = torch.from_numpy(np.stack([views[i].pixels for i in batch])).to(self.device)
            found = self._cascade(pixels, views[batch[0]].smallest(self.min_face))
            looks.update((i, Look.of(f, images[i], views[i])) for i, f in zip(batch, found, strict=True))
        return [looks[i] for i in range(len(views))]


def _batches(views: Sequence[View]) -> Iterator[list[int]]:
    """Indices of views of one size, as many together as fit into a pass."""
    alike: defaultdict[tuple[int, ...], list[int]] = defaultdict(list)
    for i, view in enumerate(views):
        alike[view.pixels.shape].append(i)
    for (height, width, _), members in alike.items():
        count = max(1, PASS // (height * width))
        yield from (members[i : i + count] for i in range(0, len(members), count))
