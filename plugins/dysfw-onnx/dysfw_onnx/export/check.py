"""Holds what was exported against the original, on images that neither has seen."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import onnxruntime
from PIL import Image as Pillow

from dysfw.plugin import Backbone, DysfwError, FaceEmbedding, Float32, Head, Int64, Prediction, State, UInt8, with_networks

from ..backbone import Onnx
from .layers import INPUT, OUTPUT
from .phantoms import draw_phantoms

if TYPE_CHECKING:
    from dysfw.plugin import Pipeline

CROPS, PHANTOMS = 16, 4
# Rounding in float32 makes differences of about 1e-6. A trunk whose normalisation or colours went wrong is off by 1e-2 or more.
MOST_EMBEDDING, MOST_PROBABILITY = 1e-4, 1e-3

Pair = tuple[Float32, Float32]  # the same numbers as the original gives them, and as what was exported does


@dataclass(frozen=True, slots=True)
class Measured:
    """crops, photographs: how many took part. embedding: the largest difference of a number of an embedding, in units of the
    root mean square of all of them. probability: the largest of any probability, of regions alone and of all together; None
    where nothing is trained. same, judged: of how many judgements the first condition is the same, and how many there were."""

    crops: int
    images: int
    embedding: float
    probability: float | None
    same: int
    judged: int


class ExportedHead(Head):
    """A head in a file of its own."""

    def __init__(self, file: Path) -> None:
        self._session = onnxruntime.InferenceSession(str(file), providers=["CPUExecutionProvider"])

    def predict(self, x: Float32) -> Float32:
        (found,) = self._session.run([OUTPUT], {INPUT: np.ascontiguousarray(x)})
        return np.asarray(found, np.float32)

    def fit(self, x: Float32, y: Int64, classes: int, groups: Int64) -> None:
        raise ValueError("an exported head learns nothing any more")

    def state(self) -> State:
        raise ValueError("an exported head has no state but its file")

    def restore(self, state: State) -> None:
        raise ValueError("an exported head has no state but its file")


def measure(pipeline: Pipeline, backbone_file: Path, tuned: Mapping[str, Path], heads: Mapping[str, Path]) -> Measured:
    """Run both. trunk: the file; tuned: those of regions with a trunk of their own; heads: by region."""
    theirs: Backbone = Onnx(backbone_file)
    theirs_tuned: dict[str, Backbone] = {region: Onnx(file) for region, file in tuned.items()}
    theirs_heads: dict[str, Head] = {region: ExportedHead(file) for region, file in heads.items()}
    crops = fresh_crops(pipeline.components.crop_size, CROPS)
    embeddings, probabilities = [], []
    ours_tuned = pipeline.embedder.tuned
    shared = (pipeline.components.backbone.embed(crops), theirs.embed(crops))
    for region in pipeline.components.segmenter.regions:
        own = (ours_tuned[region].embed(crops), theirs_tuned[region].embed(crops)) if region in tuned else shared
        embeddings.append(own)
        if pipeline.classifier:
            probabilities.append((pipeline.classifier.heads[region].predict(own[0]), theirs_heads[region].predict(own[1])))
    other = with_networks(pipeline, theirs, theirs_tuned, theirs_heads)
    images = _images(pipeline, other)
    for one, another in images:
        embeddings.append((_present(one), _present(another)))
        if isinstance(one, Prediction) and isinstance(another, Prediction):
            present = one.subject.present
            probabilities.append((one.region_probabilities[present], another.region_probabilities[present]))
            probabilities.append((one.probabilities[None], another.probabilities[None]))
    same = [np.argmax(a, axis=1) == np.argmax(b, axis=1) for a, b in probabilities]
    return Measured(
        crops=len(crops),
        images=len(images),
        embedding=_relative(embeddings),
        probability=_largest(probabilities) if probabilities else None,
        same=sum(int(rows.sum()) for rows in same),
        judged=sum(len(rows) for rows in same),
    )


def refuse_difference(measured: Measured) -> None:
    """Raise DysfwError where the exported parts do not give what the original gives."""
    if measured.embedding <= MOST_EMBEDDING and (measured.probability or 0.0) <= MOST_PROBABILITY:
        return
    probability = "" if measured.probability is None else f", probabilities by {measured.probability:.1e}"
    raise DysfwError(
        f"what was exported gives other results: embeddings differ by {measured.embedding:.1e} of their size{probability}; "
        f"allowed are {MOST_EMBEDDING:.0e} and {MOST_PROBABILITY:.0e}. Nothing was written",
        hint="a backbone with a precision of its own does this: add --set backbone.precision=float32",
    )


def fresh_crops(size: int, number: int) -> UInt8:
    """uint8 [number, size, size, 3], always the same: noise, and soft patches of colour, which are more like skin."""
    rng = np.random.default_rng(0)
    noise = rng.integers(0, 256, (number - number // 2, size, size, 3), np.uint8)
    coarse = rng.integers(0, 256, (number // 2, 7, 7, 3), np.uint8)
    soft = [np.asarray(Pillow.fromarray(one).resize((size, size), Pillow.Resampling.BICUBIC)) for one in coarse]
    return np.concatenate([noise, np.stack(soft)])


Result = Prediction | FaceEmbedding


def _images(pipeline: Pipeline, other: Pipeline) -> list[tuple[Result, Result]]:
    """Phantoms, from the file to the end, by both; those in which no face is found are left out."""
    with tempfile.TemporaryDirectory() as scratch:
        files = draw_phantoms(Path(scratch), PHANTOMS)
        ours, theirs = ([*(one.predict(files) if one.classifier else one.embed(files))] for one in (pipeline, other))
    pairs = zip(ours, theirs, strict=True)
    return [(a, b) for a, b in pairs if isinstance(a, Result) and isinstance(b, Result)]


def _present(result: Result) -> Float32:
    """Embeddings of the regions that are there."""
    subject = result.subject if isinstance(result, Prediction) else result
    return subject.embeddings[subject.present]


def _largest(pairs: Sequence[Pair]) -> float:
    return float(max(np.abs(a.astype(np.float64) - b).max() for a, b in pairs))


def _relative(pairs: Sequence[Pair]) -> float:
    size = np.sqrt(np.mean(np.concatenate([a.ravel() for a, _ in pairs]).astype(np.float64) ** 2))
    return _largest(pairs) / max(float(size), 1e-30)
