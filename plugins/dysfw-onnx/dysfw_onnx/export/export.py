"""Exports a pipeline's backbone and heads, with their description, to a folder."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import TYPE_CHECKING

import onnx

from dysfw import RESEARCH_USE
from dysfw.plugin import Backbone, GalleryBased, Progress, atomic_folder, sha256_of

from .backbone import backbone_model
from .check import check_differences, compare
from .folding import fold
from .layers import head_model
from .metadata import export_metadata
from .readme import readme, recipe_text
from .result import ExportedFiles, ExportResult

if TYPE_CHECKING:
    from dysfw.plugin import Pipeline


def export_pipeline(pipeline: Pipeline, folder: Path, progress: Progress) -> ExportResult:
    """Export a pipeline to ONNX files.

    Args:
        pipeline: The pipeline, with or without trained heads.
        folder: The folder to write.
        progress: Receives a note for each step.

    Raises:
        DysfwError: If a part cannot be exported, the exported files give other results, or the folder cannot be written. No
            files remain then.
    """
    files = _file_names(pipeline)
    text = recipe_text(pipeline, files.backbone)  # fails early if the alignment cannot be expressed
    heads = {} if pipeline.classifier is None else dict(pipeline.classifier.heads)
    dim = pipeline.components.backbone.dim
    head_models = {name: head_model(heads[region], region, dim) for region, name in files.heads.items()}
    with atomic_folder(folder) as unfinished:
        for name, backbone in _backbones(pipeline, files).items():
            progress.note(f"writing {name}")
            _save(backbone_model(fold(pipeline.recipe, pipeline.recipe.nodes["backbone"], backbone)), unfinished / name)
        for name, model in head_models.items():
            _save(model, unfinished / name)
        tuned, head_files = ({r: unfinished / name for r, name in names.items()} for names in (files.tuned, files.heads))
        progress.note("comparing with the original")
        comparison = compare(pipeline, unfinished / files.backbone, tuned, head_files)
        check_differences(comparison)
        (unfinished / "recipe.yaml").write_text(text, "utf-8")
        cases = max((len(head.cases().y) for head in heads.values() if isinstance(head, GalleryBased)), default=0)
        (unfinished / "README.md").write_text(readme(pipeline, files, comparison, cases), "utf-8")
        hashes = {f.name: {"bytes": f.stat().st_size, "sha256": sha256_of(f)} for f in sorted(unfinished.iterdir())}
        content = json.dumps(export_metadata(pipeline, files, hashes, comparison), indent=2, ensure_ascii=False)
        (unfinished / "export.json").write_text(content + "\n", "utf-8")
        size = sum(file.stat().st_size for file in unfinished.iterdir())
    return ExportResult(files, size, len(pipeline.classifier.labels) if pipeline.classifier else 0, cases, comparison)


def _file_names(pipeline: Pipeline) -> ExportedFiles:
    regions = pipeline.components.segmenter.regions
    stems = {region: re.sub(r"[^A-Za-z0-9._-]", "_", region) for region in regions}
    if len({stem.casefold() for stem in stems.values()}) < len(stems):  # a segmenter may use any names
        stems = {region: f"{number:03}-{stems[region]}" for number, region in enumerate(regions)}
    tuned = {region: f"backbone-{stems[region]}.onnx" for region in regions if region in pipeline.embedder.tuned}
    heads = {region: f"head-{stems[region]}.onnx" for region in (regions if pipeline.classifier else ())}
    return ExportedFiles("backbone.onnx", tuned, heads)


def _backbones(pipeline: Pipeline, files: ExportedFiles) -> dict[str, Backbone]:
    """All backbones, by file name."""
    tuned = {name: pipeline.embedder.tuned[region] for region, name in files.tuned.items()}
    return {files.backbone: pipeline.components.backbone, **tuned}


def _save(model: onnx.ModelProto, file: Path) -> None:
    onnx.helper.set_model_props(model, {"notice": RESEARCH_USE, "origin": "dysfw export; see export.json"})
    onnx.checker.check_model(model)
    file.write_bytes(model.SerializeToString(deterministic=True))
