"""Registration of the plugin. It is imported whenever dysfw starts, so it must not import heavy modules."""

from __future__ import annotations

from dysfw.plugin import ComponentSpec, hookimpl


@hookimpl
def dysfw_components() -> list[ComponentSpec]:
    """Register the segmenter ``facial_thirds``."""
    target = "dysfw_example.facial_thirds:FacialThirds"
    summary = "upper, middle and lower third of the face, each within the outline of its visible skin"
    return [ComponentSpec("segmenter", "facial_thirds", target, summary)]
