"""The text of an export for people: summary, README.md, and a recipe that uses the exported backbone."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from dysfw import RESEARCH_USE
from dysfw.plugin import ALIGNMENTS, Backbone, DysfwError, count, dump_document, listed

from .metadata import NOT_EXPORTED
from .result import Comparison, ExportedFiles, ExportResult

if TYPE_CHECKING:
    from dysfw.plugin import Pipeline

RECIPE_HEADER = """\
# The exported recipe, with its backbone as an ONNX file; written by `dysfw export`. To train heads on it:
#   dysfw train recipe.yaml DATA -o BUNDLE
# It runs on the CPU. With onnxruntime-gpu installed, set device: cuda under backbone to use a GPU.
"""
MAX_NAME_LENGTH = 64  # of a recipe


def summary(folder: Path, result: ExportResult) -> str:
    """The text that the command prints."""
    backbones, heads = count(1 + len(result.files.tuned), "backbone"), count(len(result.files.heads), "head")
    parts = f"{backbones}, {heads}, {count(result.labels, 'condition')}"
    if not result.files.heads:
        parts = f"{backbones}; no heads, because the recipe is not trained"
    size = f"{result.bytes / 1e6:.1f} MB"
    return f"exported to {folder}: {parts}, {size}\nchecked on {check_sentence(result.comparison)}"


def check_sentence(comparison: Comparison) -> str:
    """The comparison with the original in one sentence."""
    inputs = count(comparison.crops, "crop")
    inputs += f" and {count(comparison.images, 'phantom')}" if comparison.images else ""
    text = f"{inputs}: embeddings differ by at most {comparison.embedding:.1e} of their size"
    if comparison.probability is None:
        return text
    text += f", probabilities by {comparison.probability:.1e}"
    return f"{text}; the most probable condition is the same in {comparison.same_top_1} of {comparison.predicted}"


def recipe_text(pipeline: Pipeline, backbone_file: str) -> str:
    """The content of recipe.yaml.

    Raises:
        DysfwError: If the backbone's alignment cannot be expressed in a recipe.
    """
    recipe, backbone = pipeline.recipe, pipeline.components.backbone
    kept = {key: value for key, value in recipe.resolved().items() if key != "tune"}  # ONNX files cannot be fine-tuned
    licences = dict.fromkeys(weights.licence for weights in backbone.weights())
    node = {
        "use": "dysfw-onnx:onnx",
        "model": backbone_file,
        "align": _alignment_name(backbone) if recipe.crop.align == "backbone" else None,
        "licence": " AND ".join(licences) or "unstated",
        "device": "cpu",
    }
    device = {"device": "auto", "precision": "auto", "runtime": "auto"}  # the command itself has overridden them
    name = f"{recipe.name[: MAX_NAME_LENGTH - len('-onnx')]}-onnx"
    return RECIPE_HEADER + dump_document({**kept, "name": name, **device, "backbone": node})


def _alignment_name(backbone: Backbone) -> str | None:
    alignment = backbone.alignment
    if alignment is None:
        return None
    for name, known in ALIGNMENTS.items():
        if known == alignment:
            return name
    raise DysfwError(
        "the backbone uses an alignment without a name, which the backbone onnx cannot use",
        hint=f"set crop: {{align: …}} to one of {listed(ALIGNMENTS)}, or to true for level eyes, and train again",
    )


def readme(pipeline: Pipeline, files: ExportedFiles, comparison: Comparison, gallery_cases: int) -> str:
    """The content of README.md.

    Args:
        pipeline: The pipeline that was exported.
        files: Names of the model files.
        comparison: Comparison with the original.
        gallery_cases: Number of gallery cases whose embeddings the heads contain.
    """
    recipe, manifest = pipeline.recipe, pipeline.manifest
    lines = [
        f"# {recipe.name}, exported",
        "",
        f"**{RESEARCH_USE}**",
        "",
        f"Written by `dysfw export` from {_origin(pipeline)}. The files run without dysfw, in any ONNX runtime.",
        *(["", f"> {manifest.about}"] if manifest and manifest.about else []),
        "",
        *_file_table(pipeline, files),
        "",
        "## Not included",
        "",
        *(f"- {part}" for part in NOT_EXPORTED),
        *([] if files.heads else ["- heads: the recipe is not trained"]),
        "",
        "## Comparison with the original",
        "",
        f"On {check_sentence(comparison)}.",
        "",
        "## Weights",
        "",
        *(f"- {w.name}: {w.licence}, sha256 {w.sha256}, from {w.source}" for w in pipeline.components.backbone.weights()),
    ]
    if gallery_cases:
        lines += [
            "",
            "## Personal data",
            "",
            f"The heads contain embeddings of {count(gallery_cases, 'gallery case')}. They can be compared with other photos "
            "of the same people. Share this folder only with people who may see the photos.",
        ]
    return "\n".join(lines) + "\n"


def _file_table(pipeline: Pipeline, files: ExportedFiles) -> list[str]:
    dim, size = pipeline.components.backbone.dim, pipeline.components.crop_size
    regions = " of all other regions" if files.tuned else ""
    backbones = [(files.backbone, regions), *((name, f" of the region {region}") for region, name in files.tuned.items())]
    return [
        "| file | input | output |",
        "| --- | --- | --- |",
        *(f"| `{name}` | crops{which}, uint8 [N, {size}, {size}, 3] RGB, unchanged | embeddings, float32 [N, {dim}] |"
          for name, which in backbones),
        *(f"| `{name}` | embeddings of the region {region}, float32 [N, {dim}] | its probabilities |"
          for region, name in files.heads.items()),
        "| `export.json` | | how to crop images and fuse probabilities; labels, weights, licences, hashes |",
        "| `recipe.yaml` | | the recipe with the exported backbone: `dysfw train recipe.yaml DATA -o BUNDLE` |",
    ]  # fmt: skip


def _origin(pipeline: Pipeline) -> str:
    manifest = pipeline.manifest
    if manifest is None:
        return f"the recipe {pipeline.recipe.name}, which is not trained"
    return f"the bundle {manifest.name} (sha256 {manifest.fingerprint[:12]}…), {count(len(manifest.labels), 'condition')}"
