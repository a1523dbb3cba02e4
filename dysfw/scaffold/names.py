"""Names of a new plugin and its parts, and checks of them."""

from __future__ import annotations

import builtins
import importlib.util
import keyword
import re
import sys
from dataclasses import dataclass
from importlib import metadata

from .. import types
from ..contracts import components
from ..contracts.kinds import Kind
from ..errors import DysfwError
from ..registry.registry import Registry

NAME = re.compile(r"[a-z][a-z0-9]*(?:[-_][a-z0-9]+)*")
PREFIX = "dysfw-"
MAX_LENGTH = 60  # characters
# What templates import beside dysfw's contracts and types.
IMPORTED_CLASSES = frozenset({"Literal", "Mapping", "Normalise", "Path", "Precision", "Sequence", "Tensor", "TorchRunner"})
RESERVED = ("dysfw", "test", "tests", "plugin", "conformance")  # files of every new plugin


@dataclass(frozen=True, slots=True)
class Names:
    """Names of a new plugin.

    Attributes:
        distribution: Name for pip.
        package: Name for imports.
        component: Name of the component in recipes.
        class_name: Name of the component's class.
    """

    distribution: str
    package: str
    component: str
    class_name: str


def names_of(name: str, kind: Kind, registry: Registry) -> Names:
    """Derive the names of a plugin.

    Args:
        name: Name of the distribution.
        kind: Kind of its component.
        registry: The registry of this environment.

    Returns:
        The names.

    Raises:
        DysfwError: If pip, Python or a recipe could not use a name, or if one is taken.
    """
    if not NAME.fullmatch(name) or len(name) > MAX_LENGTH:
        usable = re.sub(r"[^a-z0-9]+", "-", name.casefold()).strip("-0123456789")[:MAX_LENGTH]
        hint = f"use a-z, 0-9 and single hyphens, starting with a letter, at most {MAX_LENGTH} characters, "
        raise DysfwError(f"{name!r} is not a valid package name", hint=hint + f"e.g. {usable or 'dysfw-mine'}")
    distribution, package = name.replace("_", "-"), name.replace("-", "_")
    component = package.removeprefix("dysfw_")
    class_name = "".join(word.capitalize() for word in component.split("_"))
    reserved = package in sys.stdlib_module_names or package in RESERVED or component in RESERVED
    if reserved or not all(_is_identifier(one) for one in (package, component, class_name)):
        hint = f"use another name, e.g. {PREFIX}my-{component.replace('_', '-')}"
        raise DysfwError(f"{name!r} is reserved by Python or dysfw, or gives an invalid Python name", hint=hint)
    if importlib.util.find_spec(package) or _is_installed(distribution):
        raise DysfwError(f"the package {package} is already installed", hint="use another name, or uninstall that package")
    for entry in registry.components[kind]:
        if entry.spec.name == component:
            raise DysfwError(
                f"{entry.plugin.origin} already has a {kind} {component!r}",
                hint=f"use another name: in a recipe, {component} would be ambiguous",
            )
    imported = any(hasattr(module, class_name) for module in (builtins, components, types))
    if imported or class_name in IMPORTED_CLASSES:
        class_name += kind.capitalize()  # it would hide what the module imports
    return Names(distribution, package, component, class_name)


def _is_identifier(word: str) -> bool:
    return word.isidentifier() and not keyword.iskeyword(word)


def _is_installed(distribution: str) -> bool:
    try:
        metadata.distribution(distribution)
    except metadata.PackageNotFoundError:
        return False
    return True
