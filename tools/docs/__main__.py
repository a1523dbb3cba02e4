"""Generates documentation from the code: ``python tools/docs reference`` and ``figures``.

The reference is generated from signatures and docstrings of components, commands, recipe models, hooks and public modules. A
test compares the committed pages with what this writes now.
"""

from __future__ import annotations

import argparse
from pathlib import Path

ROOT = Path(__file__).parents[2]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", choices=["reference", "figures"])
    parser.add_argument("-o", "--output", type=Path, help="write here instead of docs/reference or docs/images")
    given = parser.parse_args()
    if given.what == "figures":
        from figures import draw_all

        draw_all(given.output or ROOT / "docs" / "images")
        return
    from pages import reference

    folder = given.output or ROOT / "docs" / "reference"
    for name, text in reference(ROOT).items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text, "utf-8")
        print(folder / name)


if __name__ == "__main__":
    main()
