"""Images for measurements: any number of phantoms, and large images made from them."""

from __future__ import annotations

import io
import itertools
import subprocess
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from PIL import Image as Pillow

from .processes import DYSFW, ROOT, environment
from .timing import Settings, progress

SHIPPED = ROOT / "tests" / "fixtures" / "data" / "phantoms"
CONDITIONS = (
    "22q11-2-deletion", "angelman-syndrome", "cornelia-de-lange", "down-syndrome", "facial-palsy", "fetal-alcohol-spectrum",
    "fragile-x-syndrome", "kabuki-syndrome", "noonan-syndrome", "smith-magenis-syndrome", "sotos-syndrome",
    "treacher-collins-syndrome", "unaffected", "williams-syndrome",
)  # fmt: skip
SEED = 70_001  # of phantoms on which no bundle was trained
LARGE = (4000, 3000)  # px, twelve megapixels
PORTRAIT = 2000  # px, the phantom in it


def phantoms(settings: Settings) -> list[Path]:
    """The phantoms in ``--data``, or the 48 of the tests."""
    paths = sorted((settings.data or SHIPPED).rglob("*.jpg"))
    if not paths:
        raise FileNotFoundError(f"no phantoms in {settings.data}")
    return paths


def repeated(settings: Settings, number: int) -> list[Path]:
    """A number of phantoms, evenly chosen from all, or repeated if there are too few."""
    paths = phantoms(settings)
    return list(itertools.islice(itertools.cycle(paths[:: max(1, len(paths) // number)]), number))


def copied(settings: Settings, number: int, folder: Path) -> list[Path]:
    """Copy a number of images to a folder, each with different bytes, so that the cache distinguishes them."""
    folder.mkdir()
    copies = []
    for place, path in enumerate(repeated(settings, number)):
        copies.append(folder / f"{place:05}.jpg")
        copies[-1].write_bytes(path.read_bytes() + f"copy {place}".encode())  # decoders ignore what follows the image
    return copies


def linked(settings: Settings, number: int, folder: Path) -> Path:
    """Link a number of images in a folder, which takes no space."""
    folder.mkdir()
    for place, path in enumerate(repeated(settings, number)):
        (folder / f"{place:05}.jpg").symlink_to(path.absolute())
    return folder


def rendered(number: int, folder: Path) -> list[Path]:
    """Render at least a number of new phantoms of all conditions; needs dysfw-phantom."""
    patients = -(-number // len(CONDITIONS))
    classes = "\n".join(f"  - {{condition: phantom-{name}, patients: {patients}}}" for name in CONDITIONS)
    spec = folder.with_suffix(".yaml")
    spec.write_text(f"version: 1\nname: speed\nseed: {SEED}\nsize: 256\nage: [2, 45]\nclasses:\n{classes}\n", "utf-8")
    progress(f"rendering {patients * len(CONDITIONS)} phantoms …")
    command = [DYSFW, "phantom", "dataset", str(spec), "-o", str(folder)]
    subprocess.run(command, env=environment(), capture_output=True, check=True)  # noqa: S603
    return sorted(folder.rglob("*.jpg"))


def enlarged(paths: Sequence[Path], folder: Path, side: int = PORTRAIT) -> list[Path]:
    """Make an image of twelve megapixels of each phantom: enlarged to ``side`` px, on a background with noise."""
    folder.mkdir()
    noise = np.random.default_rng(0).normal(0, 4, (LARGE[1], LARGE[0], 1))
    shade = np.linspace(70, 150, LARGE[0])[None, :, None] * np.array([1.0, 0.95, 0.85])
    scene = Pillow.fromarray((shade + noise).astype(np.uint8))
    copies = []
    for place, path in enumerate(paths):
        face = Pillow.open(io.BytesIO(path.read_bytes())).convert("RGB").resize((side, side), Pillow.Resampling.BICUBIC)
        scene.paste(face, ((LARGE[0] - side) // 2, (LARGE[1] - side) // 2))
        copies.append(folder / f"{place:03}.jpg")
        scene.save(copies[-1], quality=90)
    return copies
