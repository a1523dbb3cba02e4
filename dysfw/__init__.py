"""dysfw: a framework for facial-phenotype research. Research use only; not a medical device."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from .util.process_environment import prepare_process as _prepare_process

if TYPE_CHECKING:
    from .model import Model

__version__ = "0.1.0"

RESEARCH_USE = "Research use only: not a medical device, not a diagnosis."

_prepare_process()  # before any library below is imported


def load(source: str | Path, overrides: Sequence[str] = (), *, device: str | None = None, cache: bool = True) -> Model:
    """Load a trained recipe, ready to predict.

    Args:
        source: A recipe file that names a bundle, or the folder of a bundle.
        overrides: Changes to the recipe, ``KEY=VALUE`` each, as on the command line.
        device: Device of all components, such as "cpu" or "cuda:0"; None takes the recipe's.
        cache: Whether to use the stage cache.

    Returns:
        The model; see ``dysfw.model.load``.

    Raises:
        DysfwError: The recipe or bundle cannot be used.
    """
    from .model import load  # importing dysfw must stay light

    return load(source, overrides, device=device, cache=cache)
