"""What export.json says: all that a program needs to do the same without dysfw, in the order in which it is done."""

from __future__ import annotations

import inspect
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from importlib import metadata
from typing import TYPE_CHECKING

import numpy as np

from dysfw import RESEARCH_USE
from dysfw.plugin import WHOLE, Fusion

from . import backbone, layers
from .check import MOST_EMBEDDING, MOST_PROBABILITY, Measured

if TYPE_CHECKING:
    from dysfw.plugin import Node, Pipeline

SCHEMA = "dysfw.export/1"
DISTRIBUTIONS = ("dysfw", "dysfw-onnx", "torch", "onnx", "onnxscript", "onnxruntime")

IMAGE = "Decoded to sRGB, the EXIF orientation applied, transparent parts laid on white; RGB, 0 to 255."
FACE = (
    "Of each photograph one face: a box x0 y0 x1 y1 and five landmarks, in px from the outer corner of the top left pixel: the "
    "subject's right eye, left eye, tip of the nose, right and left corner of the mouth. Coordinates are rounded to 1/8 px. "
    "The detector is not in this folder."
)
REGIONS = "Of the face one polygon for each region; an absent one has no vote. The segmenter is not in this folder."
SQUARE = (
    "A square around the region's polygon, its sides along the line from the subject's right to left eye and across it (align "
    "false: along the photograph's own): the smallest that holds all points, about the middle of their extents, and on each "
    "side margin times the longer side of the face's box more; its side is at least least times that longer side."
)
WHOLE_FACE = (
    f"Of the region {WHOLE!r}, in place of that. With points: the similarity transform, without mirroring, that brings the "
    "points, which are fractions of the crop's side, closest to the five landmarks, by least squares. With margin: the "
    "detector's box, upright, enlarged on each side by that fraction of its side and stretched to a square."
)
SAMPLING = (
    "Cut from the photograph by one bicubic interpolation (a = -0.5). Where the crop has fewer pixels than its square, the "
    "photograph is averaged over squares of whole pixels first, down to less than twice the crop's scale, and from 1.15 times "
    "that scale on sampled twice as densely, pairs being averaged. Beyond its edge the photograph is mirrored, the outermost "
    "pixel repeated."
)
CALIBRATION = (
    "Fused probabilities p become p^(1/temperature), each p counting as 1e-9 at least, divided by their sum; then, where there "
    "is a prior, each is multiplied by its condition's, and all are divided by their sum."
)
COMPARED = (
    "The original and the exported parts on the same fresh images. embedding: the largest difference of a number of an "
    "embedding, in units of the root mean square of all; probability: the largest difference of one; same_top_1: in how many "
    "of those judged the first condition is the same."
)
NOT_EXPORTED = [
    "the detector and the segmenter, which a program brings itself: others place crops differently, which changes results",
    "prediction sets, and whether a result is reliable: for those run the bundle with dysfw",
]


@dataclass(frozen=True, slots=True)
class Files:
    """The models' names in the folder. trunk: of all regions, but those in ``tuned``; tuned, heads: by region."""

    backbone: str
    tuned: Mapping[str, str]
    heads: Mapping[str, str]


