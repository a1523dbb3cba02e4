"""Opens recipes for commands of plugins, and replaces parts of pipelines."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from ..contracts.components import Backbone, Component, Head
    from ..recipe.model import Node, Recipe
    from .pipeline import Pipeline


def open_recipe(context: Any, source: Path, overrides: Sequence[str] = ()) -> Pipeline:  # noqa: ANN401  # the class differs between versions of typer
    """Open a recipe file or a bundle folder for a command of a plugin.

    These names are stable:

    - of the pipeline ``embed``, ``predict``, ``recipe``, ``components``, ``classifier``, ``manifest``, ``notices`` and
      ``embedder.tuned`` (fine-tuned backbones by region);
    - of its components ``detector``, ``segmenter``, ``backbone``, ``make_head``, ``make_fusion``, ``crop_size`` and
      ``alignment``;
    - of the classifier ``labels``, ``heads``, ``fusion`` and ``reliability``;
    - of the recipe ``name``, ``fingerprint``, ``crop``, ``harmonise``, ``nodes`` and ``resolved``;
    - of a node ``full_name``, ``params`` and ``portable``.

    Args:
        context: The ``typer.Context`` of the command.
        source: Recipe file or bundle folder.
        overrides: Changes as "key=value", as in ``--set``.

    Returns:
        The pipeline. ``classifier`` and ``manifest`` are None if the recipe names no bundle.

    Raises:
        DysfwError: If the recipe is wrong, or its bundle does not match it.
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
    """Construct one component of a recipe.

    Args:
        recipe: The recipe.
        node: The component in the recipe, nested or not.

    Raises:
        DysfwError: If the component cannot be constructed.
    """
    from .build import parameters_of

    return node.component(**parameters_of(recipe, node))


def with_networks(pipeline: Pipeline, backbone: Backbone, tuned: Mapping[str, Backbone], heads: Mapping[str, Head]) -> Pipeline:
    """Replace the networks of a pipeline, for example to compare an exported model with the original.

    Args:
        pipeline: The pipeline; it is not changed.
        backbone: The new backbone.
        tuned: New fine-tuned backbones by region.
        heads: New heads by region, in the pipeline's order; ignored if the pipeline is not trained.

    Returns:
        A new pipeline.
    """
    from dataclasses import replace

    from .pipeline import Pipeline

    classifier = replace(pipeline.classifier, heads=heads) if pipeline.classifier else None
    components = replace(pipeline.components, backbone=backbone)
    return Pipeline(pipeline.recipe, components, classifier, pipeline.manifest, notices=pipeline.notices, tuned=tuned)
