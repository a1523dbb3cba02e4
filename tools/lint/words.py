"""Fails if a word comes back that this project does not use, and names the standard one.

Usage: ``python tools/lint/words.py [FILE ...]``; without files, all that git tracks.
"""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]
SUFFIXES = {".py", ".md", ".html", ".js", ".jinja", ".yaml", ".toml"}
# This list itself, and files that hold names fixed elsewhere.
EXCLUDED = ("tools/lint/words.py", "docs/reference/glossary.md", "recipes/recipe.schema.json")

# Pattern (whole words, any case): what to write instead.
BANNED = {
    r"anew": "again",
    r"whoever": "anyone who, you",
    r"likest|likeness(es)?": "most similar, similarity",
    r"unlikeness|typicality": "OOD score, embedding distribution",
    r"judg(e|es|ed|ing|ement|ements|ment|ments)": "predict, prediction; check",
    r"opinions?": "region probabilities",
    r"trunks?": "backbone",
    r"sightings?": "detected faces",
    r"contenders?": "model, baseline",
    r"giveaways?|clues?": "shortcut feature, leaking feature",
    r"held against|held to": "compared with, checked against",
    r"told": "given, reported, set",
    r"goes on|go on where": "continues, resumes",
    r"of before": "earlier",
    r"nobody has|nobody says": "no one has; unknown",
    r"in peace": "cleanly",
    r"photographs?|photographed": "image; in text for clinicians, photo",
    r"mend(s|ed|ing)?": "fix, repair",
    r"gives? .{1,30} away": "leaks",
    r"has spoken|have spoken": "is known",
    r"owes?|owed": "must",
}
# Places where a banned word is a name that is fixed elsewhere, or has its ordinary meaning.
ALLOWED = (
    r"opinion pool",  # the name of a method
    r"VL Photographic",  # a DICOM class
)


def main(names: list[str]) -> int:
    """Print each hit as FILE:LINE; returns the number of hits, at most 1 as an exit code."""
    files = [Path(name) for name in names] or tracked_files()
    pattern = re.compile("|".join(rf"\b(?:{banned})\b" for banned in BANNED), re.IGNORECASE)
    allowed = re.compile("|".join(ALLOWED))
    hits = 0
    for file in files:
        for number, line in enumerate(file.read_text("utf-8").splitlines(), 1):
            for match in pattern.finditer(allowed.sub("", line)):
                hits += 1
                print(f"{file.relative_to(ROOT)}:{number}: {match[0]!r}: write {instead_of(match[0])}")
    if hits:
        print(f"{hits} words to replace; the terms are in docs/reference/glossary.md")
    return min(hits, 1)


def tracked_files() -> list[Path]:
    """All text files that git tracks and that are in the working tree."""
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, check=True, capture_output=True, text=True).stdout  # noqa: S607
    names = [name for name in listed.split("\0") if Path(name).suffix in SUFFIXES and name not in EXCLUDED]
    return [ROOT / name for name in names if (ROOT / name).is_file()]


def instead_of(word: str) -> str:
    """What to write instead of a banned word."""
    return next(better for banned, better in BANNED.items() if re.fullmatch(banned, word, re.IGNORECASE))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
