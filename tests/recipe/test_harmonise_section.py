"""The section ``harmonise``."""

import pytest

from dysfw.imaging.harmonise import HarmonisationConfig
from dysfw.recipe.check import load_recipe
from dysfw.recipe.document import dump_document


def test_nothing_is_harmonised_without_the_section(recipe):
    assert recipe().harmonise is None
    assert "harmonise" not in recipe().to_dict()
    assert recipe("harmonise=null").fingerprint == recipe().fingerprint


def test_an_empty_section_uses_the_defaults(recipe):
    assert recipe(harmonise="{}").harmonise == HarmonisationConfig()
    assert HarmonisationConfig().size == 192


def test_every_key_changes_the_fingerprint(recipe):
    keys = ("face: 64", "context: 1.5", "quality: 70", "background: blur", "colour: normalise")
    prints = [recipe(harmonise="{" + key + "}").fingerprint for key in keys]
    assert len({*prints, recipe(harmonise="{}").fingerprint, recipe().fingerprint}) == len(keys) + 2


def test_the_section_survives_a_round_trip(recipe, registry, write):
    first = recipe(harmonise="{face: 64, context: 3, background: keep}")
    second = load_recipe(write("again/dumped.yaml", dump_document(first.to_dict())), registry)
    assert second.harmonise == first.harmonise == HarmonisationConfig(face=64, context=3.0, background="keep")
    assert second.fingerprint == first.fingerprint
    assert first.resolved()["harmonise"] == first.to_dict()["harmonise"]


@pytest.mark.parametrize(
    ("section", "problem"),
    [
        ("{faces: 64}", "unknown key; did you mean 'face'? (allowed: face, context, quality, background, colour)"),
        ("{face: 8}", "found 8; must be greater than or equal to 32"),
        ("{quality: 100}", "found 100; must be less than or equal to 95"),
        ("{context: 1}", "found 1; must be greater than or equal to 1.5"),
        ("{background: masked}", "found \"masked\"; must be one of keep, blur, mask; did you mean 'mask'?"),
        ("{colour: true}", "found true; must be one of keep, normalise"),
    ],
)
def test_problems_are_reported_at_their_position(recipe, problems_of, section, problem):
    (found,) = problems_of(lambda: recipe(harmonise=section))
    assert found.startswith("sample.yaml:9:")
    assert ": harmonise." in found
    assert problem in found
