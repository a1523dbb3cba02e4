"""The three stages of MTCNN for a batch of images of one size, around facenet-pytorch's networks.

Method: Zhang, Zhang, Li and Qiao, "Joint face detection and alignment using multitask cascaded convolutional networks",
IEEE Signal Processing Letters 2016;23:1499-1503. The networks are facenet-pytorch's; the stages between them are written
anew, because its ``detect_face`` fails on some inputs, clips a crop at the image's border without clipping the box that
the result refers to, and resamples crop by crop.
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

CELL, STRIDE = 12, 2  # the proposal network sees windows of 12 px, 2 px apart
BORDER = 4  # px of mid-grey around each level: a window may reach beyond the image by a third of its side
STEP = 0.709  # from one level of the pyramid to the next: about half the area
PROPOSE, REFINE = 0.6, 0.7  # scores that the first and second network must give, as in facenet-pytorch
CHUNK = 256  # candidates in one pass through the second or third network


@dataclass(frozen=True, slots=True, eq=False)
class Found:
    """Faces in one image: boxes float32 [F, 4], scores float32 [F], landmarks float32 [F, 5, 2], in px.

    rivals: float32 [F]: the best score of the same crop after one, two or three quarter turns. A face that hangs upside down
    often passes, with upright landmarks, but hardly ever scores better than when it is turned.
    """

    boxes: npt.NDArray[np.float32]
    scores: npt.NDArray[np.float32]
    landmarks: npt.NDArray[np.float32]
    rivals: npt.NDArray[np.float32]


class Cascade:
    """MTCNN on one device.

    pnet, rnet, onet: the networks that propose candidates, refine them, and describe the faces among them, in inference
    mode. threshold: the score, 0..1, that the last must give.
    """

    def __init__(self, pnet: nn.Module, rnet: nn.Module, onet: nn.Module, threshold: float) -> None:
        self.pnet, self.rnet, self.onet = pnet, rnet, onet
        self.threshold = threshold

    @torch.inference_mode()
    def __call__(self, pixels: Tensor, smallest: float) -> list[Found]:
        """pixels: uint8 [N, H, W, 3] on the networks' device; smallest: side of the smallest face looked for, px."""
        areas = Areas(pixels)
        boxes, owner = self._propose(areas, smallest)
        boxes, owner = self._refine(areas, boxes, owner)
        boxes, scores, landmarks, owner = self._describe(areas, boxes, owner)
        rivals = self._rivals(areas, boxes, owner)
        found = []
        for n in range(areas.count):
            mine = owner == n
            found.append(Found(*(t[mine].cpu().numpy() for t in (boxes, scores, landmarks, rivals))))
        return found

    def _propose(self, areas: Areas, smallest: float) -> tuple[Tensor, Tensor]:
        """Candidate squares [B, 4] of all images and their owners, from a pyramid of the whole images."""
        parts: list[tuple[Tensor, Tensor, Tensor, Tensor]] = []
        scale = CELL / smallest
        # One level more than fits: where a photograph ends within a face, the face is larger than the photograph.
        while min(areas.height, areas.width) * scale >= CELL * STEP:
            height, width = math.ceil(areas.height * scale), math.ceil(areas.width * scale)
            shifts, scores = self.pnet(pad(areas.whole(height, width), [BORDER] * 4))
            parts.append(self._windows(areas, shifts, scores[:, 1], (height, width)))
            scale *= STEP
        if not parts:
            return areas.sums.new_zeros((0, 4), dtype=torch.float32), areas.sums.new_zeros(0, dtype=torch.int64)
        boxes, shifts, scores, owner = (torch.cat(p) for p in zip(*parts, strict=True))
        keep = _suppress(boxes, scores, owner, 0.7)
        return _square(_moved(boxes[keep], shifts[keep])), owner[keep]

    def _windows(
        self, areas: Areas, shifts: Tensor, scores: Tensor, size: tuple[int, int]
    ) -> tuple[Tensor, Tensor, Tensor, Tensor]:
        """Windows of one level that may hold a face: boxes, shifts, scores, owners."""
        owner, row, column = (scores >= PROPOSE).nonzero(as_tuple=True)
        ratio = torch.tensor([areas.width / size[1], areas.height / size[0]], device=scores.device)
        low = torch.stack([column, row], dim=1) * STRIDE - BORDER
        boxes = torch.cat([low * ratio, (low + CELL) * ratio], dim=1)
        kept_scores, kept_shifts = scores[owner, row, column], shifts[owner, :, row, column]
        keep = _suppress(boxes, kept_scores, owner, 0.5)
        return boxes[keep], kept_shifts[keep], kept_scores[keep], owner[keep]

    def _refine(self, areas: Areas, boxes: Tensor, owner: Tensor) -> tuple[Tensor, Tensor]:
        """The candidates that the second network keeps, moved and squared."""
        if not len(boxes):
            return boxes, owner
        shifts, scores = _in_chunks(self.rnet, areas, boxes, owner, 24)
        likely = scores[:, 1] > REFINE
        boxes, owner, shifts, scores = boxes[likely], owner[likely], shifts[likely], scores[likely, 1]
        keep = _suppress(boxes, scores, owner, 0.7)
        return _square(_moved(boxes[keep], shifts[keep])), owner[keep]

    def _describe(self, areas: Areas, boxes: Tensor, owner: Tensor) -> tuple[Tensor, Tensor, Tensor, Tensor]:
        """Boxes, scores, landmarks and owners of the faces that the third network confirms."""
        if not len(boxes):
            return boxes, boxes.new_zeros(0), boxes.new_zeros((0, 5, 2)), owner
        shifts, points, scores = _in_chunks(self.onet, areas, boxes, owner, 48)
        sure = scores[:, 1] > self.threshold
        boxes, owner, shifts, points, scores = boxes[sure], owner[sure], shifts[sure], points[sure], scores[sure, 1]
        side = boxes[:, 2:] - boxes[:, :2]
        landmarks = points.view(-1, 2, 5).transpose(1, 2) * side[:, None] + boxes[:, None, :2]
        boxes = _moved(boxes, shifts)
        keep = _suppress_nested(boxes, scores, owner, 0.7)
        return boxes[keep], scores[keep], landmarks[keep], owner[keep]

    def _rivals(self, areas: Areas, boxes: Tensor, owner: Tensor) -> Tensor:
        """What each face scores at best in the other three quarter turns."""
        best = boxes.new_zeros(len(boxes))
        for start in range(0, len(boxes), CHUNK):
            part = slice(start, start + CHUNK)
            crops = areas.crops(_square(boxes[part]), owner[part], 48)
            scores = [self.onet(crops.rot90(turns, (2, 3)))[2][:, 1] for turns in (1, 2, 3)]
            best[part] = torch.stack(scores).amax(dim=0)
        return best


