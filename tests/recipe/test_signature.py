"""Parameter schemas are derived from the signatures of constructors."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal, Optional, Union

import numpy as np
import pydantic
import pytest
from pydantic import Field

from dysfw.contracts.components import Backbone, Component, Fusion
from dysfw.errors import DysfwError
from dysfw.recipe.signature import Nested, signature_of

if TYPE_CHECKING:
    from collections.abc import Hashable


def component(constructor):
    return type("Sample", (Component,), {"__init__": constructor, "__module__": "samples"})


def all_sorts(
    self, a: int, b: float = 1, *, c: str | None = None, d: Literal["x", "y"] = "x", e: Annotated[int, Field(ge=2)] = 2,
    f: Path | None = None, g: dict[str, list[float]] | None = None,
): ...  # fmt: skip


def test_plain_parameters_become_a_model_that_checks_them():
    signature = signature_of(component(all_sorts))
    assert signature.names == ("a", "b", "c", "d", "e", "f", "g")
    assert signature.nested == {}
    checked = signature.plain.model_validate_json('{"a": 1, "g": {"x": [1, 2.5]}}', strict=True)
    assert repr(checked) == "Sample(a=1, b=1.0, c=None, d='x', e=2, f=None, g={'x': [1.0, 2.5]})"
    for wrong in ('{"a": "1"}', '{"a": 1, "e": 1}', '{"a": 1, "d": "z"}', '{"a": 1, "z": 1}', "{}"):
        with pytest.raises(pydantic.ValidationError):
            signature.plain.model_validate_json(wrong, strict=True)


def test_contract_classes_become_nested_components():
    def constructor(
        self, *, a: Backbone, b: list[Backbone], c: Backbone | None = None, d: Optional[list[Fusion]] = None,  # noqa: UP045
        e: Union[None, Fusion] = None, f: "Backbone | None" = None, g: int = 1,  # noqa: UP007, RUF036
    ): ...  # fmt: skip

    signature = signature_of(component(constructor))
    assert signature.nested == {
        "a": Nested("backbone", many=False, required=True),
        "b": Nested("backbone", many=True, required=True),
        "c": Nested("backbone", many=False, required=False),
        "d": Nested("fusion", many=True, required=False),
        "e": Nested("fusion", many=False, required=False),
        "f": Nested("backbone", many=False, required=False),
    }
    assert list(signature.plain.model_fields) == ["g"]


def test_a_component_without_a_constructor_takes_nothing():
    signature = signature_of(type("Sample", (Component,), {}))
    assert (signature.names, signature.nested, signature.plain.model_fields) == ((), {}, {})


@pytest.mark.parametrize("name", ["device", "precision", "seed"])
def test_supplied_parameters_need_no_default(name):
    namespace: dict[str, Any] = {}
    exec(f"def constructor(self, {name}: str): ...", namespace)  # noqa: S102
    assert signature_of(component(namespace["constructor"])).plain.model_validate_json("{}").model_fields_set == set()


def unannotated(self, a, b: int = 1): ...
def unannotated_default(self, a=1): ...
def star(self, *args: int): ...
def double_star(self, **options: int): ...
def positional(self, a: int, /): ...
def called_use(self, use: str): ...
def underscore(self, _a: int = 1): ...
def unresolved(self, a: "Hashable"): ...
def misspelt(self, a: "np.ndaray"): ...
def array(self, a: np.ndarray): ...
def mapping(self, a: dict[str, Backbone]): ...
def either(self, a: int | Backbone): ...


RULES = [
    (unannotated, "does not annotate its parameter 'a'"),
    (unannotated_default, "does not annotate its parameter 'a'"),
    (star, "takes *args; every parameter must be accepted by name"),
    (double_star, "takes **options; every parameter must be accepted by name"),
    (positional, "takes a; every parameter must be accepted by name"),
    (called_use, "has a parameter called 'use', which is the name of the component in a recipe"),
    (underscore, "has a parameter that a recipe cannot set: _a; rename it"),
    (unresolved, "has an annotation that cannot be resolved: name 'Hashable' is not defined"),
    (misspelt, "has an annotation that cannot be resolved: module 'numpy' has no attribute 'ndaray'"),
    (array, "has a parameter that a recipe cannot set: PydanticSchemaGenerationError: "),
    (mapping, "has a parameter that a recipe cannot set: PydanticSchemaGenerationError: "),
    (either, "has a parameter that a recipe cannot set: PydanticSchemaGenerationError: "),
]


@pytest.mark.parametrize(("constructor", "message"), RULES)
def test_a_constructor_that_breaks_a_rule_is_refused(constructor, message):
    with pytest.raises(DysfwError) as caught:
        signature_of(component(constructor))
    assert caught.value.message.startswith(f"the constructor of samples.Sample {message}")
