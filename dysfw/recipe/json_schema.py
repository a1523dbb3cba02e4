"""The JSON Schema of recipes, from the signatures of everything installed, for editors that complete and check as one types."""

from __future__ import annotations

import inspect
from typing import Any

from ..contracts.components import Component
from ..contracts.kinds import KINDS
from ..errors import DysfwError
from ..registry.hookspecs import ComponentSpec
from ..registry.registry import Entry, Registry
from .check import TopKeys
from .docstrings import description, parameter_descriptions
from .signature import Nested, signature_of

DIALECT = "https://json-schema.org/draft/2020-12/schema"
SUPPLIED = {
    "device": "where this component computes; the recipe's own device by default",
    "precision": "of this component's numbers; the recipe's own precision by default",
    "seed": "of what is random in it; the recipe's own seed by default",
}
PARTS = {
    "detector": "finds faces",
    "segmenter": "divides faces into regions",
    "backbone": "turns crops into embeddings",
    "head": "judges each region's embedding",
    "fusion": "makes one opinion of the regions' votes",
}


def recipe_schema(registry: Registry) -> tuple[dict[str, Any], list[str]]:
    """The schema, and for each component that could not be imported the reason why it is left out."""
    left_out: list[str] = []
    definitions: dict[str, Any] = {}
    for kind in KINDS:
        whole, partial = [], []
        for entry in registry.components[kind]:
            try:
                schema = _component_schema(entry, registry.load(kind, entry.full_name), definitions)
            except DysfwError as error:
                left_out.append(error.message)
                continue
            if sum(e.spec.name == entry.spec.name for e in registry.components[kind]) == 1:
                schema["properties"]["use"]["enum"][:0] = [entry.spec.name]
            key = f"{kind}:{entry.full_name}"
            whole.append({**_reference(key), "required": ["use", *schema.pop("required")]})
            partial.append(_reference(key))
            definitions[key] = schema
        definitions[kind] = {"oneOf": whole} if whole else False
        definitions[f"{kind}:partial"] = {"anyOf": partial} if partial else False
    schema = _with_definitions(TopKeys.model_json_schema(), definitions)
    schema["properties"] |= {kind: {"description": PARTS[kind]} for kind in KINDS}
    schema["properties"]["extends"] = {"type": "string", "description": "path of the recipe that this one builds on"}
    for block in (schema, *definitions.values()):
        _explain(block)
    schema["if"] = {"required": ["extends"]}
    schema["then"] = {"properties": {kind: _reference(f"{kind}:partial") for kind in KINDS}}
    schema["else"] = {
        "properties": {kind: _reference(kind) for kind in KINDS},
        "required": [*schema.pop("required"), *KINDS],
    }
    return {"$schema": DIALECT, **schema, "title": "dysfw recipe", "$defs": definitions}, left_out


def _component_schema(entry: Entry[ComponentSpec], component: type[Component], definitions: dict[str, Any]) -> dict[str, Any]:
    signature = signature_of(component)
    schema = _with_definitions(signature.plain.model_json_schema(), definitions)
    schema["properties"] = {"use": {"enum": [entry.full_name]}} | schema.get("properties", {})
    schema["properties"] |= {name: _nested_schema(nested) for name, nested in signature.nested.items()}
    schema["required"] = [*schema.get("required", []), *(n for n, nested in signature.nested.items() if nested.required)]
    schema["properties"]["use"]["description"] = entry.spec.summary
    schema["description"] = inspect.cleandoc(component.__doc__ or entry.spec.summary)
    return schema | {"title": f"{entry.spec.name} ({entry.plugin.origin})"}


def _explain(block: Any) -> None:  # noqa: ANN401
    """Give each property what the block's own description says of it: the text that editors show at a key."""
    properties = block.get("properties", {}) if isinstance(block, dict) else {}
    found = parameter_descriptions(block.get("description"), properties) if properties else {}
    for name, schema in properties.items():
        if isinstance(schema, dict) and "description" not in schema and (text := found.get(name) or SUPPLIED.get(name)):
            schema["description"] = text.replace("``", "")
    if isinstance(block, dict) and "description" in block:
        block["description"] = description(block["description"])


def _nested_schema(nested: Nested) -> dict[str, Any]:
    reference = _reference(nested.kind)
    if nested.many:
        reference = {"type": "array", "items": reference, "minItems": 1}
    return reference if nested.required else {"anyOf": [reference, {"type": "null"}]}


def _reference(definition: str) -> dict[str, Any]:
    return {"$ref": f"#/$defs/{definition}"}


def _with_definitions(schema: dict[str, Any], definitions: dict[str, Any]) -> dict[str, Any]:
    """Move a model's own definitions to the one place that all references point to."""
    definitions.update(schema.pop("$defs", {}))
    return schema
