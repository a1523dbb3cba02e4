"""What works without weights that are missing: recipes beside the one that needed them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from ..errors import DysfwError
from ..recipe.compose import compose
from ..registry.registry import Registry
from ..weights.store import look

MOST = 50  # recipes that are looked at
PUBLISHED = "imagenet"  # how recipes ask for whatever timm publishes


def working_recipes(folder: Path, registry: Registry) -> list[str]:
    """Names of the recipes in a folder that are trained and whose weights, as far as they name any, are all on this machine."""
    return [file.name for file in sorted(folder.glob("*.yaml"))[:MOST] if _works(file, registry)]


def _works(file: Path, registry: Registry) -> bool:
    try:
        recipe = compose(file).value
        if not isinstance(recipe, dict) or not recipe.get("bundle") or not isinstance(recipe.get("backbone"), dict):
            return False
        words = list(_words(recipe))
        named = [entry for word in words if (entry := registry.named_weights(word))]
        return PUBLISHED not in words and all(look(entry.spec).condition == "here" for entry in named)
    except DysfwError:
        return False


def _words(value: object) -> Iterator[str]:
    """Every text in a recipe."""
    if isinstance(value, str):
        yield value
    parts = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    for part in parts:
        yield from _words(part)
