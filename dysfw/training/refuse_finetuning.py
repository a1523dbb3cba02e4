"""Refuses a recipe that fine-tunes its backbone where that is impossible, before any work."""

from __future__ import annotations

from ..errors import DysfwError
from ..recipe.model import Recipe
from ..runtime.choose import TORCH, has_torch


def refuse_finetuning_without_torch(recipe: Recipe) -> None:
    """Check that the backbone can be fine-tuned here, if the recipe asks for it. A trained bundle needs no torch.

    Args:
        recipe: The recipe.

    Raises:
        DysfwError: torch is not installed.
    """
    if recipe.tune.mode != "none" and not has_torch():
        raise DysfwError(
            f"tune.mode is {recipe.tune.mode}, and fine-tuning needs {TORCH}, which is not installed",
            hint="pip install torch, or set tune.mode to none",
        )
