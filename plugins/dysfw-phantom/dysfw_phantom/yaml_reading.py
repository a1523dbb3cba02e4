"""Reads the YAML files of this plugin, and says everything that is wrong with one at once, each with its line."""

from __future__ import annotations

import json
import typing
from typing import Any, TypeVar

import pydantic

from dysfw.plugin import DysfwError, Problem, RecipeError, closest, count, listed, locate, parse_document

M = TypeVar("M", bound=pydantic.BaseModel)
# What a text that must match a pattern looks like, by its key.
LIKE = {
    "label": "phantom-my-condition",
    "name": "my-data",
    "mondo": "MONDO:0008608",
    "omim": "OMIM:190685",
    "doi": "10.1000/182",
}


class Keys(pydantic.BaseModel):
    """A mapping in such a file: every key is known."""

    model_config = pydantic.ConfigDict(extra="forbid", frozen=True)


def checked(text: str, name: str, model: type[M], what: str) -> M:
    """What a text says, as a model; ``name`` stands for its file. Raises DysfwError with every problem found."""
    try:
        document = parse_document(text, name)
        if not isinstance(document.value, dict):
            raise RecipeError([Problem(document.positions[()], (), f"a {what} is a mapping of keys to values")])
    except RecipeError as error:
        raise _refusal(error.problems, name, what) from None
    try:
        # As JSON, so that a list is taken for a tuple but the text "3" is no number.
        return model.model_validate_json(json.dumps(document.value), strict=True)
    except pydantic.ValidationError as error:
        problems = []
        for detail in _without_echoes(error.errors()):
            path = tuple(part for part in detail["loc"] if part != "[key]")
            problems.append(Problem(locate(document.positions, path), path, _explain(detail, model)))
        raise _refusal(sorted(problems, key=lambda p: p.position), name, what) from None


def _without_echoes(details: list[Any]) -> list[Any]:
    """All but those that say a list is too short because of what is wrong inside it."""
    places = [detail["loc"] for detail in details]
    return [
        detail
        for detail, place in zip(details, places, strict=True)
        if detail["type"] != "too_short" or not any(p[: len(place)] == place and len(p) > len(place) for p in places)
    ]


def _refusal(problems: list[Problem], name: str, what: str) -> DysfwError:
    lines = "\n".join(f"  {problem}" for problem in problems)
    return DysfwError(f"{count(len(problems), 'problem')} in the {what} {name}:\n{lines}")


def _explain(detail: Any, model: type[pydantic.BaseModel]) -> str:  # noqa: ANN401  # pydantic's error details
    """What pydantic has against one value, in this project's words."""
    kind, key = detail["type"], str(detail["loc"][-1]) if detail["loc"] else ""
    if kind == "extra_forbidden":
        names = list(_model_at(model, detail["loc"][:-1]).model_fields)
        return f"unknown key{closest(key, names)} (allowed: {listed(names)})"
    if kind == "missing":
        return "is missing"
    if kind == "value_error":
        return str(detail["ctx"]["error"])
    found = json.dumps(detail["input"], ensure_ascii=False)
    if kind == "string_pattern_mismatch" and key in LIKE:
        return f"found {found}; allowed is text like {LIKE[key]}"
    message = detail["msg"][0].lower() + detail["msg"][1:]
    return f"found {found if len(found) <= 60 else found[:57] + '…'}; {message.replace('input should be', 'allowed is')}"


def _model_at(model: type[pydantic.BaseModel], path: tuple[str | int, ...]) -> type[pydantic.BaseModel]:
    """The model that describes the mapping at a place."""
    for key in path:
        field = model.model_fields.get(str(key)) if isinstance(key, str) else None
        model = (_model_in(field.annotation) if field else None) or model
    return model


def _model_in(annotation: Any) -> type[pydantic.BaseModel] | None:  # noqa: ANN401  # annotations have no common type
    if isinstance(annotation, type) and issubclass(annotation, pydantic.BaseModel):
        return annotation
    return next((found for part in typing.get_args(annotation) if (found := _model_in(part))), None)
