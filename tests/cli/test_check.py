"""`dysfw check`: the conformance checks on the command line."""

import pytest

TOY_RECIPE = "mosaic"


def test_a_conforming_plugin(dysfw):
    ran = dysfw("check", "dysfw", "--only", "fusion mean")
    assert ran.code == 0
    assert ran.out.splitlines()[0] == "fusion mean: 16 of 17 passed"
    assert "skipped: rejects_an_invalid_state: it is not fitted, so any state is valid" in ran.out
    assert ran.out.splitlines()[-1] == "16 passed, 1 skipped of 17 checks"


def test_a_plugin_that_violates_the_contract(dysfw):
    ran = dysfw("check", "dysfw-toys", "--only", "wrong_shape")
    assert ran.code == 1
    assert "FAILED returns_embeddings_of_the_declared_shape" in ran.out
    assert "expected: float32 [3, 48] for three crops" in ran.out
    assert "found: float32 [3, 5]" in ran.out
    assert "why it matters: heads expect dim features" in ran.out


def test_parameters_come_from_a_recipe(dysfw, toy_recipe):
    text = toy_recipe.read_text().replace(
        "{use: softmax, C: 0.1}", "{use: two_stage, affected: {use: lda}, condition: {use: knn, k: 3}}"
    )
    toy_recipe.write_text(text)
    assert "FAILED can_be_built" in dysfw("check", "dysfw", "--only", "head two_stage").out
    ran = dysfw("check", "dysfw", "--only", "head two_stage", "--recipe", toy_recipe)
    assert "can_be_built" not in ran.out
    assert "restores_its_state_from_a_bundle" not in ran.out  # which passed


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("dysfw-toy",), "no installed plugin is called 'dysfw-toy'; did you mean 'dysfw-toys'?"),
        (("dysfw", "--only", "nonsense"), "no check of dysfw has 'nonsense' in its name"),
        (("dysfw", "--recipe", "none.yaml"), "no such recipe: none.yaml"),
    ],
)
def test_mistakes_are_explained(dysfw, arguments, message):
    ran = dysfw("check", *arguments)
    assert ran.code == 2
    assert message in ran.err


def test_a_recipe_without_the_plugin(dysfw, toy_recipe):
    toy_recipe.write_text(toy_recipe.read_text())
    ran = dysfw("check", "dysfw-phantom", "--recipe", toy_recipe)
    assert ran.code == 2
    assert "uses no component of dysfw-phantom" in ran.err
