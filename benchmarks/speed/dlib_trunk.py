"""dlib's face network by torch, as the plugin dysfw-dlib runs it, against dlib itself, face by face, as face_recognition does.

Both get the same chips of 150 px: what finds and aligns the faces is left out on both sides.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image as Pillow

from .images import repeated
from .table import Aim, Row, ratio, spread
from .timing import Settings, interleaved

CHIP, BATCH = 150, 8
FASTER = Aim(sign="≥", bound=10)
SAME = 1e-3  # distance of two embeddings of one face; of two persons it is 0.6 and more


def rows(settings: Settings) -> list[Row]:
    what = f"dlib_resnet, batches of {BATCH}"
    if not find_spec("dlib"):
        return [Row(what=what, problem="not installed: pip install dlib-bin", aim=FASTER)]
    from dysfw_dlib.backbone import DlibResnet

    chips = np.stack([chip(path) for path in repeated(settings, BATCH * settings.of(1, 4))])
    own = {name: DlibResnet(batch=BATCH, precision=name) for name in ("float32", "bfloat16")}
    theirs = by_dlib(chips[: settings.of(4, 16)])
    apart = np.linalg.norm(np.stack(theirs()) - own["float32"].embed(chips)[: len(theirs())], axis=1).max()
    if apart > SAME:
        raise RuntimeError(f"dlib and dlib_resnet differ by {apart:.1e}")
    works: dict[str, Callable[[], object]] = {
        name: lambda backbone=backbone: backbone.embed(chips) for name, backbone in own.items()
    }
    works["float32"](), works["bfloat16"]()
    taken = interleaved(works | {"dlib": theirs}, settings.of(3, 15))
    each = {name: [1000 * s / len(chips) for s in taken[name]] for name in own}
    each["dlib"] = [1000 * s / len(theirs()) for s in taken["dlib"]]
    return [
        Row(
            what=f"{what}, {name}",
            value=spread(each[name]),
            unit="ms a face",
            ratio=ratio(each["dlib"], each[name]),
            to=f"dlib, face by face ({spread(each['dlib']).text()} ms)",
            aim=FASTER,
        )
        for name in own
    ]


def chip(path: Path) -> np.ndarray:
    """The middle of a phantom: how fast a network is does not depend on what it sees."""
    with Pillow.open(path) as opened:
        return np.asarray(opened.convert("RGB").resize((CHIP, CHIP)))


def by_dlib(chips: Sequence[np.ndarray]) -> Callable[[], list[Any]]:
    import dlib
    from dysfw_dlib.weightfile import installed_file

    model = dlib.face_recognition_model_v1(str(installed_file()))
    return lambda: [np.array(model.compute_face_descriptor(chip)) for chip in chips]
