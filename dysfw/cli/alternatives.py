"""What works without weights that are missing: recipes beside the one that needed them."""

from __future__ import annotations

from pathlib import Path

from ..errors import DysfwError
from ..recipe.check import load_recipe
from ..recipe.model import Recipe, Registered
from ..registry.registry import Registry
from ..weights.store import look

MOST = 50  # recipes that are looked at
PUBLISHED = "imagenet"  # how recipes ask for whatever timm publishes


def working_recipes(folder: Path, registry: Registry) -> list[str]:
    """Names of the recipes in a folder that are right and trained, and whose weights are all on this machine."""
    return [file.name for file in sorted(folder.glob("*.yaml"))[:MOST] if _works(file, registry)]


def _works(file: Path, registry: Registry) -> bool:
    try:
        recipe = load_recipe(file, registry)
    except DysfwError:
        return False
    return bool(recipe.bundle) and not missing_weights(recipe) and PUBLISHED not in recipe.values()


def missing_weights(recipe: Recipe) -> list[str]:
    """What of the weights that a recipe names, registered or by path, is not on this machine."""
    missing = {
        v.entry.spec.name for v in recipe.values() if isinstance(v, Registered) and look(v.entry.spec).condition != "here"
    }
    return sorted(missing | {str(v) for v in recipe.values() if isinstance(v, Path) and not v.exists()})
