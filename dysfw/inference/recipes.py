"""Opens recipes for commands of plugins, and exchanges parts of what was opened."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from ..contracts.components import Backbone, Component, Head
    from ..recipe.model import Node, Recipe
    from .pipeline import Pipeline


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
    from ..recipe.check import load_recipe
    from .build import build
    from .loading import open_pipeline
    from .pipeline import Pipeline

    registry = context.find_root().obj  # loaded by the command line before any command runs
    if not source.is_dir():
        recipe = load_recipe(source, registry, overrides)
        if recipe.bundle is None:
            return Pipeline(recipe, build(recipe))
    return open_pipeline(source, registry, overrides)


def build_component(recipe: Recipe, node: Node) -> Component:
    """One of the recipe's components, also of those nested in others. Raises DysfwError."""
    from .build import parameters_of

    return node.component(**parameters_of(recipe, node))


def with_networks(pipeline: Pipeline, backbone: Backbone, tuned: Mapping[str, Backbone], heads: Mapping[str, Head]) -> Pipeline:
    """The pipeline with another trunk, other trunks of single regions, and other heads, to hold what they give against its own.
    heads: for each region, in its order; not looked at where the pipeline is not trained."""
    from dataclasses import replace

    from .pipeline import Pipeline

    classifier = replace(pipeline.classifier, heads=heads) if pipeline.classifier else None
    components = replace(pipeline.components, backbone=backbone)
    return Pipeline(pipeline.recipe, components, classifier, pipeline.manifest, notices=pipeline.notices, tuned=tuned)
