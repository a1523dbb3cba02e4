"""Writes a pipeline's trunk and heads, and what goes with them, into a folder; see ``dysfw export``."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import onnx

from dysfw import RESEARCH_USE
from dysfw.plugin import Backbone, GalleryBased, Progress, atomic_folder, sha256_of

from .backbone import backbone_model
from .check import Measured, measure, refuse_difference
from .folding import fold
from .layers import head_model
from .metadata import Files, statement
from .readme import readme, recipe_text

if TYPE_CHECKING:
    from dysfw.plugin import Pipeline

BACKBONE = "trunk.onnx"


@dataclass(frozen=True, slots=True)
class Exported:
    """What was written. bytes: of all files. labels: how many conditions, 0 where the recipe is not trained. cases: how many
    known cases the heads hold."""

    files: Files
    bytes: int
    labels: int
    cases: int
    measured: Measured


def export_pipeline(pipeline: Pipeline, folder: Path, progress: Progress) -> Exported:
    """Raises DysfwError where a part cannot be exported, what was exported gives other results, or the disk refuses; nothing is
    written then."""
    files = _names(pipeline)
    text = recipe_text(pipeline, files.backbone)  # refuses before the work
    heads = {} if pipeline.classifier is None else dict(pipeline.classifier.heads)
    dim = pipeline.components.backbone.dim
    models = {name: head_model(heads[region], region, dim) for region, name in files.heads.items()}
    with atomic_folder(folder) as unfinished:
        for name, backbone in _backbones(pipeline, files).items():
            progress.note(f"writing {name}")
            _save(backbone_model(fold(pipeline.recipe, pipeline.recipe.nodes["backbone"], backbone)), unfinished / name)
        for name, model in models.items():
            _save(model, unfinished / name)
        tuned, own = ({r: unfinished / name for r, name in names.items()} for names in (files.tuned, files.heads))
        progress.note("holding it against the original")
        measured = measure(pipeline, unfinished / files.backbone, tuned, own)
        refuse_difference(measured)
        (unfinished / "recipe.yaml").write_text(text, "utf-8")
        cases = max((len(head.cases().y) for head in heads.values() if isinstance(head, GalleryBased)), default=0)
        (unfinished / "README.md").write_text(readme(pipeline, files, measured, cases), "utf-8")
        listed = {f.name: {"bytes": f.stat().st_size, "sha256": sha256_of(f)} for f in sorted(unfinished.iterdir())}
        content = json.dumps(statement(pipeline, files, listed, measured), indent=2, ensure_ascii=False)
        (unfinished / "export.json").write_text(content + "\n", "utf-8")
        size = sum(file.stat().st_size for file in unfinished.iterdir())
    return Exported(files, size, len(pipeline.classifier.labels) if pipeline.classifier else 0, cases, measured)


def _names(pipeline: Pipeline) -> Files:
    regions = pipeline.components.segmenter.regions
    words = {region: re.sub(r"[^A-Za-z0-9._-]", "_", region) for region in regions}
    if len({word.casefold() for word in words.values()}) < len(words):  # by a segmenter's own names
        words = {region: f"{number:03}-{words[region]}" for number, region in enumerate(regions)}
    tuned = {region: f"trunk-{words[region]}.onnx" for region in regions if region in pipeline.embedder.tuned}
    heads = {region: f"head-{words[region]}.onnx" for region in (regions if pipeline.classifier else ())}
    return Files(BACKBONE, tuned, heads)


def _backbones(pipeline: Pipeline, files: Files) -> dict[str, Backbone]:
    """By file, what is to be written."""
    tuned = {name: pipeline.embedder.tuned[region] for region, name in files.tuned.items()}
    return {files.backbone: pipeline.components.backbone, **tuned}


def _save(model: onnx.ModelProto, file: Path) -> None:
    onnx.helper.set_model_props(model, {"notice": RESEARCH_USE, "origin": "dysfw export; see export.json"})
    onnx.checker.check_model(model)
    file.write_bytes(model.SerializeToString(deterministic=True))
