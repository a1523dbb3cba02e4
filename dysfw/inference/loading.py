"""Joins a recipe to the bundle that it was trained into, and refuses where the two do not belong together."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, replace
from pathlib import Path

from ..bundle.contents import RECIPE, Bundle, WeightsUsed
from ..bundle.read import is_bundle, read_bundle
from ..cache.store import StageCache
from ..contracts.components import Backbone, Fusion, GalleryBased, Head, SupportsWeightDelta
from ..contracts.kinds import KINDS, Kind
from ..errors import DysfwError
from ..imaging.harmonise import Harmony
from ..recipe.check import load_recipe
from ..recipe.model import Recipe
from ..recipe.sections import UNIFORM
from ..registry.registry import Registry
from ..reliability.prior import described, prior_of
from ..types import Float32, Notice
from ..util.environment import version_of
from .build import Components, build
from .classifier import Classifier
from .fusion import cross_validated_fusion
from .pipeline import Pipeline
from .reliability import ReliabilityModel, fit_reliability
from .retrieval import GalleryIndex

# Parts that a head's weights depend on. The detector may be swapped, with a notice; the fusion freely.
BOUND: tuple[Kind, ...] = ("segmenter", "backbone", "head")


def open_pipeline(source: Path, registry: Registry, overrides: Sequence[str] = (), cache: StageCache | None = None) -> Pipeline:
    """A pipeline ready to predict, from a recipe that names a bundle or from a bundle's folder.

    overrides: "key=value", as in ``--set``. cache: of what was computed before. Raises DysfwError where the recipe is untrained
    or its bundle does not fit it.
    """
    if source.is_dir():
        bundle = read_bundle(source, registry)
        recipe = load_recipe(source / RECIPE, registry, overrides) if overrides else bundle.recipe
    else:
        recipe = load_recipe(source, registry, overrides)
        bundle = read_bundle(find_bundle(recipe, source, registry), registry)
    notices = _compare(recipe, bundle)
    recipe = replace(recipe, precision=_trained_in(bundle) if recipe.precision == "auto" else recipe.precision)
    notices += _check_precision(recipe, bundle)
    components = build(recipe)
    notices += _check_weights(components, bundle) + _check_versions(recipe, bundle)
    classifier, tuned = _restore(recipe, components, bundle), tuned_backbones(components.backbone, bundle.fitted.tuned)
    notices += _check_prior(recipe, classifier.reliability, classifier.labels)
    return Pipeline(recipe, components, classifier, bundle.manifest, notices=tuple(notices), tuned=tuned, cache=cache)


def find_bundle(recipe: Recipe, source: Path, registry: Registry) -> Path:
    """The folder that a recipe's ``bundle`` means: a path relative to the recipe, or a name that a plugin registered."""
    if recipe.bundle is None:
        raise DysfwError(
            f"{source} is not trained: it names no bundle, so it has no probabilities to give",
            hint=f"train it with `dysfw train {source} DATA -o BUNDLE`, then `dysfw run BUNDLE IMAGE`",
        )
    path = recipe.folder / Path(recipe.bundle).expanduser()
    if is_bundle(path):
        return path
    if path.exists() or "/" in recipe.bundle or recipe.bundle.startswith("."):
        raise DysfwError(f"{source}: bundle: {path} is no bundle", hint="`dysfw train` makes bundles")
    return registry.bundle(recipe.bundle)


def used_weights(components: Components) -> list[WeightsUsed]:
    """Every weight file that the untrained part of a pipeline computes with."""
    parts = (components.detector, components.segmenter, components.backbone)
    return [
        WeightsUsed(
            component=part.kind,
            name=weights.name,
            sha256=weights.sha256,
            licence=weights.licence,
            source=weights.source,
            trained=weights.trained,
        )
        for part in parts
        for weights in part.weights()
    ]


def tuned_backbones(backbone: Backbone, differences: Mapping[str, Mapping[str, Float32]]) -> dict[str, Backbone]:
    """For each region the backbone that its differences make of ``backbone``. Raises DysfwError where that cannot be."""
    if differences and not isinstance(backbone, SupportsWeightDelta):
        raise DysfwError(
            f"the backbone {type(backbone).__name__} cannot be fitted to a region",
            hint="take another one, for example timm, or set tune.mode to none",
        )
    try:
        return {
            region: backbone.variant(own) for region, own in differences.items() if isinstance(backbone, SupportsWeightDelta)
        }
    except ValueError as error:
        raise DysfwError(f"what the bundle changes of the trunk does not fit it: {error}") from None


