"""Registers the components that need nothing beyond the core's own dependencies."""

from __future__ import annotations

from ..registry.hookspecs import ComponentSpec, RunnerSpec, hookimpl


@hookimpl
def dysfw_components() -> list[ComponentSpec]:
    here = "dysfw.builtin"
    return [
        ComponentSpec("detector", "given", f"{here}.detectors.given:Given",
                      "no detector: boxes, and landmarks where there are any, from a CSV or Parquet file"),
        ComponentSpec("segmenter", "landmark_boxes", f"{here}.segmenters.landmark_boxes:LandmarkBoxes",
                      "seven upright boxes placed by the detector's five landmarks"),
        ComponentSpec("segmenter", "whole_face", f"{here}.segmenters.whole_face:WholeFace", "the face as one region"),
        ComponentSpec("segmenter", "grid", f"{here}.segmenters.grid:Grid", "rows × columns of patches of the aligned face"),
        ComponentSpec("segmenter", "halves", f"{here}.segmenters.halves:Halves",
                      "right and left half of the face, or upper and lower"),
        ComponentSpec("backbone", "neck", f"{here}.backbones.neck:NeckBackbone",
                      "what another backbone's trunk was pretrained to tell, in place of its embedding"),
        ComponentSpec("backbone", "concat", f"{here}.backbones.concat:Concat",
                      "several backbones as one: their embeddings one after another"),
        ComponentSpec("backbone", "tta", f"{here}.backbones.tta:Tta",
                      "test-time augmentation: another backbone's embeddings of mirrored and zoomed views, averaged"),
        ComponentSpec("head", "softmax", f"{here}.heads.softmax:Softmax",
                      "multinomial logistic regression on standardised embeddings, class-balanced"),
        ComponentSpec("head", "linear_svm", f"{here}.heads.linear_svm:LinearSvm",
                      "linear support vector machines, each class against the others, calibrated"),
        ComponentSpec("head", "lda", f"{here}.heads.lda:Lda", "linear discriminant analysis with shrinkage, calibrated"),
        ComponentSpec("head", "knn", f"{here}.heads.knn:Knn", "vote of the k nearest known cases, calibrated"),
        ComponentSpec("head", "mlp", f"{here}.heads.mlp:Mlp", "a small network with one hidden layer, calibrated",
                      extra="trunks", needs=("torch",)),
        ComponentSpec("head", "gallery", f"{here}.heads.gallery:Gallery",
                      "cosine similarity to the nearest known cases; new conditions join without training"),
        ComponentSpec("head", "gate", f"{here}.heads.gate:Gate",
                      "two stages: affected or not, then which condition, by any two heads"),
        ComponentSpec("fusion", "mean", f"{here}.fusions.pools:Mean", "average of the regions' probabilities"),
        ComponentSpec("fusion", "geometric", f"{here}.fusions.pools:Geometric", "geometric mean, normalised"),
        ComponentSpec("fusion", "median", f"{here}.fusions.pools:Median", "median for each class, normalised"),
        ComponentSpec("fusion", "max", f"{here}.fusions.pools:Max", "largest vote for each class, normalised"),
        ComponentSpec("fusion", "borda", f"{here}.fusions.borda:Borda", "Borda count of the regions' rankings"),
        ComponentSpec("fusion", "weighted", f"{here}.fusions.weighted:Weighted",
                      "weighted average; weights given, or learned from out-of-fold votes"),
        ComponentSpec("fusion", "stacking", f"{here}.fusions.stacking:Stacking",
                      "logistic regression on all regions' votes, learned from out-of-fold votes"),
    ]  # fmt: skip


@hookimpl
def dysfw_runners() -> list[RunnerSpec]:
    return [RunnerSpec("local", "dysfw.batch.runner:Local", "this process")]
