"""Jinja environments for HTML templates."""

from __future__ import annotations

from jinja2 import Environment, PackageLoader, StrictUndefined

from ..util.text import printable


def environment_of(package: str) -> Environment:
    """Create the environment of a package's ``templates`` folder.

    All values are escaped, and an undefined name is an error. The filter ``plain`` escapes control characters, invalid
    in HTML, and marks that change the reading direction.

    Args:
        package: Dotted name of the package.

    Returns:
        The environment.
    """
    environment = Environment(
        loader=PackageLoader(package), autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    environment.filters["plain"] = printable
    return environment
