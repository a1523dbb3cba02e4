"""The reference of components."""

import re

import pytest

from dysfw.output.component_reference import allowed, component_reference
from dysfw.recipe.signature import signature_of
from dysfw.registry.registry import load_registry


@pytest.mark.parametrize(("schema", "words"), [
    ({"type": "integer", "minimum": 1, "maximum": 12}, "an integer, from 1 to 12"),
    ({"type": "number", "exclusiveMinimum": 0}, "a number, above 0"),
    ({"type": "number"}, "a number"),
    ({"enum": ["a", "b"], "type": "string"}, "`a` or `b`"),
    ({"anyOf": [{"type": "string", "format": "path"}, {"type": "null"}]}, "a path, or none"),
    ({"type": "array", "items": {"type": "string"}}, "a list of: a string"),
    ({"type": "object", "additionalProperties": {"type": "array", "items": {"type": "integer"}}},
     "a mapping of names to: a list of: an integer"),
    ({"$ref": "#/$defs/X"}, "`true` or `false`"),
])  # fmt: skip
def test_allowed_values_are_described(schema, words):
    assert allowed(schema, {"X": {"type": "boolean"}}) == words


def test_every_component_and_parameter_is_described():
    registry = load_registry()
    page = component_reference(registry)
    sections = dict(re.findall(r"^### (\S+)\n\n\*\S+\*: (.*?)(?=^#|\Z)", page, re.MULTILINE | re.DOTALL))
    for kind, entries in registry.components.items():
        for entry in entries:
            section = sections[entry.spec.name]
            for name in signature_of(registry.load(kind, entry.full_name)).names:
                assert f"| `{name}` |" in section, (kind, entry.spec.name)


def test_a_component_that_cannot_be_imported_is_listed_with_the_reason(toys, monkeypatch):
    entry = toys.components["backbone"][-1]
    monkeypatch.setattr(type(toys), "load", lambda *_: (_ for _ in ()).throw(__import__("dysfw").errors.DysfwError("gone")))
    assert "Cannot be imported here: gone" in component_reference(toys, ["backbone"])
    assert entry.spec.name in component_reference(toys, ["backbone"])