def _compare(recipe: Recipe, bundle: Bundle) -> list[Notice]:
    trained = bundle.recipe
    differences = [
        f"{where}: trained as {_written(mine)}, the recipe says {_written(theirs)}"
        for kind in BOUND
        for where, mine, theirs in _differing(kind, trained.nodes[kind].portable(), recipe.nodes[kind].portable())
    ]
    size = bundle.manifest.crop_size
    theirs_crop, mine_crop = replace(recipe.crop, size=recipe.crop.size or size), replace(trained.crop, size=size)
    if theirs_crop != mine_crop:
        differences.append(f"crop: trained as {asdict(mine_crop)}, the recipe says {asdict(theirs_crop)}")
    if recipe.harmonise != trained.harmonise:
        differences.append(f"harmonise: trained as {_keys(trained.harmonise)}, the recipe says {_keys(recipe.harmonise)}")
    if differences:
        shown = "\n".join(f"  {line}" for line in differences)
        raise DysfwError(
            f"the recipe {recipe.name!r} and its bundle {bundle.folder} do not belong together:\n{shown}",
            hint="train the changed recipe with `dysfw train`; only detector, fusion, reliability and prior may differ",
        )
    if recipe.nodes["detector"].portable() != trained.nodes["detector"].portable():
        message = "the detector is not the one that the bundle was trained with; crops may differ from those in training"
        return [Notice("detector_differs", message)]
    return []


def _trained_in(bundle: Bundle) -> str:
    """The precision of its training. Bundles name it, but for those of when "auto" was float32 everywhere."""
    return "float32" if bundle.recipe.precision == "auto" else bundle.recipe.precision


def _check_precision(recipe: Recipe, bundle: Bundle) -> list[Notice]:
    then, measured = _trained_in(bundle), bundle.manifest.agreement
    if recipe.precision == then:
        return []
    message = f"judged in {recipe.precision}, and the bundle was trained in {then}"
    if measured and recipe.precision == "float32":
        message += f"; {measured}"
    return [Notice("precision_differs", message)]


def _written(value: object) -> str:
    """As a recipe may write it."""
    return json.dumps(value, ensure_ascii=False) if isinstance(value, Mapping | list) else str(value)


def _differing(where: str, then: object, now: object) -> Iterator[tuple[str, object, object]]:
    """The parameters in which two components differ, each with its place: "backbone.of.size"; the component itself where it is
    another one."""
    if isinstance(then, Mapping) and isinstance(now, Mapping) and then.get("use") == now.get("use"):
        for key in sorted({*then, *now}):
            yield from _differing(f"{where}.{key}", then.get(key), now.get(key))
    elif isinstance(then, list) and isinstance(now, list) and len(then) == len(now):
        for number, (one, other) in enumerate(zip(then, now, strict=True)):
            yield from _differing(f"{where}.{number}", one, other)
    elif then != now:
        yield where, then, now


def _keys(harmony: Harmony | None) -> str:
    return str(asdict(harmony)) if harmony else "nothing"


def _check_weights(components: Components, bundle: Bundle) -> list[Notice]:
    """The trunk must be the one that the heads were trained on, to the bit; of the rest, differences are noted."""
    notices = []
    used = used_weights(components)
    for kind in KINDS:
        here = {(w.name, w.sha256) for w in used if w.component == kind}
        then = {(w.name, w.sha256) for w in bundle.manifest.weights if w.component == kind}
        if {sha for _, sha in here} == {sha for _, sha in then}:
            continue
        described = f"trained with {_shown(then)}, found here {_shown(here)}"
        if kind == "backbone":
            raise DysfwError(
                f"the bundle {bundle.folder} does not fit this backbone's weights: {described}",
                hint="use the weights that it was trained with, or train again",
            )
        notices.append(Notice("weights_differ", f"{kind}: {described}"))
    if not all(w.trained for w in used):
        notices.append(Notice("random_weights", "the trunk has random weights: these probabilities mean nothing"))
    return notices


