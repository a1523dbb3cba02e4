"""What a new plugin is called, in each of the places where it has a name, and which names will not do."""

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
LONGEST = 60  # characters
RESERVED = ("dysfw", "test", "tests", "plugin", "conformance")  # names of files that every new plugin has


@dataclass(frozen=True, slots=True)
class Names:
    """distribution: for pip. package: for imports. component: for recipes. class_name: of the component."""

    distribution: str
    package: str
    component: str
    class_name: str


def names_of(name: str, kind: Kind, registry: Registry) -> Names:
    """Raises DysfwError for a name that pip, Python or a recipe could not use, or that somebody has already."""
    if not NAME.fullmatch(name) or len(name) > LONGEST:
        usable = re.sub(r"[^a-z0-9]+", "-", name.casefold()).strip("-0123456789")[:LONGEST]
        hint = f"allowed are a-z, 0-9 and single hyphens between them, beginning with a letter, at most {LONGEST} characters, "
        raise DysfwError(f"{name!r} is no name for a package", hint=hint + f"e.g. {usable or 'dysfw-mine'}")
    distribution, package = name.replace("_", "-"), name.replace("-", "_")
    component = package.removeprefix("dysfw_")
    class_name = "".join(word.capitalize() for word in component.split("_"))
    reserved = package in sys.stdlib_module_names or package in RESERVED or component in RESERVED
    if reserved or not _usable(package) or not _usable(component) or not _usable(class_name):
        hint = f"take another, e.g. {PREFIX}my-{component.replace('_', '-')}"
        raise DysfwError(f"{name!r} is a name of Python's or of dysfw's own, or would name something that is", hint=hint)
    if importlib.util.find_spec(package) or _is_installed(distribution):
        raise DysfwError(f"a package {package} is installed here already", hint="take another name, or uninstall that one")
    for entry in registry.components[kind]:
        if entry.spec.name == component:
            raise DysfwError(
                f"{entry.plugin.origin} has a {kind} {component!r} already",
                hint=f"take another name: recipes that say {component} would not know which of the two is meant",
            )
    if hasattr(types, class_name) or hasattr(components, class_name) or hasattr(builtins, class_name):
        class_name += kind.capitalize()  # or it would hide what the component itself imports
    return Names(distribution, package, component, class_name)


def _usable(word: str) -> bool:
    return word.isidentifier() and not keyword.iskeyword(word)


def _is_installed(distribution: str) -> bool:
    try:
        metadata.distribution(distribution)
    except metadata.PackageNotFoundError:
        return False
    return True
