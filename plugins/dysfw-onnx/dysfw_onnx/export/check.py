"""Compares exported files with the original pipeline on inputs that neither has seen."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import onnxruntime
from PIL import Image as Pillow

from dysfw.plugin import Backbone, DysfwError, FaceEmbedding, Float32, Head, Int64, Prediction, State, UInt8, with_networks

from ..backbone import Onnx
from .layers import INPUT, OUTPUT
from .phantoms import draw_phantoms
from .result import Comparison

if TYPE_CHECKING:
    from dysfw.plugin import Pipeline

RUNTIME = "onnxruntime"
CROP_COUNT, PHANTOM_COUNT = 16, 4
# Rounding in float32 causes differences of about 1e-6. Wrong normalisation or channel order causes 1e-2 or more.
MAX_EMBEDDING_DIFFERENCE, MAX_PROBABILITY_DIFFERENCE = 1e-4, 1e-3

Pair = tuple[Float32, Float32]  # the same values from the original and from the exported files


class ExportedHead(Head):
    """A head that runs an exported ONNX file.

    Args:
        file: The file.
    """

    def __init__(self, file: Path) -> None:
        self._session = onnxruntime.InferenceSession(str(file), providers=["CPUExecutionProvider"])

    def predict(self, x: Float32) -> Float32:
        """Predict probabilities float32 [N, K] from embeddings float32 [N, dim]."""
        (output,) = self._session.run([OUTPUT], {INPUT: np.ascontiguousarray(x)})
        return np.asarray(output, np.float32)

    def fit(self, x: Float32, y: Int64, classes: int, groups: Int64) -> None:
        """Not supported; raises ValueError."""
        raise ValueError("an exported head cannot be fitted")

    def state(self) -> State:
        """Not supported; raises ValueError."""
        raise ValueError("an exported head has no state apart from its file")

    def restore(self, state: State) -> None:
        """Not supported; raises ValueError."""
        raise ValueError("an exported head has no state apart from its file")


def compare(pipeline: Pipeline, backbone: Path, tuned: Mapping[str, Path], heads: Mapping[str, Path]) -> Comparison:
    """Run the original and the exported files on the same crops and images.

    Args:
        pipeline: The original.
        backbone: The exported backbone.
        tuned: Exported backbones that were fine-tuned for a region, by region.
        heads: Exported heads, by region.
    """
    exported_backbone: Backbone = Onnx(backbone, runtime=RUNTIME)
    exported_tuned: dict[str, Backbone] = {region: Onnx(file, runtime=RUNTIME) for region, file in tuned.items()}
    exported_heads: dict[str, Head] = {region: ExportedHead(file) for region, file in heads.items()}
    crops = sample_crops(pipeline.components.crop_size, CROP_COUNT)
    embeddings, probabilities = [], []
    original_tuned = pipeline.embedder.tuned
    shared = (pipeline.components.backbone.embed(crops), exported_backbone.embed(crops))
    for region in pipeline.components.segmenter.regions:
        pair = (original_tuned[region].embed(crops), exported_tuned[region].embed(crops)) if region in tuned else shared
        embeddings.append(pair)
        if pipeline.classifier:
            heads_of_region = pipeline.classifier.heads[region], exported_heads[region]
            probabilities.append((heads_of_region[0].predict(pair[0]), heads_of_region[1].predict(pair[1])))
    results = _phantom_results(pipeline, with_networks(pipeline, exported_backbone, exported_tuned, exported_heads))
    for original, exported in results:
        embeddings.append((_present_embeddings(original), _present_embeddings(exported)))
        if isinstance(original, Prediction) and isinstance(exported, Prediction):
            present = original.face_embedding.present
            probabilities.append((original.region_probabilities[present], exported.region_probabilities[present]))
            probabilities.append((original.probabilities[None], exported.probabilities[None]))
    same = [np.argmax(a, axis=1) == np.argmax(b, axis=1) for a, b in probabilities]
    return Comparison(
        crops=len(crops),
        images=len(results),
        embedding=_relative_difference(embeddings),
        probability=_max_difference(probabilities) if probabilities else None,
        same_top_1=sum(int(rows.sum()) for rows in same),
        predicted=sum(len(rows) for rows in same),
    )


def check_differences(comparison: Comparison) -> None:
    """Check that the exported files give the same results as the original.

    Raises:
        DysfwError: If the results differ by more than rounding.
    """
    probability_ok = (comparison.probability or 0.0) <= MAX_PROBABILITY_DIFFERENCE
    if comparison.embedding <= MAX_EMBEDDING_DIFFERENCE and probability_ok:
        return
    probability = "" if comparison.probability is None else f", probabilities by {comparison.probability:.1e}"
    raise DysfwError(
        f"the exported files give other results: embeddings differ by {comparison.embedding:.1e} of their size{probability}; "
        f"allowed are {MAX_EMBEDDING_DIFFERENCE:.0e} and {MAX_PROBABILITY_DIFFERENCE:.0e}. Nothing was written",
        hint="a backbone with its own precision causes this: add --set backbone.precision=float32",
    )


def sample_crops(size: int, number: int) -> UInt8:
    """Draw crops uint8 [number, size, size, 3], always the same: noise, and soft patches of colour that resemble skin."""
    rng = np.random.default_rng(0)
    noise = rng.integers(0, 256, (number - number // 2, size, size, 3), np.uint8)
    coarse = rng.integers(0, 256, (number // 2, 7, 7, 3), np.uint8)
    soft = [np.asarray(Pillow.fromarray(one).resize((size, size), Pillow.Resampling.BICUBIC)) for one in coarse]
    return np.concatenate([noise, np.stack(soft)])


Result = Prediction | FaceEmbedding


def _phantom_results(original: Pipeline, exported: Pipeline) -> list[tuple[Result, Result]]:
    """Run both pipelines on phantoms; images without a detected face are skipped."""
    with tempfile.TemporaryDirectory() as scratch:
        files = draw_phantoms(Path(scratch), PHANTOM_COUNT)
        first, second = ([*(one.predict(files) if one.classifier else one.embed(files))] for one in (original, exported))
    pairs = zip(first, second, strict=True)
    return [(a, b) for a, b in pairs if isinstance(a, Result) and isinstance(b, Result)]


def _present_embeddings(result: Result) -> Float32:
    face_embedding = result.face_embedding if isinstance(result, Prediction) else result
    return face_embedding.embeddings[face_embedding.present]


def _max_difference(pairs: Sequence[Pair]) -> float:
    return float(max(np.abs(a.astype(np.float64) - b).max() for a, b in pairs))


def _relative_difference(pairs: Sequence[Pair]) -> float:
    size = np.sqrt(np.mean(np.concatenate([a.ravel() for a, _ in pairs]).astype(np.float64) ** 2))
    return _max_difference(pairs) / max(float(size), 1e-30)
