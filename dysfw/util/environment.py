"""Which versions of what are at work here."""

from __future__ import annotations

import platform
import re
from collections.abc import Iterable
from importlib import metadata

from .. import __version__


def version_of(distribution: str) -> str | None:
    try:
        return metadata.version(distribution)
    except metadata.PackageNotFoundError:
        return None


def versions(distributions: Iterable[str]) -> dict[str, str]:
    """Python, dysfw, the distributions named and what each of them directly requires, as far as it is installed."""
    names = {"dysfw", *distributions}
    for distribution in tuple(names):
        names |= _requirements(distribution)
    found = {name: version for name in sorted(names) if (version := version_of(name))}
    return {"python": platform.python_version()} | found | {"dysfw": __version__}


def _requirements(distribution: str) -> set[str]:
    """Normalised names of a distribution's requirements, those of its optional extras left out."""
    try:
        lines = metadata.requires(distribution) or []
    except metadata.PackageNotFoundError:
        return set()
    plain = [line for line in lines if "extra ==" not in line]
    return {re.split(r"[^A-Za-z0-9._-]", line, maxsplit=1)[0].lower().replace("_", "-") for line in plain}
