from pathlib import Path

from dysfw.inference.build import build
from dysfw.inference.fingerprints import fingerprints_of
from dysfw.recipe.check import load_recipe
from dysfw.registry.registry import load_registry

ROOT = Path(__file__).parents[2]


def test_compiling_keeps_the_fingerprint_of_the_recipe_and_caches_embeddings_separately():
    registry, recipes = load_registry(), ROOT / "recipes"
    plain, compiled = (
        load_recipe(recipes / "dlib.yaml", registry, ["device=cpu", *s]) for s in ([], ["backbone.compile=true"])
    )
    assert plain.fingerprint == compiled.fingerprint
    first, second = (fingerprints_of(recipe, build(recipe), "") for recipe in (plain, compiled))
    assert (first.faces, first.regions) == (second.faces, second.regions)
    assert first.embeddings != second.embeddings
