"""JSON Schema of recipes, generated from the signatures of all installed components, for completion and checks in editors."""

from __future__ import annotations

import inspect
from typing import Any

from ..contracts.components import Component
from ..contracts.kinds import KINDS, PIPELINE_KINDS
from ..errors import DysfwError
from ..registry.hookspecs import ComponentSpec
from ..registry.registry import Entry, Registry
from .check import TopKeys
from .docstrings import description, parameter_descriptions
from .signature import Nested, signature_of

DIALECT = "https://json-schema.org/draft/2020-12/schema"
SUPPLIED = {
    "device": "Device of this component; the recipe's device by default",
    "precision": "Precision of this component; the recipe's precision by default",
    "runtime": "What executes this component's networks; the recipe's runtime by default",
    "seed": "Random seed of this component; the recipe's seed by default",
}
KIND_DESCRIPTIONS = {
    "detector": "Finds faces",
    "segmenter": "Divides faces into regions",
    "backbone": "Turns crops into embeddings",
    "head": "Classifies the embedding of each region",
    "fusion": "Combines the region probabilities",
    "evidence": "What the patient's record says: signs, age, sex",
}


def recipe_schema(registry: Registry) -> tuple[dict[str, Any], list[str]]:
    """Generate the schema.

    Args:
        registry: Installed components.

    Returns:
        The schema, and for each component that cannot be imported the reason why it is left out.
    """
    left_out: list[str] = []
    definitions: dict[str, Any] = {}
    for kind in KINDS:
        complete, partial = [], []
        for entry in registry.components[kind]:
            try:
                schema = _component_schema(entry, registry.load(kind, entry.full_name), definitions)
            except DysfwError as error:
                left_out.append(error.message)
                continue
            if sum(e.spec.name == entry.spec.name for e in registry.components[kind]) == 1:
                schema["properties"]["use"]["enum"][:0] = [entry.spec.name]
            key = f"{kind}:{entry.full_name}"
            complete.append({**_reference(key), "required": ["use", *schema.pop("required")]})
            partial.append(_reference(key))
            definitions[key] = schema
        definitions[kind] = {"oneOf": complete} if complete else False
        definitions[f"{kind}:partial"] = {"anyOf": partial} if partial else False
    schema = _with_definitions(TopKeys.model_json_schema(), definitions)
    schema["properties"] |= {kind: {"description": KIND_DESCRIPTIONS[kind]} for kind in KINDS}
    schema["properties"]["extends"] = {"type": "string", "description": "Path of the recipe that this recipe extends"}
    for block in (schema, *definitions.values()):
        _explain(block)
    several = {"evidence": {"type": ["array", "null"], "items": _reference("evidence")}}
    schema["if"] = {"required": ["extends"]}
    schema["then"] = {"properties": {kind: _reference(f"{kind}:partial") for kind in PIPELINE_KINDS} | several}
    schema["else"] = {
        "properties": {kind: _reference(kind) for kind in PIPELINE_KINDS} | several,
        "required": [*schema.pop("required"), *PIPELINE_KINDS],
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
    """Move the descriptions of properties from the docstring to the properties, where editors show them."""
    properties = block.get("properties", {}) if isinstance(block, dict) else {}
    descriptions = parameter_descriptions(block.get("description"), properties) if properties else {}
    for name, schema in properties.items():
        if isinstance(schema, dict) and "description" not in schema and (text := descriptions.get(name) or SUPPLIED.get(name)):
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
    """Move a model's definitions to the common ones, which all references point to."""
    definitions.update(schema.pop("$defs", {}))
    return schema
