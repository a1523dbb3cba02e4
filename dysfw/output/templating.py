"""Templates to pages: everything that is put in is escaped, and a name that a template does not know is an error."""

from __future__ import annotations

from jinja2 import Environment, PackageLoader, StrictUndefined

from ..util.text import printable


def environment_of(package: str) -> Environment:
    """Of the package's folder ``templates``. The filter ``plain`` leaves out control characters, which a page may not hold, and
    marks that turn the reading direction around."""
    environment = Environment(
        loader=PackageLoader(package), autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    environment.filters["plain"] = printable
    return environment
