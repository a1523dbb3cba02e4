"""Whether a plugin was built for this core: what its own distribution says it requires of dysfw, read before it is imported."""

from __future__ import annotations

import re
from collections.abc import Iterable

from packaging.specifiers import InvalidSpecifier, SpecifierSet

from .. import __version__

# "dysfw[extra] (>=0.1,<0.2); marker". What only an extra of the plugin asks for does not bind the plugin.
REQUIREMENT = re.compile(r"dysfw(?![\w.-])\s*(?:\[[^]]*\])?\s*\(?([^;)]*)\)?\s*(?:;(?!.*\bextra\b).*)?", re.IGNORECASE)


def wanted_core(requirements: Iterable[str]) -> str | None:
    """The versions of dysfw that a distribution requires, as it writes them ("" for any); None where it names none."""
    found = [match[1].strip() for line in requirements if (match := REQUIREMENT.fullmatch(line.strip()))]
    return ",".join(part for part in found if part) if found else None


def mismatch(requirements: Iterable[str], version: str = __version__) -> str:
    """Why a distribution does not fit this version of the core; "" where it does, or does not say."""
    wanted = wanted_core(requirements)
    try:
        fits = not wanted or SpecifierSet(wanted).contains(version, prereleases=True)
    except InvalidSpecifier:
        return f"it requires dysfw {wanted!r}, which is no version range"
    return "" if fits else f"it is built for dysfw {wanted}, and this is dysfw {version}"
