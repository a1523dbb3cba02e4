"""Parsing of the plugin's YAML files, with all problems reported at once by line."""

from __future__ import annotations

import json
import typing
from typing import Any, TypeVar

import pydantic

from dysfw.plugin import DysfwError, Problem, RecipeError, closest, count, listed, locate, parse_document

M = TypeVar("M", bound=pydantic.BaseModel)
# Example of a text that matches the pattern of a key.
EXAMPLES = {
    "label": "phantom-my-condition",
    "name": "my-data",
    "mondo": "MONDO:0008608",
    "omim": "OMIM:190685",
    "imitates": "OMIM:190685",
    "doi": "10.1000/182",
}


class StrictModel(pydantic.BaseModel):
    """Base class of mappings in YAML files; unknown keys are rejected."""

    model_config = pydantic.ConfigDict(extra="forbid", frozen=True)


def parse_yaml(text: str, name: str, model: type[M], what: str) -> M:
    """Parse and validate a YAML text.

    Args:
        text: YAML text.
        name: Name of the file, for messages.
        model: The model of the top-level mapping.
        what: What the file is, for messages, such as "spec".

    Returns:
        The validated model.

    Raises:
        DysfwError: The text is invalid; the message lists all problems.
    """
    try:
        document = parse_document(text, name)
        if not isinstance(document.value, dict):
            raise RecipeError([Problem(document.positions[()], (), f"a {what} must be a mapping of keys to values")])
    except RecipeError as error:
        raise _error(error.problems, name, what) from None
    try:
        # Validated as JSON, which accepts a list for a tuple but not the text "3" for a number.
        return model.model_validate_json(json.dumps(document.value), strict=True)
    except pydantic.ValidationError as error:
        problems = []
        for detail in _root_causes(error.errors()):
            path = tuple(part for part in detail["loc"] if part != "[key]")
            problems.append(Problem(locate(document.positions, path), path, _explain(detail, model)))
        raise _error(sorted(problems, key=lambda p: p.position), name, what) from None


def _root_causes(details: list[Any]) -> list[Any]:
    """Drop errors about lists that are too short only because an element is invalid."""
    places = [detail["loc"] for detail in details]
    return [
        detail
        for detail, place in zip(details, places, strict=True)
        if detail["type"] != "too_short" or not any(p[: len(place)] == place and len(p) > len(place) for p in places)
    ]


def _error(problems: list[Problem], name: str, what: str) -> DysfwError:
    lines = "\n".join(f"  {problem}" for problem in problems)
    return DysfwError(f"{count(len(problems), 'problem')} in the {what} {name}:\n{lines}")


def _explain(detail: Any, model: type[pydantic.BaseModel]) -> str:  # noqa: ANN401  # pydantic's error details
    """Describe an error of pydantic."""
    kind, key = detail["type"], str(detail["loc"][-1]) if detail["loc"] else ""
    if kind == "extra_forbidden":
        names = list(_model_at(model, detail["loc"][:-1]).model_fields)
        return f"unknown key{closest(key, names)} (allowed: {listed(names)})"
    if kind == "missing":
        return "is missing"
    if kind == "value_error":
        return str(detail["ctx"]["error"])
    found = json.dumps(detail["input"], ensure_ascii=False)
    if kind == "string_pattern_mismatch" and key in EXAMPLES:
        return f"found {found}; expected text like {EXAMPLES[key]}"
    message = detail["msg"][0].lower() + detail["msg"][1:]
    return f"found {found if len(found) <= 60 else found[:57] + '…'}; {message.replace('input should be', 'expected')}"


def _model_at(model: type[pydantic.BaseModel], path: tuple[str | int, ...]) -> type[pydantic.BaseModel]:
    """Return the model of the mapping at a path."""
    for key in path:
        field = model.model_fields.get(str(key)) if isinstance(key, str) else None
        model = (_model_in(field.annotation) if field else None) or model
    return model


def _model_in(annotation: Any) -> type[pydantic.BaseModel] | None:  # noqa: ANN401  # annotations have no common type
    """Return the first model in an annotation."""
    if isinstance(annotation, type) and issubclass(annotation, pydantic.BaseModel):
        return annotation
    return next((nested for part in typing.get_args(annotation) if (nested := _model_in(part))), None)
