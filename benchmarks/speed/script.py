"""A typical script without dysfw, as reference.

facenet-pytorch detects the face, mediapipe's face mesh its regions, OpenCV crops them, a network of timm embeds them, a
logistic regression of scikit-learn classifies each, and the mean is the result. It predicts one image after the other in
float32. It avoids needless work: models are loaded once, a face's regions are embedded together, autograd is off, and in a
large image MTCNN looks for no smaller faces than dysfw does.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import cv2
import mediapipe
import numpy as np
import torch
from facenet_pytorch import MTCNN
from mediapipe.tasks.python import BaseOptions, vision
from PIL import Image, ImageOps
from sklearn.linear_model import LogisticRegression

MESH = Path(__file__).parents[2] / "plugins/dysfw-mediapipe/dysfw_mediapipe/models/face_landmarker.task"
SIZE, MESH_SIZE = 112, 256
MESH_CROP = 1.5  # side of the mesh's input, in sides of the face box, so that it shows the whole head
MIN_CROP = 0.45  # minimum side of a crop, in sides of the face box
MIN_FACE = 0.1  # minimum height of a face, as a fraction of the image's shorter side
# Landmarks of the mesh on the outline of each region.
REGIONS = {
    "face": (10, 152, 234, 454, 54, 284, 172, 397, 136, 365, 149, 378),
    "forehead": (10, 9, 109, 338, 67, 297, 103, 332, 54, 284, 63, 293, 105, 334, 107, 336),
    "periorbital": (9, 6, 107, 336, 105, 334, 70, 300, 156, 383, 143, 372, 111, 340, 119, 348, 121, 350),
    "nose": (168, 2, 193, 417, 114, 343, 126, 355, 49, 279, 129, 358, 64, 294, 98, 327),
    "philtrum": (2, 0, 98, 327, 97, 326, 165, 391, 40, 270, 39, 269, 37, 267),
    "mouth": (0, 17, 37, 267, 40, 270, 61, 291, 57, 287, 91, 321, 43, 273, 84, 314),
    "chin": (18, 152, 83, 313, 182, 406, 106, 335, 194, 418, 32, 262, 140, 369, 176, 400, 148, 377),
}


class Script:
    """Predicts conditions from an image."""

    def __init__(self, backbone: torch.nn.Module, heads: Mapping[str, LogisticRegression]) -> None:
        """Load the models.

        Args:
            backbone: Maps normalised pixels [N, 3, 112, 112] to embeddings.
            heads: Classifiers by region.
        """
        self.mtcnn = MTCNN(keep_all=True)
        options = vision.FaceLandmarkerOptions(base_options=BaseOptions(model_asset_path=str(MESH)))
        self.mesh = vision.FaceLandmarker.create_from_options(options)
        self.backbone, self.heads = backbone.eval(), heads

    @torch.inference_mode()
    def predict(self, path: Path) -> np.ndarray | None:
        """Probabilities [K]; None if no face is found."""
        image = ImageOps.exif_transpose(Image.open(path)).convert("RGB")
        self.mtcnn.min_face_size = max(20, MIN_FACE * min(image.size))
        boxes, _, points = self.mtcnn.detect(image, landmarks=True)
        if boxes is None:
            return None
        pixels, box = np.array(image), boxes[0].astype(float)
        right, left = points[0][:2].astype(float)
        side = max(box[2] - box[0], box[3] - box[1])
        roll = np.arctan2(left[1] - right[1], left[0] - right[0])
        to_mesh = square((box[:2] + box[2:]) / 2, MESH_CROP * side, roll, MESH_SIZE)
        crop = mediapipe.Image(image_format=mediapipe.ImageFormat.SRGB, data=warp(pixels, to_mesh, MESH_SIZE))
        meshes = self.mesh.detect(crop).face_landmarks
        if not meshes:
            return None
        landmarks = np.array([(point.x, point.y) for point in meshes[0]]) * MESH_SIZE
        landmarks = cv2.transform(landmarks[None], cv2.invertAffineTransform(to_mesh))[0]
        crops = [region(pixels, landmarks[list(numbers)], roll, MIN_CROP * side) for numbers in REGIONS.values()]
        batch = torch.from_numpy(np.stack(crops)).permute(0, 3, 1, 2).float() / 127.5 - 1
        embeddings = self.backbone(batch).numpy()
        region_probabilities = [
            self.heads[name].predict_proba(embedding[None])[0] for name, embedding in zip(REGIONS, embeddings, strict=True)
        ]
        return np.mean(region_probabilities, axis=0)


def region(pixels: np.ndarray, landmarks: np.ndarray, roll: float, min_side: float) -> np.ndarray:
    """The upright square around the landmarks."""
    rotation = np.array([[np.cos(roll), np.sin(roll)], [-np.sin(roll), np.cos(roll)]])
    upright = landmarks @ rotation.T
    low, high = upright.min(axis=0), upright.max(axis=0)
    return warp(pixels, square((low + high) / 2 @ rotation, max((high - low).max(), min_side), roll, SIZE), SIZE)


def square(centre: np.ndarray, side: float, roll: float, size: int) -> np.ndarray:
    """The affine map from a square, rotated by ``roll``, to a crop of ``size`` px."""
    matrix = cv2.getRotationMatrix2D([float(v) for v in centre], float(np.degrees(roll)), float(size / side))
    matrix[:, 2] += size / 2 - centre
    return matrix


def warp(pixels: np.ndarray, matrix: np.ndarray, size: int) -> np.ndarray:
    return cv2.warpAffine(pixels, matrix, (size, size), flags=cv2.INTER_CUBIC, borderMode=cv2.BORDER_REFLECT)
