"""Saliency maps by occlusion."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from PIL import Image as Pillow
from PIL import ImageFilter

from ..inference.classifier import Classifier
from ..inference.embedder import Embedder, embed_crops
from ..types import Float32, Prediction, UInt8
from .crops import RegionCrop, cut_crops
from .saliency_map import SaliencyMap

CELLS = 8  # on each side of a map
PATCH = 2  # side of a patch in cells; a patch begins at every cell
BLUR = 1 / 8  # standard deviation of the blur, as a fraction of the crop's side


def occlusion_maps(embedder: Embedder, classifier: Classifier, result: Prediction) -> Iterator[SaliencyMap]:
    """Compute a saliency map for each present region by hiding patches of its crop.

    The other regions keep their probabilities. This works with every backbone, head and fusion, and embeds 50 crops for each
    region. Patches are hidden by a blur: a grey square would add edges that the backbone would respond to.

    Args:
        embedder: The embedder that embedded the face.
        classifier: The classifier that made the prediction.
        result: The prediction, with the pixels of its image.

    Yields:
        The maps, in the order of the prediction's regions.

    Raises:
        ValueError: The pixels of the image were not kept.

    Zeiler and Fergus, Visualizing and understanding convolutional networks, ECCV 2014. Blurring: Fong and Vedaldi, ICCV 2017.
    """
    crops = cut_crops(embedder, result.face_embedding)
    for name in result.regions:
        if name in crops:
            yield occlusion_map(embedder, classifier, result, name, crops[name])


def occlusion_map(embedder: Embedder, classifier: Classifier, result: Prediction, region: str, crop: RegionCrop) -> SaliencyMap:
    """Compute the saliency map of one region; see ``occlusion_maps``.

    Args:
        embedder: The embedder that embedded the face.
        classifier: The classifier that made the prediction.
        result: The prediction; its pixels are not needed.
        region: Name of a region that is present.
        crop: The crop of the region.
    """
    importance = _probability_drops(embedder, classifier, result, result.regions.index(region), crop.pixels)
    return SaliencyMap(region, importance, crop.pixels, crop.to_image, "occlusion")


def blurred(crop: UInt8) -> UInt8:
    """Blur a crop, which is how parts of it are hidden.

    Args:
        crop: uint8 [S, S, 3].

    Returns:
        uint8 [S, S, 3].
    """
    return np.asarray(Pillow.fromarray(crop).filter(ImageFilter.GaussianBlur(BLUR * len(crop))))


def _probability_drops(embedder: Embedder, classifier: Classifier, result: Prediction, row: int, crop: UInt8) -> Float32:
    """Mean fall of each probability over the patches that cover a cell, float32 [K, CELLS, CELLS]."""
    name, patches = result.regions[row], list(_patches())
    hidden = blurred(crop)
    edges = np.rint(np.linspace(0, len(crop), CELLS + 1)).astype(int)
    occluded = np.repeat(crop[None], len(patches) + 1, axis=0)  # the last stays as it is
    for pixels, (y, x) in zip(occluded, patches, strict=False):
        patch = slice(edges[y], edges[y + PATCH]), slice(edges[x], edges[x + PATCH])
        pixels[patch] = hidden[patch]
    region_backbone = embedder.tuned.get(name, embedder.components.backbone)
    region_probabilities = np.repeat(result.region_probabilities[None], len(occluded), axis=0)
    region_probabilities[:, row] = classifier.heads[name].predict(embed_crops(region_backbone, occluded))
    present = np.repeat(result.present[None], len(occluded), axis=0)
    probabilities = classifier.calibrated_probabilities(region_probabilities, present)
    total, number = np.zeros((probabilities.shape[1], CELLS, CELLS)), np.zeros((CELLS, CELLS))
    for drop, (y, x) in zip(probabilities[-1] - probabilities[:-1], patches, strict=True):
        total[:, y : y + PATCH, x : x + PATCH] += drop[:, None, None]
        number[y : y + PATCH, x : x + PATCH] += 1
    return (total / number).astype(np.float32)


def _patches() -> Iterator[tuple[int, int]]:
    """Row and column of the first cell of each patch."""
    starts = range(CELLS - PATCH + 1)
    return ((y, x) for y in starts for x in starts)
