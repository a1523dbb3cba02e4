"""Prints the requirements of all distributions of this repository, one a line, without those on each other.

python tools/requirements.py
"""

from __future__ import annotations

import tomllib
from pathlib import Path

ROOT = Path(__file__).parents[1]


def requirements() -> list[str]:
    """Requirements of the core and all plugins with all their extras, sorted."""
    found: set[str] = set()
    for file in (ROOT / "pyproject.toml", *ROOT.glob("plugins/*/pyproject.toml")):
        project = tomllib.loads(file.read_text("utf-8"))["project"]
        for group in (project["dependencies"], *project.get("optional-dependencies", {}).values()):
            found.update(name.replace(" ", "") for name in group if not name.startswith("dysfw"))
    return sorted(found)


if __name__ == "__main__":
    print(*requirements(), sep="\n")
