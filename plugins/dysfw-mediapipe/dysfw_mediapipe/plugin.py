"""What this plugin registers."""

from __future__ import annotations

from dysfw.plugin import ComponentSpec, WeightsSpec, hookimpl

from .weights import WEIGHTS


@hookimpl
def dysfw_components() -> list[ComponentSpec]:
    return [
        ComponentSpec(
            kind="segmenter",
            name="face_mesh",
            target="dysfw_mediapipe.segmenter:FaceMesh",
            summary="MediaPipe's face mesh: seven anatomical regions and the head pose, or groups of landmarks",
        ),
        ComponentSpec(
            kind="detector",
            name="blazeface",
            target="dysfw_mediapipe.detector:Blazeface",
            summary="BlazeFace: a millisecond an image, on upright faces that are not too small",
        ),
    ]


@hookimpl
def dysfw_weights() -> list[WeightsSpec]:
    return list(WEIGHTS)
