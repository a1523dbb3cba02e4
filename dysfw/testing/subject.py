"""A component under check."""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from ..contracts.components import Component
from ..contracts.kinds import Kind
from ..errors import DysfwError
from ..recipe.signature import Signature, signature_of
from ..types import Face, Image
from ..util.text import error_text
from .examples import phantom_faces, phantom_images
from .outcome import ContractViolationError, NotApplicableError

Parameters = Mapping[str, object] | Callable[[], Mapping[str, object]]
# What inference supplies.
SUPPLIED: Mapping[str, object] = {"device": "cpu", "precision": "float32", "runtime": "auto", "seed": 0}


@dataclass(frozen=True, eq=False)
class Subject:
    """A component's class, with what its checks need.

    Attributes:
        component: The class.
        parameters: Constructor parameters beside those that dysfw supplies. A function is called for each instance, so that
            nested components are not shared.
        images: Images with one upright face each.
        faces: The face in each image.
        shared: Values that checks share because they take long to compute.
    """

    component: type[Component]
    parameters: Parameters = field(default_factory=dict)
    images: Sequence[Image] = field(default_factory=lambda: phantom_images()[:2])  # more would only take longer
    faces: Sequence[Face] = field(default_factory=lambda: phantom_faces()[:2])
    shared: dict[str, Any] = field(default_factory=dict, repr=False)

    @property
    def kind(self) -> Kind:
        """The component's kind."""
        return self.component.kind

    @property
    def arguments(self) -> dict[str, object]:
        """Constructor arguments for one instance."""
        supplied = {name: value for name, value in SUPPLIED.items() if name in self.signature.names}
        return supplied | dict(self.parameters() if callable(self.parameters) else self.parameters)

    @functools.cached_property
    def signature(self) -> Signature:
        """The constructor's signature. Raises ContractViolationError if a recipe cannot express it."""
        try:
            return signature_of(self.component)
        except DysfwError as error:
            raise ContractViolationError(
                "a constructor whose parameters a recipe can set", error.message, "recipes and editors read the signature"
            ) from None

    def make(self) -> Component:
        """Make a new instance.

        Raises:
            NotApplicableError: If that fails; the check ``can_be_built`` reports why.
        """
        try:
            return self.component(**self.arguments)
        except Exception as error:
            raise NotApplicableError(f"it cannot be built ({error_text(error)})") from None

    @functools.cached_property
    def instance(self) -> Component:
        """An instance that checks share. They must not fit it."""
        return self.make()
