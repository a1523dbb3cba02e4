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
import numpy.typing as npt
import torch
from torch import Tensor, nn
from torch.nn.functional import pad
from torchvision.ops import nms

from .areas import Areas

WINDOW, STRIDE = 12, 2  # px: windows of the proposal network
BORDER = 4  # px of mid-grey around each level: a window may extend beyond the image by a third of its side
PYRAMID_FACTOR = 0.709  # scale of one pyramid level relative to the previous one: half the area
PROPOSAL_THRESHOLD, REFINEMENT_THRESHOLD = 0.6, 0.7  # as in facenet-pytorch
CHUNK_SIZE = 256  # candidates per forward pass of the second or third network


@dataclass(frozen=True, slots=True, eq=False)
class Detections:
    """Faces in one image.

    Attributes:
        boxes: float32 [F, 4], px.
        scores: float32 [F].
        landmarks: float32 [F, 5, 2], px.
        rotated_scores: float32 [F]: the best score of the same crop after a rotation by 90, 180 or 270 degrees. An upside-down
            face is often detected, with upright landmarks, but nearly always scores higher after rotation.
    """

    boxes: npt.NDArray[np.float32]
    scores: npt.NDArray[np.float32]
    landmarks: npt.NDArray[np.float32]
    rotated_scores: npt.NDArray[np.float32]


class Cascade:
    """MTCNN on one device.

    Args:
        pnet: Network that proposes candidates, in inference mode.
        rnet: Network that refines candidates, in inference mode.
        onet: Network that outputs boxes and landmarks, in inference mode.
        threshold: Minimum score of the last network, 0..1.
    """

    def __init__(self, pnet: nn.Module, rnet: nn.Module, onet: nn.Module, threshold: float) -> None:
        self.pnet, self.rnet, self.onet = pnet, rnet, onet
        self.threshold = threshold

    @torch.inference_mode()
    def __call__(self, pixels: Tensor, min_side: float) -> list[Detections]:
        """Detect faces.

        Args:
            pixels: uint8 [N, H, W, 3], on the networks' device.
            min_side: Side of the smallest face to detect, px.

        Returns:
            The faces of each image.
        """
        areas = Areas(pixels)
        boxes, image_index = self._propose(areas, min_side)
        boxes, image_index = self._refine(areas, boxes, image_index)
        boxes, scores, landmarks, image_index = self._describe(areas, boxes, image_index)
        rotated = self._rotated_scores(areas, boxes, image_index)
        results = []
        for n in range(areas.count):
            own = image_index == n
            results.append(Detections(*(t[own].cpu().numpy() for t in (boxes, scores, landmarks, rotated))))
        return results

    def _propose(self, areas: Areas, min_side: float) -> tuple[Tensor, Tensor]:
        """Candidate squares [B, 4] from an image pyramid, and the index of the image of each."""
        parts: list[tuple[Tensor, Tensor, Tensor, Tensor]] = []
        scale = WINDOW / min_side
        # One additional level, because a face that is cut off may be larger than the image.
        while min(areas.height, areas.width) * scale >= WINDOW * PYRAMID_FACTOR:
            height, width = math.ceil(areas.height * scale), math.ceil(areas.width * scale)
            shifts, scores = self.pnet(pad(areas.whole(height, width), [BORDER] * 4))
            parts.append(self._windows(areas, shifts, scores[:, 1], (height, width)))
            scale *= PYRAMID_FACTOR
        if not parts:
            return areas.sums.new_zeros((0, 4), dtype=torch.float32), areas.sums.new_zeros(0, dtype=torch.int64)
        boxes, shifts, scores, image_index = (torch.cat(p) for p in zip(*parts, strict=True))
        keep = _suppress(boxes, scores, image_index, 0.7)
        return _square(_shifted(boxes[keep], shifts[keep])), image_index[keep]

    def _windows(
        self, areas: Areas, shifts: Tensor, scores: Tensor, size: tuple[int, int]
    ) -> tuple[Tensor, Tensor, Tensor, Tensor]:
        """Windows of one pyramid level that may contain a face: boxes, shifts, scores, image indices."""
        image_index, row, column = (scores >= PROPOSAL_THRESHOLD).nonzero(as_tuple=True)
        ratio = torch.tensor([areas.width / size[1], areas.height / size[0]], device=scores.device)
        low = torch.stack([column, row], dim=1) * STRIDE - BORDER
        boxes = torch.cat([low * ratio, (low + WINDOW) * ratio], dim=1)
        kept_scores, kept_shifts = scores[image_index, row, column], shifts[image_index, :, row, column]
        keep = _suppress(boxes, kept_scores, image_index, 0.5)
        return boxes[keep], kept_shifts[keep], kept_scores[keep], image_index[keep]

    def _refine(self, areas: Areas, boxes: Tensor, image_index: Tensor) -> tuple[Tensor, Tensor]:
        """The candidates that the second network accepts, with corrected boxes extended to squares."""
        if not len(boxes):
            return boxes, image_index
        shifts, scores = _in_chunks(self.rnet, areas, boxes, image_index, 24)
        likely = scores[:, 1] > REFINEMENT_THRESHOLD
        boxes, image_index, shifts, scores = boxes[likely], image_index[likely], shifts[likely], scores[likely, 1]
        keep = _suppress(boxes, scores, image_index, 0.7)
        return _square(_shifted(boxes[keep], shifts[keep])), image_index[keep]

    def _describe(self, areas: Areas, boxes: Tensor, image_index: Tensor) -> tuple[Tensor, Tensor, Tensor, Tensor]:
        """Boxes, scores, landmarks and image indices of the faces that the third network accepts."""
        if not len(boxes):
            return boxes, boxes.new_zeros(0), boxes.new_zeros((0, 5, 2)), image_index
        shifts, points, scores = _in_chunks(self.onet, areas, boxes, image_index, 48)
        sure = scores[:, 1] > self.threshold
        boxes, image_index, shifts, points, scores = boxes[sure], image_index[sure], shifts[sure], points[sure], scores[sure, 1]
        side = boxes[:, 2:] - boxes[:, :2]
        landmarks = points.view(-1, 2, 5).transpose(1, 2) * side[:, None] + boxes[:, None, :2]
        boxes = _shifted(boxes, shifts)
        keep = _suppress_nested(boxes, scores, image_index, 0.7)
        return boxes[keep], scores[keep], landmarks[keep], image_index[keep]

    def _rotated_scores(self, areas: Areas, boxes: Tensor, image_index: Tensor) -> Tensor:
        """The best score of each face after a rotation by 90, 180 or 270 degrees."""
        best = boxes.new_zeros(len(boxes))
        for start in range(0, len(boxes), CHUNK_SIZE):
            part = slice(start, start + CHUNK_SIZE)
            crops = areas.crops(_square(boxes[part]), image_index[part], 48)
            scores = [self.onet(crops.rot90(turns, (2, 3)))[2][:, 1] for turns in (1, 2, 3)]
            best[part] = torch.stack(scores).amax(dim=0)
        return best


