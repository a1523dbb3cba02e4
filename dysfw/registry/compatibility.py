"""Whether a plugin was built for this core: what its own distribution says it requires of dysfw, read before it is imported."""

from __future__ import annotations

import re
from collections.abc import Iterable

from packaging.requirements import InvalidRequirement, Requirement
from packaging.specifiers import SpecifierSet

from .. import __version__

OF_DYSFW = re.compile(r"\s*dysfw(?![\w.-])", re.IGNORECASE)


def wanted_core(requirements: Iterable[str]) -> SpecifierSet | None:
    """The versions of dysfw that a distribution requires here; None where it requires none. What it requires on other systems,
    or for one of its extras, does not count. Raises ValueError for a requirement that is none."""
    wanted = None
    for line in requirements:
        if not OF_DYSFW.match(line):
            continue
        try:
            requirement = Requirement(line)
        except InvalidRequirement:
            raise ValueError(f"it requires {line.strip()!r}, which is no requirement") from None
        if requirement.marker is None or requirement.marker.evaluate({"extra": ""}):
            wanted = requirement.specifier if wanted is None else wanted & requirement.specifier
    return wanted


def mismatch(requirements: Iterable[str], version: str = __version__) -> str:
    """Why a distribution does not fit this version of the core; "" where it does, or does not say."""
    try:
        wanted = wanted_core(requirements)
    except ValueError as error:
        return str(error)
    if wanted is None or wanted.contains(version, prereleases=True):
        return ""
    bounds = ",".join(sorted(map(str, wanted), key=lambda bound: bound.startswith("<")))
    return f"it is built for dysfw {bounds}, and this is dysfw {version}"
