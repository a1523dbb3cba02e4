"""The three stages of MTCNN for a batch of images of one size.

Method: Zhang, Zhang, Li and Qiao, "Joint face detection and alignment using multitask cascaded convolutional networks",
IEEE Signal Processing Letters 2016;23:1499-1503. The networks are facenet-pytorch's. Its ``detect_face`` is reimplemented: it
fails on some inputs, clips crops at the image's border without adjusting their boxes, and resamples crops one by one.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from dysfw.plugin import Float32, UInt8

from .areas import Areas
from .networks import Network, Networks
from .pyramid import BORDER, STRIDE, WINDOW, Pyramid, pyramid_of
from .suppression import nested_overlap, suppress, union_overlap

PROPOSAL_LOGIT = math.log(0.6 / 0.4)  # a score of 0.6, as in facenet-pytorch
REFINEMENT_THRESHOLD = 0.7  # as in facenet-pytorch
SHIFTS, POINTS = slice(1, 5), slice(5, 15)  # after the logit, in the outputs of the networks
CHUNK_SIZE = 64  # crops per call of the second or third network: more are not faster on a CPU


@dataclass(frozen=True, slots=True, eq=False)
class Detections:
    """Faces in one image.

    Attributes:
        boxes: float32 [F, 4], px.
        scores: float32 [F].
        landmarks: float32 [F, 5, 2], px.
        rotated_scores: float32 [F]: the best score of the same crop after a rotation by 90, 180 or 270 degrees. An upside-down
            face is often detected, with upright landmarks, but nearly always scores higher after rotation. 0 if not asked for.
    """

    boxes: Float32
    scores: Float32
    landmarks: Float32
    rotated_scores: Float32


class Cascade:
    """MTCNN.

    Args:
        networks: The three networks.
        threshold: Minimum score of the last network, 0..1.
    """

    def __init__(self, networks: Networks, threshold: float) -> None:
        self.networks = networks
        self.threshold = threshold

    def __call__(self, images: Sequence[UInt8], min_side: float, *, rotated: bool) -> list[Detections]:
        """Detect faces.

        Args:
            images: uint8 [H, W, 3], one or more, all of one size.
            min_side: Side of the smallest face to detect, px.
            rotated: Whether to compute ``rotated_scores``, which takes a tenth of the time.

        Returns:
            The faces of each image.
        """
        areas = [Areas(pixels) for pixels in images]
        pyramid = pyramid_of(areas[0].height, areas[0].width, min_side)
        boxes = [self._propose(one, pyramid) for one in areas]
        refined = list(map(_refined, boxes, _outputs(self.networks.rnet, areas, boxes, 24)))
        described = list(map(self._described, refined, _outputs(self.networks.onet, areas, refined, 48)))
        if not rotated:
            return [Detections(*faces, np.zeros_like(faces[1])) for faces in described]
        squares = [_square(boxes) for boxes, _, _ in described]
        logits = _outputs(self._best_rotated, areas, squares, 48)
        return [Detections(*faces, _score(of_image[:, 0])) for faces, of_image in zip(described, logits, strict=True)]

    def _propose(self, areas: Areas, pyramid: Pyramid) -> Float32:
        """Candidate squares [B, 4] of an image."""
        if not pyramid.levels:
            return np.empty((0, 4), np.float32)
        outputs = self.networks.pnet(pyramid.canvas(areas.whole)[None])[0]
        rows, columns = np.nonzero((outputs[0] >= PROPOSAL_LOGIT) & (pyramid.level_of >= 0))
        number = pyramid.level_of[rows, columns]
        shifts, scores = outputs[SHIFTS, rows, columns].T, _score(outputs[0, rows, columns])
        # Windows of the canvas to windows of the level, and those to px of the image.
        corners = np.array([(level.column, level.row) for level in pyramid.levels])[number]
        low = (np.stack([columns, rows], axis=1) * STRIDE - corners - BORDER).astype(np.float32)
        sizes = np.array([(level.width, level.height) for level in pyramid.levels], np.float32)
        ratio = (np.array([areas.width, areas.height], np.float32) / sizes)[number]
        boxes = np.concatenate([low * ratio, (low + WINDOW) * ratio], axis=1)
        of_levels = [np.flatnonzero(number == n) for n in range(len(pyramid.levels))]
        kept = np.concatenate([own[suppress(boxes[own], scores[own], 0.5, union_overlap)] for own in of_levels])
        kept = kept[suppress(boxes[kept], scores[kept], 0.7, union_overlap)]
        return _square(_shifted(boxes[kept], shifts[kept]))

    def _described(self, boxes: Float32, outputs: Float32) -> tuple[Float32, Float32, Float32]:
        """Boxes, scores and landmarks of the candidates that the third network accepts."""
        scores = _score(outputs[:, 0])
        sure = scores > self.threshold
        boxes, outputs, scores = boxes[sure], outputs[sure], scores[sure]
        side = boxes[:, 2:] - boxes[:, :2]
        points = outputs[:, POINTS].reshape(-1, 2, 5).transpose(0, 2, 1)
        landmarks = points * side[:, None] + boxes[:, None, :2]
        boxes = _shifted(boxes, outputs[:, SHIFTS])
        # Relative to the smaller of two boxes, so that a box inside a better one is removed.
        kept = suppress(boxes, scores, 0.7, nested_overlap)
        return boxes[kept], scores[kept], landmarks[kept]

    def _best_rotated(self, crops: Float32) -> Float32:
        """The best logit [B, 1] of crops after a rotation by 90, 180 or 270 degrees."""
        rotated = np.concatenate([np.rot90(crops, turns, (2, 3)) for turns in (1, 2, 3)])
        best: Float32 = self.networks.onet(rotated)[:, 0].reshape(3, -1, 1).max(axis=0)
        return best


def _outputs(network: Network, areas: Sequence[Areas], boxes: Sequence[Float32], size: int) -> list[Float32]:
    """Outputs of a network for the crops of all boxes, for each image; crops of several images share a call."""
    owners = np.repeat(np.arange(len(boxes)), [len(one) for one in boxes])
    every = np.concatenate(boxes)
    parts = [np.empty((0, POINTS.stop), np.float32)] if not len(every) else []
    for start in range(0, len(every), CHUNK_SIZE):
        part = slice(start, start + CHUNK_SIZE)
        crops = [areas[n].crops(every[part][owners[part] == n], size) for n in np.unique(owners[part])]
        parts.append(network(np.concatenate(crops)))
    return np.split(np.concatenate(parts), np.searchsorted(owners, np.arange(1, len(boxes))))


def _refined(boxes: Float32, outputs: Float32) -> Float32:
    """The candidates that the second network accepts, with corrected boxes extended to squares."""
    scores = _score(outputs[:, 0])
    likely = scores > REFINEMENT_THRESHOLD
    boxes, shifts, scores = boxes[likely], outputs[likely, SHIFTS], scores[likely]
    kept = suppress(boxes, scores, 0.7, union_overlap)
    return _square(_shifted(boxes[kept], shifts[kept]))


def _score(logits: Float32) -> Float32:
    """The probability of a face; float32, of which e to the power of 80 is near the end."""
    scores: Float32 = 1 / (1 + np.exp(-logits.clip(min=-80)))
    return scores


def _shifted(boxes: Float32, shifts: Float32) -> Float32:
    """Shift each edge of the boxes by a fraction of the box's width or height."""
    side = boxes[:, 2:] - boxes[:, :2]
    return boxes + shifts * np.tile(side, 2)


def _square(boxes: Float32) -> Float32:
    """Extend boxes to squares with the same centres."""
    centre = (boxes[:, :2] + boxes[:, 2:]) / 2
    half = (boxes[:, 2:] - boxes[:, :2]).max(axis=1, keepdims=True, initial=0) / 2
    return np.concatenate([centre - half, centre + half], axis=1)
