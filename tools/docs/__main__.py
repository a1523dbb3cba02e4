"""Writes what of the documentation is made from the code: ``python tools/docs reference`` and ``figures``.

The reference is read off the components' signatures, the commands' options, the models of recipes, the hooks and the public
modules, so that it cannot say anything else than they do. A test holds the committed pages to what this prints now.
"""

from __future__ import annotations

import argparse
from pathlib import Path

ROOT = Path(__file__).parents[2]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", choices=["reference", "figures"])
    parser.add_argument("-o", "--output", type=Path, help="another folder than docs/reference, or docs/images")
    given = parser.parse_args()
    if given.what == "figures":
        from figures import draw_all

        draw_all(given.output or ROOT / "docs" / "images")
        return
    from pages import reference

    folder = given.output or ROOT / "docs" / "reference"
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in reference(ROOT).items():
        (folder / name).write_text(text, "utf-8")
        print(folder / name)


if __name__ == "__main__":
    main()
