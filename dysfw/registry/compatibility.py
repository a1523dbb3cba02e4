"""Checks, before a plugin is imported, that its distribution requires this version of dysfw."""

from __future__ import annotations

import re
from collections.abc import Iterable

from packaging.requirements import InvalidRequirement, Requirement
from packaging.specifiers import SpecifierSet

from .. import __version__

DYSFW_REQUIREMENT = re.compile(r"\s*dysfw(?![\w.-])", re.IGNORECASE)


def required_core(requirements: Iterable[str]) -> SpecifierSet | None:
    """Find the versions of dysfw that a distribution requires on this system, without its extras.

    Args:
        requirements: All requirements of the distribution.

    Returns:
        The versions; None if it does not require dysfw.

    Raises:
        ValueError: A requirement is invalid.
    """
    required = None
    for line in requirements:
        if not DYSFW_REQUIREMENT.match(line):
            continue
        try:
            requirement = Requirement(line)
        except InvalidRequirement:
            raise ValueError(f"it requires {line.strip()!r}, which is not a valid requirement") from None
        if requirement.marker is None or requirement.marker.evaluate({"extra": ""}):
            required = requirement.specifier if required is None else required & requirement.specifier
    return required


def mismatch(requirements: Iterable[str], version: str = __version__) -> str:
    """Explain why a distribution does not fit a version of dysfw.

    Args:
        requirements: All requirements of the distribution.
        version: The version of dysfw.

    Returns:
        The reason; "" if it fits or does not require dysfw.
    """
    try:
        required = required_core(requirements)
    except ValueError as error:
        return str(error)
    if required is None or required.contains(version, prereleases=True):
        return ""
    bounds = ",".join(sorted(map(str, required), key=lambda bound: bound.startswith("<")))
    return f"it requires dysfw {bounds}, but dysfw {version} is installed"
