"""Registers the plugin's components and weights."""

from __future__ import annotations

from dysfw.plugin import ComponentSpec, WeightsSpec, hookimpl

from .weights import FACE_LANDMARKER


@hookimpl
def dysfw_components() -> list[ComponentSpec]:
    """Register the segmenter and the detector."""
    return [
        ComponentSpec(
            kind="segmenter",
            name="face_mesh",
            target="dysfw_mediapipe.segmenter:FaceMesh",
            summary="MediaPipe's face mesh: seven anatomical regions, head pose, custom groups of landmarks",
        ),
        ComponentSpec(
            kind="detector",
            name="blazeface",
            target="dysfw_mediapipe.detector:Blazeface",
            summary="BlazeFace: about 1 ms per image, for upright faces that fill much of the image",
        ),
    ]


@hookimpl
def dysfw_weights() -> list[WeightsSpec]:
    """Register the included model."""
    return [FACE_LANDMARKER]
