"""The reference of components, as Markdown, from what is registered: summaries, docstrings and constructors' signatures."""

from __future__ import annotations

import inspect
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from ..contracts.components import Component
from ..contracts.kinds import KINDS, Kind
from ..errors import DysfwError
from ..recipe.signature import SUPPLIED, Nested, signature_of
from ..registry.hookspecs import ComponentSpec
from ..registry.registry import Entry, Registry

FROM_ENGINE = "the recipe's own"


def component_reference(registry: Registry, kinds: Sequence[Kind] = KINDS) -> str:
    """A section for each kind, in it one for each component. A component that cannot be imported is named with the reason."""
    sections = ["# Components", "What recipes may name, by kind. `dysfw components --markdown` writes this page."]
    for kind in kinds:
        entries = sorted(registry.components[kind], key=lambda entry: entry.full_name)
        sections.append(f"## {kind.capitalize()}s")
        sections += [section for entry in entries for section in _component(registry, kind, entry)]
    return "\n\n".join(sections) + "\n"


def _component(registry: Registry, kind: Kind, entry: Entry[ComponentSpec]) -> list[str]:
    head = [f"### {entry.spec.name}", f"*{entry.plugin.distribution}*: {entry.spec.summary}."]
    if entry.spec.extra:
        head.append(f"Needs `pip install '{entry.plugin.distribution}[{entry.spec.extra}]'`.")
    try:
        component = registry.load(kind, entry.full_name)
    except DysfwError as error:
        return [*head, f"Cannot be imported here: {error.message}"]
    parameters = _parameters(component)
    return [*head, inspect.cleandoc(component.__doc__ or ""), *([parameters] if parameters else [])]


def _parameters(component: type[Component]) -> str:
    signature = signature_of(component)
    schema = signature.plain.model_json_schema()
    rows = []
    for name in signature.names:
        if name in signature.nested:
            nested = signature.nested[name]
            rows.append((name, _nested(nested), "required" if nested.required else "none"))
        else:
            own = schema["properties"][name]
            given = name in schema.get("required", [])
            default = "required" if given else FROM_ENGINE if name in SUPPLIED else _value(own.get("default"))
            rows.append((name, allowed(own, schema.get("$defs", {})), default))
    lines = [f"| `{name}` | {what} | {default} |" for name, what, default in rows]
    return "\n".join(["| parameter | allowed | default |", "| --- | --- | --- |", *lines]) if rows else ""


def _nested(nested: Nested) -> str:
    return f"a list of {nested.kind}s" if nested.many else f"a {nested.kind}"


def _value(value: object) -> str:
    return "none" if value is None else f"`{str(value).lower() if isinstance(value, bool) else value}`"


def allowed(schema: Mapping[str, Any], definitions: Mapping[str, Any]) -> str:
    """A JSON Schema of a plain parameter in words: "a whole number, 1 to 12, or none"."""
    if "$ref" in schema:
        return allowed(definitions[schema["$ref"].rpartition("/")[2]], definitions)
    if "anyOf" in schema:
        return ", or ".join(dict.fromkeys(allowed(one, definitions) for one in schema["anyOf"]))
    if "const" in schema:
        return _value(schema["const"])
    if "enum" in schema:
        return " or ".join(_value(value) for value in schema["enum"])
    return _typed(schema, definitions)


def _typed(schema: Mapping[str, Any], definitions: Mapping[str, Any]) -> str:
    match schema.get("type"):
        case "array" if "prefixItems" in schema:
            return f"[{'; '.join(allowed(item, definitions) for item in schema['prefixItems'])}]"
        case "array":
            return f"a list of: {allowed(schema.get('items', {}), definitions)}"
        case "object":
            return f"a mapping of names to: {allowed(schema.get('additionalProperties', {}), definitions)}"
        case "integer" | "number" as kind:
            bounds = _bounds(schema)
            return ("a whole number" if kind == "integer" else "a number") + (f", {bounds}" if bounds else "")
        case "string":
            return "a path" if schema.get("format") == "path" else "a text"
    return {"boolean": "`true` or `false`", "null": "none"}.get(str(schema.get("type")), "anything")


def _bounds(schema: Mapping[str, Any]) -> str:
    def found(words: Iterable[tuple[str, str]]) -> str:
        return next((word + _number(schema[key]) for key, word in words if key in schema), "")

    low = found((("minimum", "from "), ("exclusiveMinimum", "above ")))
    high = found((("maximum", "to "), ("exclusiveMaximum", "below ")))
    return " ".join(filter(None, (low, high)))


def _number(value: float) -> str:
    return f"{value:g}" if isinstance(value, float) else str(value)
