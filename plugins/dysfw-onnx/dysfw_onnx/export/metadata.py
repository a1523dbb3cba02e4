"""The content of export.json: everything that a program needs to reproduce the pipeline without dysfw."""

from __future__ import annotations

import inspect
from collections.abc import Mapping
from dataclasses import asdict
from importlib import metadata
from typing import TYPE_CHECKING

import numpy as np

from dysfw import RESEARCH_USE
from dysfw.plugin import WHOLE, Fusion

from . import backbone, layers
from .check import MAX_EMBEDDING_DIFFERENCE, MAX_PROBABILITY_DIFFERENCE
from .result import Comparison, ExportedFiles

if TYPE_CHECKING:
    from dysfw.plugin import Node, Pipeline

SCHEMA = "dysfw.export/1"
DISTRIBUTIONS = ("dysfw", "dysfw-onnx", "torch", "onnx", "onnxscript", "onnxruntime")

IMAGE = "Decoded to sRGB, EXIF orientation applied, transparent parts composited on white; RGB, 0 to 255."
FACE = (
    "One face per image: a box x0 y0 x1 y1 and five landmarks, in px from the outer corner of the top left pixel. The "
    "landmarks are the subject's right eye, left eye, tip of the nose, right and left corner of the mouth. Coordinates are "
    "rounded to 1/8 px. The detector is not part of this folder."
)
REGIONS = (
    "One polygon per region of the face; absent regions are left out of the fusion. The segmenter is not part of this folder."
)
SQUARE = (
    "A square around the region's polygon. If align is set, its sides run along and across the line from the subject's right "
    "to left eye; if align is false, along the image's sides. It is the smallest such square that contains all points, centred "
    "on the middle of their extents, extended on each side by margin times the longer side of the face's box. Its side is at "
    "least min_side times that longer side."
)
WHOLE_FACE = (
    f"Replaces the square for the region {WHOLE!r}. With points: the similarity transform without reflection that maps the "
    "points, given as fractions of the crop's side, to the five landmarks with the least squared error. With margin: the "
    "detector's box, upright, extended on each side by that fraction of its side and stretched to a square."
)
SAMPLING = (
    "Cut from the image by a single bicubic interpolation (a = -0.5). If the crop has fewer pixels than its square, the image "
    "is first averaged over blocks of whole pixels, to less than twice the crop's scale. From 1.15 times that scale on, it is "
    "sampled at twice the density, and pairs are averaged. Outside, the image is mirrored, including its outermost pixel."
)
CALIBRATION = (
    "Fused probabilities p become max(p, 1e-9)^(1/temperature), divided by their sum. If there is a prior, each is then "
    "multiplied by the prior of its condition, and all are divided by their sum again."
)
COMPARED = (
    "The original and the exported files on the same new images. embedding: the largest difference of an embedding value, "
    "divided by the root mean square of all values. probability: the largest difference of a probability. same_top_1: the "
    "number of predictions, out of predicted, with the same most probable condition."
)
NOT_EXPORTED = [
    "the detector and the segmenter: provide your own; others place crops differently, which changes results",
    "prediction sets and reliability: run the bundle with dysfw to get them",
]


def export_metadata(
    pipeline: Pipeline, files: ExportedFiles, hashes: Mapping[str, object], comparison: Comparison
) -> dict[str, object]:
    """The content of export.json.

    Args:
        pipeline: The pipeline that was exported.
        files: Names of the model files.
        hashes: Size and hash of each file.
        comparison: Comparison with the original.
    """
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
        "detector": {**_component(recipe.nodes["detector"]), "output": FACE},
        "segmenter": {**_component(recipe.nodes["segmenter"]), "output": REGIONS},
        "crop": _crop(pipeline),
        "backbone": _backbone(pipeline),
        "head": _head(pipeline),
        "fusion": _fusion(classifier.fusion, recipe.nodes["fusion"]) if classifier else None,
        "calibration": _calibration(pipeline),
        "not_exported": NOT_EXPORTED,
        "weights": _weights(pipeline),
        "versions": {name: metadata.version(name) for name in DISTRIBUTIONS},
        "files": hashes,
        "check": _check(comparison),
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
        "normalisation": "inside the graph: pass pixels unchanged",
        "output": {"name": backbone.OUTPUT, "dtype": "float32", "shape": ["N", pipeline.components.backbone.dim]},
    }


def _head(pipeline: Pipeline) -> dict[str, object] | None:
    if pipeline.classifier is None:
        return None
    return {
        "component": _component(pipeline.recipe.nodes["head"]),
        "input": {"name": layers.INPUT, "dtype": "float32", "shape": ["N", pipeline.components.backbone.dim]},
        "output": {"name": layers.OUTPUT, "dtype": "float32", "shape": ["N", len(pipeline.classifier.labels)]},
        "description": "the region's probabilities, in the order of labels, not calibrated",
    }


def _fusion(fusion: Fusion, node: Node) -> dict[str, object]:
    state = fusion.state()
    return {
        **_component(node),
        "description": (inspect.getdoc(type(fusion)) or "").partition("\n\nArgs:")[0],
        "state": {name: np.asarray(array).tolist() for name, array in state.arrays.items()} | dict(state.values),
    }


def _calibration(pipeline: Pipeline) -> dict[str, object] | None:
    if pipeline.classifier is None:
        return None
    reliability = pipeline.classifier.reliability
    prior = reliability.prior.tolist() if np.ptp(reliability.prior) > 0 else None
    return {"temperature": reliability.temperature, "prior": prior, "description": CALIBRATION}


def _weights(pipeline: Pipeline) -> list[dict[str, object]]:
    """All weight files of the original. Those of the backbone are contained in the exported backbones."""
    components = pipeline.components
    parts = (components.detector, components.segmenter, components.backbone)
    return [{"component": part.kind, **asdict(weights)} for part in parts for weights in part.weights()]


def _check(comparison: Comparison) -> dict[str, object]:
    return {
        "description": COMPARED,
        **asdict(comparison),
        "allowed": {"embedding": MAX_EMBEDDING_DIFFERENCE, "probability": MAX_PROBABILITY_DIFFERENCE},
    }