def statement(pipeline: Pipeline, files: Files, listed: Mapping[str, object], measured: Measured) -> dict[str, object]:
    """The content of export.json. listed: each file with its size and hash."""
    recipe, manifest, classifier = pipeline.recipe, pipeline.manifest, pipeline.classifier
    regions = pipeline.components.segmenter.regions
    return {
        "schema": SCHEMA,
        "notice": RESEARCH_USE,
        "format": "onnx",
        "opset": layers.OPSET,
        "recipe": {"name": recipe.name, "fingerprint": recipe.fingerprint},
        "bundle": manifest and {"name": manifest.name, "fingerprint": manifest.fingerprint, "about": manifest.about},
        "labels": list(classifier.labels) if classifier else [],
        "regions": [
            {"name": name, "backbone": files.tuned.get(name, files.backbone), "head": files.heads.get(name)} for name in regions
        ],
        "image": IMAGE,
        "harmonise": asdict(recipe.harmonise) if recipe.harmonise else None,
        "detector": {**_component(recipe.nodes["detector"]), "gives": FACE},
        "segmenter": {**_component(recipe.nodes["segmenter"]), "gives": REGIONS},
        "crop": _crop(pipeline),
        "backbone": _backbone(pipeline),
        "head": _head(pipeline),
        "fusion": _fusion(classifier.fusion, recipe.nodes["fusion"]) if classifier else None,
        "calibration": _calibration(pipeline),
        "not_exported": NOT_EXPORTED,
        "weights": _weights(pipeline),
        "versions": {name: metadata.version(name) for name in DISTRIBUTIONS},
        "files": listed,
        "check": _check(measured),
    }


def _component(node: Node) -> dict[str, object]:
    parameters = node.portable()
    return {"use": parameters.pop("use"), "parameters": parameters}


def _crop(pipeline: Pipeline) -> dict[str, object]:
    crop, components = pipeline.recipe.crop, pipeline.components
    return {
        "size": components.crop_size,
        "align": crop.align,
        "margin": crop.margin,
        "min_side": crop.min_side,
        "square": SQUARE,
        "whole_face": {**asdict(components.alignment), "square": WHOLE_FACE} if components.alignment else None,
        "sampling": SAMPLING,
    }


def _backbone(pipeline: Pipeline) -> dict[str, object]:
    side = pipeline.components.crop_size
    pixels = {"name": backbone.INPUT, "dtype": "uint8", "shape": ["N", side, side, 3], "layout": "NHWC", "colour": "RGB"}
    return {
        "component": _component(pipeline.recipe.nodes["backbone"]),
        "input": {**pixels, "range": [0, 255]},
        "normalisation": "inside the graph: pixels go in as they are",
        "output": {"name": backbone.OUTPUT, "dtype": "float32", "shape": ["N", pipeline.components.backbone.dim]},
    }


def _head(pipeline: Pipeline) -> dict[str, object] | None:
    if pipeline.classifier is None:
        return None
    return {
        "component": _component(pipeline.recipe.nodes["head"]),
        "input": {"name": layers.INPUT, "dtype": "float32", "shape": ["N", pipeline.components.backbone.dim]},
        "output": {"name": layers.OUTPUT, "dtype": "float32", "shape": ["N", len(pipeline.classifier.labels)]},
        "gives": "the region's own probabilities of the labels, in their order, not calibrated",
    }


def _fusion(fusion: Fusion, node: Node) -> dict[str, object]:
    state = fusion.state()
    return {
        **_component(node),
        "what": inspect.getdoc(type(fusion)),
        "state": {name: np.asarray(array).tolist() for name, array in state.arrays.items()} | dict(state.values),
    }


def _calibration(pipeline: Pipeline) -> dict[str, object] | None:
    trust = pipeline.classifier.trust if pipeline.classifier else None
    if trust is None:
        return None
    prior = trust.prior.tolist() if np.ptp(trust.prior) > 0 else None
    return {"temperature": trust.temperature, "prior": prior, "what": CALIBRATION}


def _weights(pipeline: Pipeline) -> list[dict[str, object]]:
    """Every file that the original computes with. Those of the backbone are in the trunks."""
    components = pipeline.components
    parts = (components.detector, components.segmenter, components.backbone)
    return [{"component": part.kind, **asdict(weights)} for part in parts for weights in part.weights()]


def _check(measured: Measured) -> dict[str, object]:
    return {
        "what": COMPARED,
        "crops": measured.crops,
        "photographs": measured.images,
        "embedding": measured.embedding,
        "probability": measured.probability,
        "same_top_1": measured.same,
        "judged": measured.judged,
        "allowed": {"embedding": MOST_EMBEDDING, "probability": MOST_PROBABILITY},
    }
