"""Registers the built-in components, which need no package beyond the core's dependencies."""

from __future__ import annotations

from ..registry.hookspecs import ComponentSpec, RunnerSpec, hookimpl


@hookimpl
def dysfw_components() -> list[ComponentSpec]:
    """Register the built-in components."""
    here = "dysfw.builtin"
    return [
        ComponentSpec("detector", "precomputed", f"{here}.detectors.precomputed:Precomputed",
                      "reads face boxes and optional landmarks from a CSV or Parquet file"),
        ComponentSpec("segmenter", "landmark_boxes", f"{here}.segmenters.landmark_boxes:LandmarkBoxes",
                      "seven anatomical boxes placed by the five landmarks"),
        ComponentSpec("segmenter", "whole_face", f"{here}.segmenters.whole_face:WholeFace", "the whole face as one region"),
        ComponentSpec("segmenter", "grid", f"{here}.segmenters.grid:Grid", "a grid of patches of the aligned face"),
        ComponentSpec("segmenter", "halves", f"{here}.segmenters.halves:Halves", "right and left, or upper and lower half"),
        ComponentSpec("backbone", "projection", f"{here}.backbones.projection:Projection",
                      "pretrained linear projection of another backbone's embedding"),
        ComponentSpec("backbone", "concat", f"{here}.backbones.concat:Concat",
                      "concatenated embeddings of several backbones"),
        ComponentSpec("backbone", "tta", f"{here}.backbones.tta:Tta",
                      "test-time augmentation: mean embedding of flipped and scaled views"),
        ComponentSpec("head", "softmax", f"{here}.heads.softmax:Softmax", "class-balanced multinomial logistic regression"),
        ComponentSpec("head", "linear_svm", f"{here}.heads.linear_svm:LinearSvm",
                      "one-vs-rest linear support vector machine, calibrated"),
        ComponentSpec("head", "lda", f"{here}.heads.lda:Lda", "linear discriminant analysis with shrinkage, calibrated"),
        ComponentSpec("head", "knn", f"{here}.heads.knn:Knn", "k nearest gallery cases, calibrated"),
        ComponentSpec("head", "mlp", f"{here}.heads.mlp:Mlp", "multilayer perceptron with one hidden layer, calibrated",
                      extra="pretraining", needs=("torch",)),
        ComponentSpec("head", "gallery", f"{here}.heads.gallery:Gallery",
                      "cosine similarity to gallery cases; conditions can be added without training"),
        ComponentSpec("head", "two_stage", f"{here}.heads.two_stage:TwoStageHead",
                      "two heads: affected or unaffected, then which condition"),
        ComponentSpec("fusion", "mean", f"{here}.fusions.pools:Mean", "arithmetic mean of the region probabilities"),
        ComponentSpec("fusion", "geometric", f"{here}.fusions.pools:Geometric",
                      "geometric mean of the region probabilities"),
        ComponentSpec("fusion", "median", f"{here}.fusions.pools:Median", "median of the region probabilities"),
        ComponentSpec("fusion", "max", f"{here}.fusions.pools:Max", "maximum of the region probabilities"),
        ComponentSpec("fusion", "borda", f"{here}.fusions.borda:Borda", "Borda count of the regions' rankings"),
        ComponentSpec("fusion", "weighted", f"{here}.fusions.weighted:Weighted",
                      "weighted mean of the region probabilities, with given or fitted weights"),
        ComponentSpec("fusion", "stacking", f"{here}.fusions.stacking:Stacking",
                      "logistic regression on the region probabilities, fitted out of fold"),
    ]  # fmt: skip


@hookimpl
def dysfw_runners() -> list[RunnerSpec]:
    """Register the runner ``local``."""
    return [RunnerSpec("local", "dysfw.batch.runner:Local", "runs batch tasks in this process")]
