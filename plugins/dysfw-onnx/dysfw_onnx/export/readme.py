"""What an export says for people, and the recipe that goes on with its trunk."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from dysfw import RESEARCH_USE
from dysfw.plugin import ALIGNMENTS, Backbone, DysfwError, count, dump_document, listed

from .check import Measured
from .metadata import NOT_EXPORTED, Files

if TYPE_CHECKING:
    from dysfw.plugin import Pipeline

    from .export import Exported

RECIPE_HEAD = """\
# The recipe that this export was made of, with its trunk as an ONNX file; written by `dysfw export`. To train heads on it:
#   dysfw train recipe.yaml DATA -o BUNDLE
# It computes on the processor: device: cuda under backbone needs onnxruntime-gpu.
"""
LONGEST = 64  # of a recipe's name


def summary(folder: Path, exported: Exported) -> str:
    """What the command prints."""
    files = exported.files
    backbones, heads = count(1 + len(files.tuned), "backbone"), count(len(files.heads), "head")
    parts = (
        f"{backbones}, {heads}, {count(exported.labels, 'condition')}"
        if files.heads
        else f"{backbones}; not trained, so no heads"
    )
    return "\n".join((f"export {folder}: {parts}, {exported.bytes / 1e6:.1f} MB", f"checked on {checked(exported.measured)}"))


def checked(measured: Measured) -> str:
    """The check in a sentence."""
    images = count(measured.crops, "crop")
    images += f" and {count(measured.images, 'phantom')}" if measured.images else ""
    found = f"{images}: embeddings differ by at most {measured.embedding:.1e} of their size"
    if measured.probability is None:
        return found
    found += f", probabilities by {measured.probability:.1e}"
    return f"{found}; the first condition is the same in {measured.same} of {measured.judged}"


def recipe_text(pipeline: Pipeline, backbone_file: str) -> str:
    """recipe.yaml. Raises DysfwError where a recipe cannot say how the trunk wants its crops placed."""
    recipe, backbone = pipeline.recipe, pipeline.components.backbone
    kept = {key: value for key, value in recipe.resolved().items() if key != "tune"}  # which needs a trunk that learns
    licences = dict.fromkeys(weights.licence for weights in backbone.weights())
    node = {
        "use": "dysfw-onnx:onnx",
        "model": backbone_file,
        "align": _alignment(backbone) if recipe.crop.align == "backbone" else None,
        "licence": " AND ".join(licences) or "unstated",
        "device": "cpu",
    }
    device = {"device": "auto", "precision": "auto"}  # this command had set them
    name = f"{recipe.name[: LONGEST - len('-onnx')]}-onnx"
    return RECIPE_HEAD + dump_document({**kept, "name": name, **device, "backbone": node})


def _alignment(backbone: Backbone) -> str | None:
    """Its name. Raises DysfwError where it has none."""
    alignment = backbone.alignment
    if alignment is None:
        return None
    for name, known in ALIGNMENTS.items():
        if known == alignment:
            return name
    raise DysfwError(
        "the trunk places the whole face in a way of its own, which a recipe with the backbone onnx cannot say",
        hint=f"choose with crop: {{align: …}}, one of {listed(ALIGNMENTS)}, or true for level eyes alone, and train again",
    )


def readme(pipeline: Pipeline, files: Files, measured: Measured, cases: int) -> str:
    """README.md."""
    recipe, manifest = pipeline.recipe, pipeline.manifest
    dim, size = pipeline.components.backbone.dim, pipeline.components.crop_size
    lines = [
        f"# {recipe.name}, exported",
        "",
        f"**{RESEARCH_USE}**",
        "",
        f"Written by `dysfw export` from {_origin(pipeline)}. These files need no dysfw: whatever runs ONNX can use them.",
        *(["", f"> {manifest.about}"] if manifest and manifest.about else []),
        "",
        "| file | takes | gives |",
        "| --- | --- | --- |",
        *(f"| `{name}` | crops{whose}, uint8 [N, {size}, {size}, 3] RGB, as they are | embeddings, float32 [N, {dim}] |"
          for name, whose in _backbones(files)),
        *(f"| `{name}` | embeddings of the region {region}, float32 [N, {dim}] | its probabilities |"
          for region, name in files.heads.items()),
        "| `export.json` | | how photographs become crops, the labels, how the regions' probabilities become one, weights and "
        "their licences, hashes |",
        "| `recipe.yaml` | | the recipe with this trunk: `dysfw train recipe.yaml DATA -o BUNDLE` |",
        "",
        "## Not in here",
        "",
        *(f"- {what}" for what in NOT_EXPORTED),
        *([] if files.heads else ["- heads: the recipe is not trained"]),
        "",
        "## Checked",
        "",
        f"On {checked(measured)}.",
        "",
        "## Weights",
        "",
        *(f"- {w.name}: {w.licence}, sha256 {w.sha256}, from {w.source}" for w in pipeline.components.backbone.weights()),
    ]  # fmt: skip
    if cases:
        lines += [
            "",
            "## People's data",
            "",
            f"The heads hold embeddings of {count(cases, 'known case')}, which can be compared with other photographs of the "
            "same persons. Share this folder as you would share the photographs.",
        ]
    return "\n".join(lines) + "\n"


def _origin(pipeline: Pipeline) -> str:
    manifest = pipeline.manifest
    if manifest is None:
        return f"the recipe {pipeline.recipe.name}, which is not trained"
    return f"the bundle {manifest.name} (sha256 {manifest.fingerprint[:12]}…), {count(len(manifest.labels), 'condition')}"


def _backbones(files: Files) -> list[tuple[str, str]]:
    """Each trunk's file, and whose crops it takes."""
    others = " of all other regions" if files.tuned else ""
    return [(files.backbone_file, others), *((name, f" of the region {region}") for region, name in files.tuned.items())]
