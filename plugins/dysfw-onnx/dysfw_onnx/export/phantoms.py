"""Synthetic test images for an export, if the plugin dysfw-phantom is installed."""

from __future__ import annotations

from pathlib import Path

from PIL import Image as Pillow

SIZE = 256  # side of an image, px
SEED = 20_261  # used by no shipped data set


def draw_phantoms(folder: Path, number: int) -> list[Path]:
    """Draw phantoms with different conditions as PNG files.

    Args:
        folder: Where to write them.
        number: Maximum number of images.

    Returns:
        The files; empty if dysfw-phantom is not installed.
    """
    try:
        from dysfw_phantom.condition import shipped_conditions
        from dysfw_phantom.phantom import capture, make_phantom
    except ImportError:
        return []
    files = []
    for index, (label, condition) in enumerate(sorted(shipped_conditions().items())[:number]):
        files.append(folder / f"{label}.png")
        Pillow.fromarray(capture(make_phantom(condition, SEED, index), 0, SIZE).pixels).save(files[-1])
    return files
