"""What a new plugin is called, in each of the places where it has a name, and which names will not do."""

from __future__ import annotations

import importlib.util
import keyword
import re
import sys
from dataclasses import dataclass

from ..errors import DysfwError
from ..kinds import Kind
from ..registry.registry import Registry

NAME = re.compile(r"[a-z][a-z0-9]*(?:[-_][a-z0-9]+)*")
PREFIX = "dysfw-"


@dataclass(frozen=True, slots=True)
class Names:
    """distribution: for pip. package: for imports. component: for recipes. class_name: of the component."""

    distribution: str
    package: str
    component: str
    class_name: str


def names_of(name: str, kind: Kind, registry: Registry) -> Names:
    """Raises DysfwError for a name that pip, Python or a recipe could not use, or that somebody has already."""
    if not NAME.fullmatch(name):
        usable = re.sub(r"[^a-z0-9]+", "-", name.casefold()).strip("-0123456789")
        hint = f"allowed are a-z, 0-9 and single hyphens between them, beginning with a letter, e.g. {usable or 'dysfw-mine'}"
        raise DysfwError(f"{name!r} is no name for a package", hint=hint)
    distribution = name.replace("_", "-")
    package = name.replace("-", "_")
    component = package.removeprefix("dysfw_")
    if keyword.iskeyword(package) or package in sys.stdlib_module_names or package in ("dysfw", "tests", "test"):
        raise DysfwError(f"{name!r} is a name of Python's or of dysfw's own", hint=f"take another, e.g. {PREFIX}{distribution}")
    if importlib.util.find_spec(package):
        raise DysfwError(f"a package {package} is installed here already", hint="take another name, or uninstall that one")
    for entry in registry.components[kind]:
        if entry.spec.name == component:
            raise DysfwError(
                f"{entry.plugin.origin} has a {kind} {component!r} already",
                hint=f"take another name: recipes that say {component} would not know which of the two is meant",
            )
    words = component.split("_")
    return Names(distribution, package, component, "".join(word.capitalize() for word in words))
