"""The reference of components, as Markdown."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from ..contracts.components import Component
from ..contracts.kinds import KINDS, PLURALS, Kind
from ..errors import DysfwError
from ..recipe.docstrings import description, parameter_descriptions
from ..recipe.signature import SUPPLIED, Nested, signature_of
from ..registry.hookspecs import ComponentSpec
from ..registry.registry import Entry, Registry

FROM_RECIPE = "from the recipe"


def component_reference(registry: Registry, kinds: Sequence[Kind] = KINDS) -> str:
    """Write the reference from summaries, docstrings and signatures.

    Args:
        registry: The components.
        kinds: The kinds to include.

    Returns:
        Markdown with a section for each kind and component. For a component that cannot be imported, it states the reason.
    """
    sections = [
        "# Components",
        "The components that a recipe can use, by kind. `dysfw components --markdown` writes this page.",
    ]
    for kind in kinds:
        entries = sorted(registry.components[kind], key=lambda entry: entry.full_name)
        sections.append(f"## {PLURALS[kind].capitalize()}")
        sections += [section for entry in entries for section in _component(registry, kind, entry)]
    return "\n\n".join(sections) + "\n"


def _component(registry: Registry, kind: Kind, entry: Entry[ComponentSpec]) -> list[str]:
    lines = [f"### {entry.spec.name}", f"*{entry.plugin.distribution}*: {entry.spec.summary}."]
    if entry.spec.extra:
        lines.append(f"Needs the extra `{entry.spec.extra}` of {entry.plugin.distribution}.")
    try:
        component = registry.load(kind, entry.full_name)
    except DysfwError as error:
        return [*lines, f"Cannot be imported here: {error.message}"]
    return [*lines, *filter(None, (description(component.__doc__), _parameters(component)))]


def _parameters(component: type[Component]) -> str:
    signature = signature_of(component)
    schema = signature.plain.model_json_schema()
    rows = []
    for name in signature.names:
        if name in signature.nested:
            nested = signature.nested[name]
            rows.append((name, _nested(nested), "required" if nested.required else "none"))
        else:
            parameter = schema["properties"][name]
            is_required = name in schema.get("required", [])
            default = "required" if is_required else FROM_RECIPE if name in SUPPLIED else _value(parameter.get("default"))
            rows.append((name, allowed(parameter, schema.get("$defs", {})), default))
    meanings = parameter_descriptions(component.__doc__, signature.names)
    lines = [f"| `{name}` | {what} | {default} | {_cell(meanings.get(name, ''))} |" for name, what, default in rows]
    header = ["| parameter | allowed | default | meaning |", "| --- | --- | --- | --- |"]
    return "\n".join([*header, *lines]) if rows else ""


def _cell(text: str) -> str:
    return text.replace("|", "\\|")


def _nested(nested: Nested) -> str:
    return f"a list of {PLURALS[nested.kind]}" if nested.many else f"a {nested.kind}"


def _value(value: object) -> str:
    return "none" if value is None else f"`{str(value).lower() if isinstance(value, bool) else value}`"


def allowed(schema: Mapping[str, Any], definitions: Mapping[str, Any]) -> str:
    """Describe the JSON Schema of a parameter in words.

    Args:
        schema: The schema.
        definitions: Its definitions, by name.

    Returns:
        Text such as "an integer, from 1 to 12, or none".
    """
    if "$ref" in schema:
        return allowed(definitions[schema["$ref"].rpartition("/")[2]], definitions)
    if "anyOf" in schema:
        return ", or ".join(dict.fromkeys(allowed(option, definitions) for option in schema["anyOf"]))
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
            return ("an integer" if kind == "integer" else "a number") + (f", {bounds}" if bounds else "")
        case "string":
            return "a path" if schema.get("format") == "path" else "a string"
    return {"boolean": "`true` or `false`", "null": "none"}.get(str(schema.get("type")), "anything")


def _bounds(schema: Mapping[str, Any]) -> str:
    def bound(words: Iterable[tuple[str, str]]) -> str:
        return next((word + _number(schema[key]) for key, word in words if key in schema), "")

    low = bound((("minimum", "from "), ("exclusiveMinimum", "above ")))
    high = bound((("maximum", "to "), ("exclusiveMaximum", "below ")))
    return " ".join(filter(None, (low, high)))


def _number(value: float) -> str:
    return f"{value:g}" if isinstance(value, float) else str(value)
