"""The JSON Schema of recipes, from the signatures of everything installed, for editors that complete and check as one types."""

from __future__ import annotations

import inspect
from typing import Any

from ..components import Component
from ..errors import DysfwError
from ..kinds import KINDS
from ..registry.hookspecs import ComponentSpec
from ..registry.registry import Entry, Registry
from .check import TopKeys
from .signature import Nested, signature_of

DIALECT = "https://json-schema.org/draft/2020-12/schema"


def recipe_schema(registry: Registry) -> tuple[dict[str, Any], list[str]]:
    """The schema, and for each component that could not be imported the reason why it is left out."""
    left_out: list[str] = []
    definitions: dict[str, Any] = {}
    for kind in KINDS:
        choices = []
        for entry in registry.components[kind]:
            try:
                component = registry.load(kind, _unambiguous(entry, registry.components[kind]))
                choices.append(_component_schema(entry, component, definitions))
            except DysfwError as error:
                left_out.append(error.message)
        definitions[kind] = {"oneOf": choices}
    schema = _with_definitions(TopKeys.model_json_schema(), definitions)
    schema["properties"] |= {kind: {"$ref": f"#/$defs/{kind}"} for kind in KINDS}
    schema["properties"]["extends"] = {"type": "string", "description": "path of the recipe that this one builds on"}
    del schema["required"]  # a recipe that extends another may leave out anything
    return {"$schema": DIALECT, **schema, "title": "dysfw recipe", "$defs": definitions}, left_out


def _unambiguous(entry: Entry[ComponentSpec], entries: list[Entry[ComponentSpec]]) -> str:
    return entry.full_name if sum(e.spec.name == entry.spec.name for e in entries) > 1 else entry.spec.name


def _component_schema(entry: Entry[ComponentSpec], component: type[Component], definitions: dict[str, Any]) -> dict[str, Any]:
    signature = signature_of(component)
    schema = _with_definitions(signature.plain.model_json_schema(), definitions)
    schema["properties"] = {"use": {"const": entry.spec.name}} | schema.get("properties", {})
    schema["properties"] |= {name: _nested_schema(nested) for name, nested in signature.nested.items()}
    schema["required"] = ["use", *schema.get("required", []), *(n for n, nested in signature.nested.items() if nested.required)]
    schema["description"] = inspect.cleandoc(component.__doc__ or entry.spec.summary)
    return schema | {"title": f"{entry.spec.name} ({entry.plugin.origin})"}


def _nested_schema(nested: Nested) -> dict[str, Any]:
    reference: dict[str, Any] = {"$ref": f"#/$defs/{nested.kind}"}
    return {"type": "array", "items": reference, "minItems": 1} if nested.many else reference


def _with_definitions(schema: dict[str, Any], definitions: dict[str, Any]) -> dict[str, Any]:
    """Move a model's own definitions to the one place that all references point to."""
    definitions.update(schema.pop("$defs", {}))
    return schema
