from pathlib import Path

from dysfw.inference.build import build
from dysfw.inference.fingerprints import fingerprints_of
from dysfw.recipe.check import load_recipe
from dysfw.registry.registry import load_registry

ROOT = Path(__file__).parents[2]


def test_compiling_leaves_the_recipe_what_it_is_and_its_embeddings_apart():
    registry, recipes = load_registry(), ROOT / "recipes"
    usual, compiled = (
        load_recipe(recipes / "dlib.yaml", registry, ["device=cpu", *s]) for s in ([], ["backbone.compile=true"])
    )
    assert usual.fingerprint == compiled.fingerprint
    first, other = (fingerprints_of(recipe, build(recipe), "") for recipe in (usual, compiled))
    assert (first.faces, first.regions) == (other.faces, other.regions)
    assert first.embeddings != other.embeddings