def _shown(weights: set[tuple[str, str]]) -> str:
    return ", ".join(f"{name} ({sha[:12]}…)" for name, sha in sorted(weights)) or "none"


def _check_versions(recipe: Recipe, bundle: Bundle) -> list[Notice]:
    distributions = {"dysfw", *(node.origin.partition(" ")[0] for node in recipe.nodes.values())}
    then = bundle.manifest.versions
    changed = [
        f"{name} {then[name]} (here {version_of(name)})"
        for name in sorted(distributions & then.keys())
        if version_of(name) != then[name]
    ]
    return [Notice("versions_differ", f"the bundle was trained with {', '.join(changed)}")] if changed else []


def _check_prior(recipe: Recipe, reliability: ReliabilityModel, labels: Sequence[str]) -> list[Notice]:
    if recipe.prior == UNIFORM:
        return []
    return [
        Notice(
            "prior", f"the probabilities assume that of those judged {described(reliability.prior, labels)} have the condition"
        )
    ]


def _restore(recipe: Recipe, components: Components, bundle: Bundle) -> Classifier:
    manifest, fitted = bundle.manifest, bundle.fitted
    if tuple(manifest.regions) != components.segmenter.regions:
        raise DysfwError(
            f"the bundle {bundle.folder} has heads for {manifest.regions}, the segmenter gives {components.segmenter.regions}"
        )
    heads = {}
    try:
        for region in manifest.regions:
            heads[region] = components.make_head(tuple(manifest.labels))
            heads[region].restore(fitted.heads[region])
        fusion = _fusion(components.make_fusion(), recipe, bundle)
        reliability = _reliability(components, recipe, bundle)
    except ValueError as error:
        raise DysfwError(f"the bundle {bundle.folder} cannot be restored: {error}") from None
    return Classifier(tuple(manifest.labels), heads, fusion, reliability, _known(bundle, heads))


def _known(bundle: Bundle, heads: Mapping[str, Head]) -> GalleryIndex | None:
    """Raises ValueError where the heads keep other cases than the bundle names."""
    manifest, seen = bundle.manifest, bundle.fitted.gallery
    if seen is None:
        return None
    kept = [len(head.cases().y) if isinstance(head, GalleryBased) else 0 for head in heads.values()]
    if kept != (named := seen.present.sum(axis=0).tolist()):
        raise DysfwError(f"the bundle {bundle.folder} is damaged: its heads keep {kept} cases, and it names {named}")
    return GalleryIndex(
        tuple(c.id for c in manifest.gallery_cases), tuple(c.label for c in manifest.gallery_cases), seen.present
    )


def _reliability(components: Components, recipe: Recipe, bundle: Bundle) -> ReliabilityModel:
    """From the out-of-fold predictions that the bundle keeps, so that it fits whatever fusion and demands the recipe now has."""
    out_of_fold, embedding_distribution = bundle.fitted.out_of_fold, bundle.fitted.embedding_distribution
    if embedding_distribution.mean.shape[1] != components.backbone.dim:
        raise ValueError(
            f"it knows faces by {embedding_distribution.mean.shape[1]} numbers, the backbone gives {components.backbone.dim}"
        )
    prior = prior_of(recipe.prior, bundle.manifest.labels, out_of_fold.y, out_of_fold.groups)
    fused = cross_validated_fusion(components.make_fusion, out_of_fold, recipe.seed)
    return fit_reliability(recipe.reliability, out_of_fold, fused, embedding_distribution, prior)


def _fusion(fusion: Fusion, recipe: Recipe, bundle: Bundle) -> Fusion:
    """Restore the fusion that was trained; teach another one from the out-of-fold out_of_fold that the bundle keeps."""
    out_of_fold = bundle.fitted.out_of_fold
    if recipe.nodes["fusion"].portable() == bundle.recipe.nodes["fusion"].portable():
        fusion.restore(bundle.fitted.fusion)
    elif fusion.needs_fit:
        fusion.fit(out_of_fold.probabilities, out_of_fold.present, out_of_fold.y, out_of_fold.groups)
    return fusion
