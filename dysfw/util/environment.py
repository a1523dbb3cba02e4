"""Versions of the installed distributions."""

from __future__ import annotations

import platform
import re
from collections.abc import Iterable
from importlib import metadata

from .. import __version__


def version_of(distribution: str) -> str | None:
    """Return the version of a distribution; None if it is not installed."""
    try:
        return metadata.version(distribution)
    except metadata.PackageNotFoundError:
        return None


def versions(distributions: Iterable[str]) -> dict[str, str]:
    """List the versions of Python, dysfw, some distributions and their direct requirements.

    Args:
        distributions: Names of distributions.

    Returns:
        Version by name, of those that are installed.
    """
    names = {"dysfw", *distributions}
    for distribution in tuple(names):
        names |= _requirements(distribution)
    installed = {name: version for name in sorted(names) if (version := version_of(name))}
    return {"python": platform.python_version()} | installed | {"dysfw": __version__}


def _requirements(distribution: str) -> set[str]:
    """Normalised names of a distribution's requirements, without those of its optional extras."""
    try:
        lines = metadata.requires(distribution) or []
    except metadata.PackageNotFoundError:
        return set()
    required = [line for line in lines if "extra ==" not in line]
    return {re.split(r"[^A-Za-z0-9._-]", line, maxsplit=1)[0].lower().replace("_", "-") for line in required}
