"""The public Python API: what plugins and programs may import and rely on. The reference of Python is generated from it.

Within one minor version (0.1.x) what stands here only grows. What is not here may change without notice.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .contracts.components import Backbone, Component, Head
    from .inference.pipeline import Pipeline as Pipeline  # noqa: PLC0414  # so that plugins can annotate with them
    from .recipe.model import Node as Node  # noqa: PLC0414
    from .recipe.model import Recipe as Recipe  # noqa: PLC0414

# A package stands for all modules in it.
PUBLIC = (
    "dysfw.model",
    "dysfw.serve.client",
    "dysfw.plugin",
    "dysfw.contracts.components",
    "dysfw.contracts.layers",
    "dysfw.types",
    "dysfw.contracts.kinds",
    "dysfw.registry.hookspecs",
    "dysfw.errors",
    "dysfw.imaging.alignment",
    "dysfw.imaging.geometry",
    "dysfw.imaging",
    "dysfw.imaging.face_selection",
    "dysfw.stats.folds",
    "dysfw.torch_utils",
    "dysfw.weights",
    "dysfw.weights.weight_file",
    "dysfw.util.files",
    "dysfw.util.atomic",
    "dysfw.data.read",
    "dysfw.batch.runner",
    "dysfw.batch.item",
    "dysfw.batch.serialization",
    "dysfw.batch.rows",
    "dysfw.recipe.document",
    "dysfw.recipe.problems",
    "dysfw.util.text",
    "dysfw.util.progress",
    "dysfw.cli.terminal",
    "dysfw.testing.kit",
    "dysfw.testing.parametrise",
    "dysfw.testing.outcome",
    "dysfw.testing.examples",
    "dysfw.testing.fake_plugins",
    "dysfw.testing.weights_server",
    "dysfw.testing.pytest_plugin",
)


def open_recipe(context: Any, source: Path, overrides: Sequence[str] = ()) -> Pipeline:  # noqa: ANN401  # typer's differs by version
    """A recipe's file or a bundle's folder, opened for a command of a plugin. Where the recipe names no bundle, ``judge`` and
    ``manifest`` are None.

    context: the command's ``typer.Context``. overrides: "key=value", as in ``--set``. Raises DysfwError where the recipe is
    wrong, or its bundle does not fit it.

    To be relied on are, of the pipeline, ``embed``, ``predict``, ``recipe``, ``components``, ``judge``, ``manifest``,
    ``notices`` and ``embedder.tuned``, the backbones of regions that have one of their own; of the components those that they
    are, ``crop_size`` and ``alignment``; of the judge ``labels``, ``heads``, ``fusion`` and ``trust``; of the recipe ``name``,
    ``fingerprint``, ``crop``, ``harmonise``, ``nodes`` and ``resolved``; of a node, a component as the recipe names it,
    ``full_name``, ``params`` and ``portable``.
    """
    from .inference.build import build
    from .inference.loading import open_pipeline
    from .inference.pipeline import Pipeline
    from .recipe.check import load_recipe

    registry = context.find_root().obj  # loaded by the command line before any command runs
    if not source.is_dir():
        recipe = load_recipe(source, registry, overrides)
        if recipe.bundle is None:
            return Pipeline(recipe, build(recipe))
    return open_pipeline(source, registry, overrides)


def build_part(recipe: Recipe, node: Node) -> Component:
    """One of the recipe's components, also of those nested in others. Raises DysfwError."""
    from .inference.build import parameters_of

    return node.component(**parameters_of(recipe, node))


def exchanged(pipeline: Pipeline, backbone: Backbone, tuned: Mapping[str, Backbone], heads: Mapping[str, Head]) -> Pipeline:
    """The pipeline with another trunk, other trunks of single regions, and other heads, to hold what they give against its own.
    heads: for each region, in its order; not looked at where the pipeline is not trained."""
    from dataclasses import replace

    from .inference.pipeline import Pipeline

    classifier = replace(pipeline.classifier, heads=heads) if pipeline.classifier else None
    components = replace(pipeline.components, backbone=backbone)
    return Pipeline(pipeline.recipe, components, classifier, pipeline.manifest, notices=pipeline.notices, tuned=tuned)
