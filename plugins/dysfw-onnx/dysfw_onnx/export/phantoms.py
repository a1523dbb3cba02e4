"""Photographs to try an export on, where the plugin that draws phantoms is installed."""

from __future__ import annotations

from pathlib import Path

from PIL import Image as Pillow

SIZE, SEED = 256, 20_261  # side of a photograph, px; of no data set that comes along


def draw_phantoms(folder: Path, number: int) -> list[Path]:
    """PNG files in ``folder``, each of another phantom with another condition; none where dysfw-phantom is not installed."""
    try:
        from dysfw_phantom.condition import shipped_conditions
        from dysfw_phantom.phantom import make_phantom, take_photograph
    except ImportError:
        return []
    files = []
    for place, (label, condition) in enumerate(sorted(shipped_conditions().items())[:number]):
        files.append(folder / f"{label}.png")
        Pillow.fromarray(take_photograph(make_phantom(condition, SEED, place), 0, SIZE).pixels).save(files[-1])
    return files
