"""What dysfw is measured against: the script that somebody who knows these libraries would write, without any framework.

facenet-pytorch finds the face, mediapipe's face mesh its regions, OpenCV cuts them out upright, a network of timm embeds them,
a logistic regression of scikit-learn judges each, and the mean is the answer. One photograph after the other, in float32.
Nothing in it is slow on purpose: models are loaded once, a face's regions go through the network together, autograd is off,
and in a large photograph MTCNN looks for no smaller faces than dysfw does.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import cv2
import numpy as np
import torch
from facenet_pytorch import MTCNN
from mediapipe.python.solutions.face_mesh import FaceMesh
from PIL import Image, ImageOps
from sklearn.linear_model import LogisticRegression

SIZE, MESH_SIZE = 112, 256
MESH_MARGIN = 1.5  # of the face's box, so that the mesh sees the whole head
LEAST = 0.45  # of the face's box: no crop shows less
SMALLEST = 0.1  # of the photograph's shorter side: faces that are looked for
# Landmarks of the mesh that reach to the edges of each region.
REGIONS = {
    "face": (10, 152, 234, 454, 54, 284, 172, 397, 136, 365, 149, 378),
    "forehead": (10, 9, 109, 338, 67, 297, 103, 332, 54, 284, 63, 293, 105, 334, 107, 336),
    "periorbital": (9, 6, 107, 336, 105, 334, 70, 300, 156, 383, 143, 372, 111, 340, 119, 348, 121, 350),
    "nose": (168, 2, 193, 417, 114, 343, 126, 355, 49, 279, 129, 358, 64, 294, 98, 327),
    "philtrum": (2, 0, 98, 327, 97, 326, 165, 391, 40, 270, 39, 269, 37, 267),
    "mouth": (0, 17, 37, 267, 40, 270, 61, 291, 57, 287, 91, 321, 43, 273, 84, 314),
    "chin": (18, 152, 83, 313, 182, 406, 106, 335, 194, 418, 32, 262, 140, 369, 176, 400, 148, 377),
}


class Straightforward:
    """trunk: from normalised pixels [N, 3, 112, 112] to embeddings; heads: by region."""

    def __init__(self, backbone: torch.nn.Module, heads: Mapping[str, LogisticRegression]) -> None:
        self.mtcnn = MTCNN(keep_all=True)
        self.mesh = FaceMesh(static_image_mode=True, max_num_faces=1, refine_landmarks=True)
        self.backbone, self.heads = backbone.eval(), heads

    @torch.inference_mode()
    def predict(self, path: Path) -> np.ndarray | None:
        """Probabilities [K]; None where no face is found."""
        image = ImageOps.exif_transpose(Image.open(path)).convert("RGB")
        self.mtcnn.min_face_size = max(20, SMALLEST * min(image.size))
        boxes, _, points = self.mtcnn.detect(image, landmarks=True)
        if boxes is None:
            return None
        pixels, box = np.array(image), boxes[0].astype(float)
        right, left = points[0][:2].astype(float)
        side = max(box[2] - box[0], box[3] - box[1])
        roll = np.arctan2(left[1] - right[1], left[0] - right[0])
        to_mesh = square((box[:2] + box[2:]) / 2, MESH_MARGIN * side, roll, MESH_SIZE)
        found = self.mesh.process(cut(pixels, to_mesh, MESH_SIZE)).multi_face_landmarks
        if not found:
            return None
        landmarks = np.array([(point.x, point.y) for point in found[0].landmark]) * MESH_SIZE
        landmarks = cv2.transform(landmarks[None], cv2.invertAffineTransform(to_mesh))[0]
        crops = [region(pixels, landmarks[list(numbers)], roll, LEAST * side) for numbers in REGIONS.values()]
        batch = torch.from_numpy(np.stack(crops)).permute(0, 3, 1, 2).float() / 127.5 - 1
        embeddings = self.backbone(batch).numpy()
        region_probabilities = [
            self.heads[name].predict_proba(own[None])[0] for name, own in zip(REGIONS, embeddings, strict=True)
        ]
        return np.mean(region_probabilities, axis=0)


def region(pixels: np.ndarray, landmarks: np.ndarray, roll: float, min_side: float) -> np.ndarray:
    """The upright square around the landmarks."""
    turn = np.array([[np.cos(roll), np.sin(roll)], [-np.sin(roll), np.cos(roll)]])
    upright = landmarks @ turn.T
    low, high = upright.min(axis=0), upright.max(axis=0)
    return cut(pixels, square((low + high) / 2 @ turn, max((high - low).max(), min_side), roll, SIZE), SIZE)


def square(centre: np.ndarray, side: float, roll: float, size: int) -> np.ndarray:
    """The affine map of a square, turned by ``roll``, to a crop of ``size`` px."""
    matrix = cv2.getRotationMatrix2D([float(v) for v in centre], float(np.degrees(roll)), float(size / side))
    matrix[:, 2] += size / 2 - centre
    return matrix


def cut(pixels: np.ndarray, matrix: np.ndarray, size: int) -> np.ndarray:
    return cv2.warpAffine(pixels, matrix, (size, size), flags=cv2.INTER_CUBIC, borderMode=cv2.BORDER_REFLECT)
