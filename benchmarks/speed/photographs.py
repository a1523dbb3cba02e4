"""The photographs that measurements judge: phantoms, as many as are asked for, and large ones made of them."""

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
SEED = 70_001  # of phantoms that no bundle has seen
LARGE = (4000, 3000)  # px: twelve megapixels
PORTRAIT = 2000  # px: of the phantom on it


def phantoms(settings: Settings) -> list[Path]:
    """Those of ``--data``, or else the 48 of the tests."""
    found = sorted((settings.data or SHIPPED).rglob("*.jpg"))
    if not found:
        raise FileNotFoundError(f"there are no phantoms in {settings.data}")
    return found


def repeated(settings: Settings, number: int) -> list[Path]:
    """So many phantoms: the same ones again and again where there are fewer, spread over all where there are more."""
    found = phantoms(settings)
    return list(itertools.islice(itertools.cycle(found[:: max(1, len(found) // number)]), number))


def copied(settings: Settings, number: int, folder: Path) -> list[Path]:
    """So many photographs in a folder, each with bytes of its own, so that a cache takes none for another."""
    folder.mkdir()
    made = []
    for place, path in enumerate(repeated(settings, number)):
        made.append(folder / f"{place:05}.jpg")
        made[-1].write_bytes(path.read_bytes() + f"copy {place}".encode())  # decoders do not read behind the end
    return made


def linked(settings: Settings, number: int, folder: Path) -> Path:
    """A folder of so many photographs that takes no room."""
    folder.mkdir()
    for place, path in enumerate(repeated(settings, number)):
        (folder / f"{place:05}.jpg").symlink_to(path.absolute())
    return folder


def rendered(number: int, folder: Path) -> list[Path]:
    """About so many new phantoms of all conditions. Needs dysfw-phantom."""
    each = -(-number // len(CONDITIONS))
    classes = "\n".join(f"  - {{condition: phantom-{name}, patients: {each}}}" for name in CONDITIONS)
    spec = folder.with_suffix(".yaml")
    spec.write_text(f"version: 1\nname: speed\nseed: {SEED}\nsize: 256\nage: [2, 45]\nclasses:\n{classes}\n", "utf-8")
    progress(f"rendering {each * len(CONDITIONS)} phantoms …")
    command = [DYSFW, "phantom", "dataset", str(spec), "-o", str(folder)]
    subprocess.run(command, env=environment(), capture_output=True, check=True)
    return sorted(folder.rglob("*.jpg"))


def enlarged(paths: Sequence[Path], folder: Path) -> list[Path]:
    """A photograph of twelve megapixels for each: the phantom, enlarged, before a background with a camera's noise."""
    folder.mkdir()
    noise = np.random.default_rng(0).normal(0, 4, (LARGE[1], LARGE[0], 1))
    shade = np.linspace(70, 150, LARGE[0])[None, :, None] * np.array([1.0, 0.95, 0.85])
    scene = Pillow.fromarray((shade + noise).astype(np.uint8))
    made = []
    for place, path in enumerate(paths):
        face = Pillow.open(io.BytesIO(path.read_bytes())).convert("RGB").resize((PORTRAIT, PORTRAIT), Pillow.Resampling.BICUBIC)
        scene.paste(face, ((LARGE[0] - PORTRAIT) // 2, (LARGE[1] - PORTRAIT) // 2))
        made.append(folder / f"{place:03}.jpg")
        scene.save(made[-1], quality=90)
    return made
