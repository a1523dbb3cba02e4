"""dysfw: a workbench for facial-phenotype research. Research use only; not a medical device."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .model import Model

__version__ = "0.1.0"

RESEARCH_USE = "Research use only: not a medical device, not a diagnosis."


def load(source: str | Path, overrides: Sequence[str] = (), *, device: str | None = None, cache: bool = True) -> Model:
    """A trained recipe, ready to predict: see ``dysfw.model.load``."""
    from .model import load  # importing dysfw must stay light

    return load(source, overrides, device=device, cache=cache)
