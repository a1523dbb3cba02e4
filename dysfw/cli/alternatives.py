"""Recipes that work without the weights that another recipe is missing."""

from __future__ import annotations

from pathlib import Path

from ..errors import DysfwError
from ..recipe.check import load_recipe
from ..recipe.model import Recipe, Registered
from ..registry.registry import Registry
from ..weights.store import file_status

MAX_RECIPES = 50  # that are checked
PUBLISHED = "imagenet"  # asks for the weights that timm publishes


def working_recipes(folder: Path, registry: Registry) -> list[str]:
    """Return the file names of the recipes in a folder that are valid and trained and whose weights are all on this machine."""
    return [file.name for file in sorted(folder.glob("*.yaml"))[:MAX_RECIPES] if _works(file, registry)]


def _works(file: Path, registry: Registry) -> bool:
    try:
        recipe = load_recipe(file, registry)
    except DysfwError:
        return False
    return bool(recipe.bundle) and not missing_weights(recipe) and PUBLISHED not in recipe.values()


def missing_weights(recipe: Recipe) -> list[str]:
    """Return the weights, by registered name or by path, that a recipe uses and that are not on this machine."""
    missing = {
        v.entry.spec.name
        for v in recipe.values()
        if isinstance(v, Registered) and file_status(v.entry.spec).condition != "here"
    }
    return sorted(missing | {str(v) for v in recipe.values() if isinstance(v, Path) and not v.exists()})
