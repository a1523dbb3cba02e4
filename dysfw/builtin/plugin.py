"""Registers the components that need nothing beyond the core's own dependencies."""

from __future__ import annotations

from ..registry.hookspecs import ComponentSpec, RunnerSpec, hookimpl


@hookimpl
def dysfw_components() -> list[ComponentSpec]:
    here = "dysfw.builtin"
    return [
        ComponentSpec("detector", "precomputed", f"{here}.detectors.precomputed:Precomputed",
                      "face boxes, and landmarks if given, from a CSV or Parquet file"),
        ComponentSpec("segmenter", "landmark_boxes", f"{here}.segmenters.landmark_boxes:LandmarkBoxes",
                      "seven upright boxes placed by the detector's five landmarks"),
        ComponentSpec("segmenter", "whole_face", f"{here}.segmenters.whole_face:WholeFace", "the face as one region"),
        ComponentSpec("segmenter", "grid", f"{here}.segmenters.grid:Grid", "rows × columns of patches of the aligned face"),
        ComponentSpec("segmenter", "halves", f"{here}.segmenters.halves:Halves",
                      "right and left half of the face, or upper and lower"),
        ComponentSpec("backbone", "projection", f"{here}.backbones.projection:Projection",
                      "the attributes that a projection head reads from another backbone's embedding"),
        ComponentSpec("backbone", "concat", f"{here}.backbones.concat:Concat",
                      "several backbones as one: their embeddings one after another"),
        ComponentSpec("backbone", "tta", f"{here}.backbones.tta:Tta",
                      "test-time augmentation: another backbone's embeddings of mirrored and zoomed views, averaged"),
        ComponentSpec("head", "softmax", f"{here}.heads.softmax:Softmax",
                      "multinomial logistic regression on standardised embeddings, class-balanced"),
        ComponentSpec("head", "linear_svm", f"{here}.heads.linear_svm:LinearSvm",
                      "linear support vector machines, each class against the others, calibrated"),
        ComponentSpec("head", "lda", f"{here}.heads.lda:Lda", "linear discriminant analysis with shrinkage, calibrated"),
        ComponentSpec("head", "knn", f"{here}.heads.knn:Knn", "vote of the k nearest gallery cases, calibrated"),
        ComponentSpec("head", "mlp", f"{here}.heads.mlp:Mlp", "a small network with one hidden layer, calibrated",
                      extra="pretraining", needs=("torch",)),
        ComponentSpec("head", "gallery", f"{here}.heads.gallery:Gallery",
                      "cosine similarity to the gallery cases; new conditions join without training"),
        ComponentSpec("head", "two_stage", f"{here}.heads.two_stage:TwoStageHead",
                      "two stages: affected or not, then which condition, by any two heads"),
        ComponentSpec("fusion", "mean", f"{here}.fusions.pools:Mean", "average of the regions' probabilities"),
        ComponentSpec("fusion", "geometric", f"{here}.fusions.pools:Geometric", "geometric mean, normalised"),
        ComponentSpec("fusion", "median", f"{here}.fusions.pools:Median", "median for each class, normalised"),
        ComponentSpec("fusion", "max", f"{here}.fusions.pools:Max", "maximum for each class, normalised"),
        ComponentSpec("fusion", "borda", f"{here}.fusions.borda:Borda", "Borda count of the regions' rankings"),
        ComponentSpec("fusion", "weighted", f"{here}.fusions.weighted:Weighted",
                      "weighted average; weights given, or fitted out of fold"),
        ComponentSpec("fusion", "stacking", f"{here}.fusions.stacking:Stacking",
                      "logistic regression on the probabilities of all regions, fitted out of fold"),
    ]  # fmt: skip


@hookimpl
def dysfw_runners() -> list[RunnerSpec]:
    return [RunnerSpec("local", "dysfw.batch.runner:Local", "this process")]
