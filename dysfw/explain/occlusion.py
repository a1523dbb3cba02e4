"""Which part of a region's crop the judgement hangs on: what is lost when it is hidden.

Zeiler and Fergus, Visualizing and understanding convolutional networks, ECCV 2014. Patches are hidden by blurring them (Fong
and Vedaldi, ICCV 2017): a grey square would be an edge such as no face has, which a trunk answers to.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from PIL import Image as Pillow
from PIL import ImageFilter

from ..inference.classifier import Classifier
from ..inference.embedder import Embedder, embed_crops
from ..types import Float32, Prediction, UInt8
from .crops import cut_crops
from .saliency_map import SaliencyMap

CELLS = 8  # on each side of a map
PATCH = 2  # cells that a patch hides on each side; patches begin at every cell
BLUR = 1 / 8  # standard deviation over the crop's side


def occlusion_maps(embedder: Embedder, classifier: Classifier, result: Prediction) -> Iterator[SaliencyMap]:
    """A map of each region that is present, in the order of the votes; the other regions keep their votes. Any trunk, head and
    fusion will do. Each takes 50 crops through the trunk. Raises ValueError where the photograph's pixels were not kept."""
    cuts = cut_crops(embedder, result.subject)
    for row, name in enumerate(result.regions):
        if name in cuts:
            yield SaliencyMap(
                name,
                _lost(embedder, classifier, result, row, cuts[name].pixels),
                cuts[name].pixels,
                cuts[name].to_image,
                "occlusion",
            )


def blurred(crop: UInt8) -> UInt8:
    """What is left of a crop where it is hidden."""
    return np.asarray(Pillow.fromarray(crop).filter(ImageFilter.GaussianBlur(BLUR * len(crop))))


def _lost(embedder: Embedder, classifier: Classifier, result: Prediction, row: int, crop: UInt8) -> Float32:
    name, places = result.regions[row], list(_places())
    soft = blurred(crop)
    edges = np.rint(np.linspace(0, len(crop), CELLS + 1)).astype(int)
    shown = np.repeat(crop[None], len(places) + 1, axis=0)  # the last is left as it is
    for hidden, (y, x) in zip(shown, places, strict=False):
        part = slice(edges[y], edges[y + PATCH]), slice(edges[x], edges[x + PATCH])
        hidden[part] = soft[part]
    region_backbone = embedder.tuned.get(name, embedder.components.backbone)
    region_probabilities = np.repeat(result.region_probabilities[None], len(shown), axis=0)
    region_probabilities[:, row] = classifier.heads[name].predict(embed_crops(region_backbone, shown))
    said = classifier.calibrated_probabilities(region_probabilities, np.repeat(result.present[None], len(shown), axis=0))
    total, number = np.zeros((said.shape[1], CELLS, CELLS)), np.zeros((CELLS, CELLS))
    for fallen, (y, x) in zip(said[-1] - said[:-1], places, strict=True):
        total[:, y : y + PATCH, x : x + PATCH] += fallen[:, None, None]
        number[y : y + PATCH, x : x + PATCH] += 1
    return (total / number).astype(np.float32)


def _places() -> Iterator[tuple[int, int]]:
    """The first cell of each patch, row and column."""
    starts = range(CELLS - PATCH + 1)
    return ((y, x) for y in starts for x in starts)
