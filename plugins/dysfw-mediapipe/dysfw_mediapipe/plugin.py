"""Registers the segmenter ``face_mesh``."""

from __future__ import annotations

from dysfw.registry.hookspecs import ComponentSpec, WeightsSpec, hookimpl

from .weights import WEIGHTS


@hookimpl
def dysfw_components() -> list[ComponentSpec]:
    return [
        ComponentSpec(
            kind="segmenter",
            name="face_mesh",
            target="dysfw_mediapipe.segmenter:FaceMesh",
            summary="MediaPipe's face mesh: seven anatomical regions and the head pose",
        )
    ]


@hookimpl
def dysfw_weights() -> list[WeightsSpec]:
    return list(WEIGHTS)
