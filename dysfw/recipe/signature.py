"""Derives a component's parameter schema from the signature of its constructor.

Plain parameters become a pydantic model, which validates values and generates JSON Schema. Parameters annotated with a contract
class (``Backbone``, ``list[Backbone]``, ``Backbone | None``) are nested components.
"""

from __future__ import annotations

import functools
import inspect
import types
import typing
from dataclasses import dataclass
from typing import Any

import pydantic

from ..contracts.components import CONTRACTS
from ..contracts.kinds import Kind
from ..errors import DysfwError
from ..util.text import error_text, listed

# Parameters that are filled in if the recipe does not set them.
SUPPLIED = ("device", "precision", "runtime", "seed")


@dataclass(frozen=True, slots=True)
class Nested:
    """A parameter that takes a component or a list of components.

    Attributes:
        kind: Kind of the components.
        many: Whether it takes a list.
        required: Whether it has no default.
    """

    kind: Kind
    many: bool
    required: bool


@dataclass(frozen=True, slots=True)
class Signature:
    """Parameters of a component.

    Attributes:
        plain: Model of the plain parameters.
        nested: Parameters that take components, by name.
        names: Names of all parameters, in order of definition.
    """

    plain: type[pydantic.BaseModel]
    nested: typing.Mapping[str, Nested]
    names: tuple[str, ...]


@functools.cache
def signature_of(component: type[Any]) -> Signature:
    """Derive the parameters of a component.

    Args:
        component: A component's class, or another class that is configured by named values.

    Returns:
        Its parameters.

    Raises:
        DysfwError: The constructor breaks a rule in ``dysfw.contracts.components``.
    """
    where = f"the constructor of {component.__module__}.{component.__qualname__}"
    if component.__init__ is object.__init__:
        parameters: list[inspect.Parameter] = []
        hints: dict[str, Any] = {}
    else:
        parameters = list(inspect.signature(component.__init__).parameters.values())[1:]
        try:
            hints = typing.get_type_hints(component.__init__, include_extras=True)
        except (NameError, AttributeError, TypeError) as error:
            raise DysfwError(f"{where} has an annotation that cannot be resolved: {error}") from None
    nested: dict[str, Nested] = {}
    fields: dict[str, Any] = {}
    for parameter in parameters:
        if parameter.kind not in (parameter.POSITIONAL_OR_KEYWORD, parameter.KEYWORD_ONLY):
            raise DysfwError(f"{where} takes {str(parameter).partition(':')[0]}; every parameter must be accepted by name")
        if parameter.name == "use":
            raise DysfwError(f"{where} has a parameter called 'use', which is the name of the component in a recipe")
        if parameter.name not in hints:
            raise DysfwError(f"{where} does not annotate its parameter {parameter.name!r}")
        required = parameter.default is parameter.empty
        kind, many = _contract(hints[parameter.name])
        if kind:
            nested[parameter.name] = Nested(kind, many, required)
        elif required and parameter.name in SUPPLIED:
            fields[parameter.name] = (hints[parameter.name], pydantic.Field(default=None, validate_default=False))
        else:
            fields[parameter.name] = (hints[parameter.name], ... if required else parameter.default)
    # Defaults are validated, so that a default of 1 and a written 1.0 are the same value.
    config = pydantic.ConfigDict(extra="forbid", protected_namespaces=(), validate_default=True)
    try:
        plain = pydantic.create_model(component.__name__, __config__=config, **fields)
    except (pydantic.errors.PydanticUserError, NameError, TypeError) as error:
        raise DysfwError(f"{where} has a parameter that a recipe cannot set: {error_text(error)}") from None
    if invalid := fields.keys() - plain.model_fields.keys():
        raise DysfwError(f"{where} has a parameter that a recipe cannot set: {listed(sorted(invalid))}; rename it")
    return Signature(plain, nested, tuple(p.name for p in parameters))


def _contract(annotation: Any) -> tuple[Kind | None, bool]:  # noqa: ANN401  # annotations have no common type
    """Kind of component in an annotation, if any, and whether the annotation is a list."""
    for kind, contract in CONTRACTS.items():
        if annotation is contract:
            return kind, False
    origin, arguments = typing.get_origin(annotation), typing.get_args(annotation)
    if origin is list:
        return _contract(arguments[0])[0], True
    if origin in (typing.Union, types.UnionType):
        return _contract(next(a for a in arguments if a is not type(None)))
    return None, False
