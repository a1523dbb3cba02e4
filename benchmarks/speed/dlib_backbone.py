"""dlib's face network in torch, as in the plugin dysfw-dlib, and in dlib itself, one face at a time.

Both embed the same aligned faces of 150 px; detection and alignment are not measured.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image as Pillow

from .images import repeated
from .table import Row, Target, ratio, repeats
from .timing import Settings, interleaved

SIDE, BATCH = 150, 8
FASTER = Target(sign="≥", bound=10)
MAX_DISTANCE = 1e-3  # between both embeddings of one face; it is 0.6 or more between two people


def rows(settings: Settings) -> list[Row]:
    what = f"dlib_resnet, batches of {BATCH}"
    if not find_spec("dlib"):
        return [Row(what=what, problem="not installed: pip install dlib-bin", target=FASTER)]
    from dysfw_dlib.backbone import DlibResnet

    faces = np.stack([face(path) for path in repeated(settings, BATCH * settings.of(1, 4))])
    backbones = {name: DlibResnet(batch_size=BATCH, precision=name) for name in ("float32", "bfloat16")}
    run_dlib = embed_by_dlib(faces[: settings.of(4, 16)])
    distance = np.linalg.norm(np.stack(run_dlib()) - backbones["float32"].embed(faces)[: len(run_dlib())], axis=1).max()
    if distance > MAX_DISTANCE:
        raise RuntimeError(f"dlib and dlib_resnet differ by {distance:.1e}")
    works: dict[str, Callable[[], object]] = {
        name: lambda backbone=backbone: backbone.embed(faces) for name, backbone in backbones.items()
    }
    works["float32"](), works["bfloat16"]()
    times = interleaved(works | {"dlib": run_dlib}, settings.of(3, 15))
    per_face = {name: [1000 * s / len(faces) for s in times[name]] for name in backbones}
    per_face["dlib"] = [1000 * s / len(run_dlib()) for s in times["dlib"]]
    return [
        Row(
            what=f"{what}, {name}",
            value=repeats(per_face[name]),
            unit="ms per face",
            ratio=ratio(per_face["dlib"], per_face[name]),
            to=f"dlib, one face at a time ({repeats(per_face['dlib']).text()} ms)",
            target=FASTER,
        )
        for name in backbones
    ]


def face(path: Path) -> np.ndarray:
    """A phantom, not aligned: the speed of a network does not depend on its input."""
    with Pillow.open(path) as opened:
        return np.asarray(opened.convert("RGB").resize((SIDE, SIDE)))


def embed_by_dlib(faces: Sequence[np.ndarray]) -> Callable[[], list[Any]]:
    import dlib
    from dysfw_dlib.weightfile import installed_file

    model = dlib.face_recognition_model_v1(str(installed_file()))
    return lambda: [np.array(model.compute_face_descriptor(one)) for one in faces]
