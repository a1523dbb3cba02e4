"""The pictures of README and docs, drawn by the commands that the text names beside them."""

from __future__ import annotations

import shlex
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).parents[2]
# The picture, the command as the text names it, and what that command writes (the last file that fits). In this order: each may
# show the one before.
FIGURES = (
    ("phantom.jpg", "dysfw phantom dataset docs/images/phantom.yaml -o DIR", "DIR/*/*.jpg"),
    ("prediction.png", "dysfw run recipes/paper.yaml docs/images/phantom.jpg --figure out/phantom.png", "out/phantom.png"),
    (
        "phantoms.png",
        "dysfw phantom sample phantom-unaffected phantom-down-syndrome phantom-williams-syndrome phantom-cornelia-de-lange "
        "-o phantoms.png --seed 11 --columns 8 --size 128",
        "phantoms.png",
    ),
)


def draw_all(folder: Path) -> None:
    """Draw each in a scratch folder, with the repository's files in reach, and move it to ``folder``."""
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as scratch:
        for name in ("docs", "recipes"):
            (Path(scratch) / name).symlink_to(ROOT / name)
        (Path(scratch) / "out").mkdir()
        for image, command, written in FIGURES:
            program, *words = shlex.split(command)
            subprocess.run([str(Path(sys.executable).with_name(program)), *words], cwd=scratch, check=True)  # noqa: S603  # ours
            shutil.move(sorted(Path(scratch).glob(written))[-1], folder / image)
            print(folder / image)
