"""Regions as annotations in COCO's instance format, for annotation tools and for training."""

from __future__ import annotations

import numpy as np

from .. import RESEARCH_USE, __version__
from ..inference.pipeline import Pipeline
from ..types import Float32, Prediction


class Coco:
    """Collects the regions of images into one COCO document (Lin et al., ECCV 2014).

    Args:
        pipeline: The pipeline that makes the predictions.
    """

    def __init__(self, pipeline: Pipeline) -> None:
        self._regions = pipeline.components.segmenter.regions
        recipe = pipeline.recipe
        self._info = {
            "description": f"facial regions by dysfw {__version__}, recipe {recipe.name} {recipe.fingerprint}. {RESEARCH_USE}",
            "version": "1",
        }
        self._images: dict[str, dict[str, object]] = {}
        self._annotations: list[dict[str, object]] = []

    def add(self, result: Prediction) -> None:
        """Add the regions of one face.

        Args:
            result: The prediction for the face.
        """
        face_embedding, image = result.face_embedding, result.face_embedding.image
        entry = {
            "id": len(self._images) + 1, "file_name": image.source, "width": image.width, "height": image.height,
            "sha256": image.sha256,
        }  # fmt: skip
        image_id = self._images.setdefault(image.source, entry)["id"]
        for region in face_embedding.segmentation.regions:
            if region.name in self._regions:
                self._annotations.append({
                    "id": len(self._annotations) + 1,
                    "image_id": image_id,
                    "category_id": self._regions.index(region.name) + 1,
                    **_outline(region.polygon),
                    "iscrowd": 0,
                    "attributes": {"face": face_embedding.index},
                })  # fmt: skip

    def document(self) -> dict[str, object]:
        """Return the document as plain JSON values. The origin is the outer corner of the top-left pixel."""
        categories = [{"id": n, "name": name, "supercategory": "face"} for n, name in enumerate(self._regions, 1)]
        return {
            "info": self._info, "images": list(self._images.values()), "annotations": self._annotations,
            "categories": categories,
        }  # fmt: skip


def _outline(polygon: Float32) -> dict[str, object]:
    """Return segmentation [[x, y, x, y …]], bbox [x, y, width, height], and area in px² by the shoelace formula."""
    x, y = polygon.astype(float).T
    area = abs(float((x * np.roll(y, -1) - y * np.roll(x, -1)).sum())) / 2
    box = (x.min(), y.min(), x.max() - x.min(), y.max() - y.min())
    return {
        "segmentation": [[round(float(v), 2) for v in polygon.ravel()]],
        "bbox": [round(float(v), 2) for v in box],
        "area": round(area, 2),
    }
