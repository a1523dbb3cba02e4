"""A component under check: how it is made, and what the checks of its kind need again and again."""

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
from .outcome import ContractViolation, NotApplicableError

Parameters = Mapping[str, object] | Callable[[], Mapping[str, object]]
SUPPLIED: Mapping[str, object] = {"device": "cpu", "precision": "float32", "seed": 0}  # as the engine would


@dataclass(frozen=True, eq=False)
class Subject:
    """component: the class. parameters: of its constructor, beside those that the engine supplies; a function is called for
    each instance, so that components nested in it are its own. images, faces: photographs with an upright face each, and that
    face. kept: what checks share, for what takes long."""

    component: type[Component]
    parameters: Parameters = field(default_factory=dict)
    images: Sequence[Image] = field(default_factory=lambda: phantom_images()[:2])  # more would take longer and tell no more
    faces: Sequence[Face] = field(default_factory=lambda: phantom_faces()[:2])
    kept: dict[str, Any] = field(default_factory=dict, repr=False)

    @property
    def kind(self) -> Kind:
        return self.component.kind

    @property
    def arguments(self) -> dict[str, object]:
        """Of the constructor, for one instance."""
        supplied = {name: value for name, value in SUPPLIED.items() if name in self.signature.names}
        return supplied | dict(self.parameters() if callable(self.parameters) else self.parameters)

    @functools.cached_property
    def signature(self) -> Signature:
        try:
            return signature_of(self.component)
        except DysfwError as error:
            raise ContractViolation(
                "a constructor whose parameters a recipe can give", error.message, "recipes and editors read the signature"
            ) from None

    def make(self) -> Component:
        """A new one. Raises NotApplicableError where that fails: the check ``can_be_built`` says why."""
        try:
            return self.component(**self.arguments)
        except Exception as error:
            raise NotApplicableError(f"it cannot be built ({error_text(error)})") from None

    @functools.cached_property
    def one(self) -> Component:
        """An instance that checks share; not for those that fit it."""
        return self.make()