def _in_chunks(network: nn.Module, areas: Areas, boxes: Tensor, owner: Tensor, size: int) -> Sequence[Tensor]:
    """The network's outputs for the crops of all boxes."""
    pairs = zip(torch.split(boxes, CHUNK), torch.split(owner, CHUNK), strict=True)
    outputs = [network(areas.crops(b, o, size)) for b, o in pairs]
    return [torch.cat(o) for o in zip(*outputs, strict=True)]


def _moved(boxes: Tensor, shifts: Tensor) -> Tensor:
    """Boxes with each edge shifted by a fraction of the box's width or height."""
    side = boxes[:, 2:] - boxes[:, :2]
    return boxes + shifts * side.repeat(1, 2)


def _square(boxes: Tensor) -> Tensor:
    """The squares around the boxes, on the same centres."""
    centre = (boxes[:, :2] + boxes[:, 2:]) / 2
    half = (boxes[:, 2:] - boxes[:, :2]).amax(dim=1, keepdim=True) / 2
    return torch.cat([centre - half, centre + half], dim=1)


def _suppress(boxes: Tensor, scores: Tensor, owner: Tensor, overlap: float) -> Tensor:
    """Indices of the boxes that overlap no better one of the same image by more than ``overlap`` (intersection over union)."""
    kept = [mine[nms(boxes[mine], scores[mine], overlap)] for mine in _by_owner(owner)]
    return torch.cat(kept) if kept else owner


def _suppress_nested(boxes: Tensor, scores: Tensor, owner: Tensor, overlap: float) -> Tensor:
    """As ``_suppress``, but relative to the smaller of two boxes, so that a box within a better one goes."""
    kept: list[int] = []
    for mine in _by_owner(owner):
        left = mine[scores[mine].argsort(descending=True, stable=True)]
        while len(left):
            kept.append(int(left[0]))
            left = left[1:][_nesting(boxes[left[0]], boxes[left[1:]]) <= overlap]
    return torch.tensor(kept, dtype=torch.int64, device=boxes.device)


def _by_owner(owner: Tensor) -> list[Tensor]:
    """Indices of each image's candidates: images apart, so that no image's result depends on its batch."""
    return [(owner == n).nonzero()[:, 0] for n in sorted(set(owner.tolist()))]


def _nesting(box: Tensor, others: Tensor) -> Tensor:
    """Shared area of ``box`` [4] with each of ``others`` [M, 4], as a fraction of the smaller of the two."""
    shared = (torch.minimum(box[2:], others[:, 2:]) - torch.maximum(box[:2], others[:, :2])).clamp(min=0).prod(dim=1)
    area = (box[2:] - box[:2]).prod()
    return shared / torch.minimum(area, (others[:, 2:] - others[:, :2]).prod(dim=1))