def _in_chunks(network: nn.Module, areas: Areas, boxes: Tensor, image_index: Tensor, size: int) -> Sequence[Tensor]:
    """Outputs of a network for the crops of all boxes."""
    pairs = zip(torch.split(boxes, CHUNK_SIZE), torch.split(image_index, CHUNK_SIZE), strict=True)
    outputs = [network(areas.crops(b, o, size)) for b, o in pairs]
    return [torch.cat(o) for o in zip(*outputs, strict=True)]


def _shifted(boxes: Tensor, shifts: Tensor) -> Tensor:
    """Shift each edge of the boxes by a fraction of the box's width or height."""
    side = boxes[:, 2:] - boxes[:, :2]
    return boxes + shifts * side.repeat(1, 2)


def _square(boxes: Tensor) -> Tensor:
    """Extend boxes to squares with the same centres."""
    centre = (boxes[:, :2] + boxes[:, 2:]) / 2
    half = (boxes[:, 2:] - boxes[:, :2]).amax(dim=1, keepdim=True) / 2
    return torch.cat([centre - half, centre + half], dim=1)


def _suppress(boxes: Tensor, scores: Tensor, image_index: Tensor, overlap: float) -> Tensor:
    """Non-maximum suppression within each image, by intersection over union; returns the indices of the kept boxes."""
    kept = [own[nms(boxes[own], scores[own], overlap)] for own in _by_image(image_index)]
    return torch.cat(kept) if kept else image_index


def _suppress_nested(boxes: Tensor, scores: Tensor, image_index: Tensor, overlap: float) -> Tensor:
    """As ``_suppress``, but relative to the smaller of two boxes, so that a box inside a better one is removed."""
    kept: list[int] = []
    for own in _by_image(image_index):
        left = own[scores[own].argsort(descending=True, stable=True)]
        while len(left):
            kept.append(int(left[0]))
            left = left[1:][_overlap_with(boxes[left[0]], boxes[left[1:]]) <= overlap]
    return torch.tensor(kept, dtype=torch.int64, device=boxes.device)


def _by_image(image_index: Tensor) -> list[Tensor]:
    """Indices of each image's candidates; images are separated so that results do not depend on the batch."""
    return [(image_index == n).nonzero()[:, 0] for n in sorted(set(image_index.tolist()))]


def _overlap_with(box: Tensor, others: Tensor) -> Tensor:
    """Intersection of ``box`` [4] with each of ``others`` [M, 4], as a fraction of the smaller of the two."""
    shared = (torch.minimum(box[2:], others[:, 2:]) - torch.maximum(box[:2], others[:, :2])).clamp(min=0).prod(dim=1)
    area = (box[2:] - box[:2]).prod()
    return shared / torch.minimum(area, (others[:, 2:] - others[:, :2]).prod(dim=1))
