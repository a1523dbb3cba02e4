"""Loads a trained pipeline, after checking that recipe and bundle match."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, replace
from pathlib import Path

from ..bundle.contents import CARD, RECIPE, Bundle, WeightsUsed
from ..bundle.read import is_bundle, read_bundle
from ..cache.store import StageCache
from ..contracts.components import Backbone, Fusion, GalleryBased, Head, SupportsWeightDelta
from ..contracts.kinds import KINDS, Kind
from ..data.conditions import condition_ids
from ..errors import DysfwError
from ..imaging.harmonise import HarmonisationConfig
from ..recipe.check import load_recipe
from ..recipe.model import Recipe
from ..recipe.sections import UNIFORM
from ..registry.registry import Registry
from ..reliability.prior import describe_prior, prior_of
from ..types import Float32, Notice
from ..util.environment import version_of
from ..util.paths import expand_home
from ..util.text import count, listed
from .build import Components, build
from .chance import check_chance
from .classifier import Classifier
from .evidence import EvidenceModel, fit_evidence
from .fusion import cross_validated_fusion
from .pipeline import Pipeline
from .reliability_model import ReliabilityModel, fit_reliability
from .retrieval import GalleryIndex

# A bundle's heads depend on these components. Another detector gives a notice; another fusion is fitted to the bundle.
BOUND: tuple[Kind, ...] = ("segmenter", "backbone", "head")


def open_pipeline(source: Path, registry: Registry, overrides: Sequence[str] = (), cache: StageCache | None = None) -> Pipeline:
    """Open a trained pipeline.

    Args:
        source: A recipe that names a bundle, or a bundle folder.
        registry: The components of all plugins.
        overrides: Changes as "key=value", as in ``--set``.
        cache: Where results of the pipeline's stages are found and kept.

    Raises:
        DysfwError: If the recipe is not trained, or does not match its bundle.
    """
    if source.is_dir():
        bundle = read_bundle(source, registry)
        recipe = load_recipe(source / RECIPE, registry, overrides) if overrides else bundle.recipe
    else:
        recipe = load_recipe(source, registry, overrides)
        bundle = read_bundle(find_bundle(recipe, source, registry), registry)
    notices = _compare(recipe, bundle)
    recipe = replace(recipe, precision=bundle.recipe.precision if recipe.precision == "auto" else recipe.precision)
    notices += _check_precision(recipe, bundle)
    components = build(recipe)
    notices += _check_weights(components, bundle) + _check_versions(recipe, bundle)
    classifier, fused = _restore(recipe, components, bundle)
    tuned = tuned_backbones(components.backbone, bundle.fitted.tuned)
    notices += _check_evidence(recipe, bundle) + _check_phantoms(bundle)
    notices += _check_prior(recipe, classifier.reliability, classifier.labels) + check_chance(recipe, bundle, fused)
    return Pipeline(
        recipe,
        components,
        classifier,
        bundle.manifest,
        notices=tuple(notices),
        tuned=tuned,
        cache=cache,
        composites=bundle.composites,
        card=_card(bundle.folder),
    )


def _card(folder: Path) -> str:
    try:
        return (folder / CARD).read_text("utf-8", errors="replace")
    except OSError:  # people may edit it, and delete it
        return ""


def find_bundle(recipe: Recipe, source: Path, registry: Registry) -> Path:
    """Find the bundle that a recipe names: a path relative to the recipe, or a bundle registered by a plugin.

    Args:
        recipe: The recipe.
        source: Its file, for messages.
        registry: The components and bundles of all plugins.

    Returns:
        The bundle's folder.

    Raises:
        DysfwError: If the recipe names no bundle, or there is none.
    """
    if recipe.bundle is None:
        raise DysfwError(
            f"{source} is not trained: it names no bundle, without which it cannot predict",
            hint=f"train it with `dysfw train {source} DATA -o BUNDLE`, then `dysfw run BUNDLE IMAGE`",
        )
    path = recipe.folder / expand_home(Path(recipe.bundle))
    if is_bundle(path):
        return path
    if path.exists() or Path(recipe.bundle).name != recipe.bundle or recipe.bundle.startswith("."):
        raise DysfwError(f"{source}: bundle: {path} is not a bundle folder", hint="`dysfw train` writes bundles")
    return registry.bundle(recipe.bundle)


def used_weights(components: Components) -> list[WeightsUsed]:
    """List the files of weights and data that detector, segmenter, backbone and evidence use.

    Args:
        components: The components of a recipe.
    """
    parts = (components.detector, components.segmenter, components.backbone, *components.evidence)
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


def tuned_backbones(backbone: Backbone, weight_deltas: Mapping[str, Mapping[str, Float32]]) -> dict[str, Backbone]:
    """Construct the fine-tuned backbones.

    Args:
        backbone: The backbone before fine-tuning.
        weight_deltas: By region, how the weights of its fine-tuned backbone differ, by tensor.

    Returns:
        A backbone for each region in ``weight_deltas``.

    Raises:
        DysfwError: If the backbone does not support this, or the weights do not fit it.
    """
    if weight_deltas and not isinstance(backbone, SupportsWeightDelta):
        raise DysfwError(
            f"the backbone {type(backbone).__name__} cannot be fine-tuned",
            hint="use another one, for example timm, or set tune.mode to none",
        )
    try:
        return {
            region: backbone.variant(delta)
            for region, delta in weight_deltas.items()
            if isinstance(backbone, SupportsWeightDelta)
        }
    except ValueError as error:
        raise DysfwError(f"the fine-tuned weights of the bundle do not fit the backbone: {error}") from None


def _compare(recipe: Recipe, bundle: Bundle) -> list[Notice]:
    """Raise DysfwError if components differ on which the heads depend."""
    trained = bundle.recipe
    differences = [
        f"{where}: trained with {_to_text(then)}, the recipe has {_to_text(now)}"
        for kind in BOUND
        for where, then, now in _differences(kind, trained.nodes[kind].portable(), recipe.nodes[kind].portable())
    ]
    size = bundle.manifest.crop_size
    crop, trained_crop = replace(recipe.crop, size=recipe.crop.size or size), replace(trained.crop, size=size)
    if crop != trained_crop:
        differences.append(f"crop: trained with {asdict(trained_crop)}, the recipe has {asdict(crop)}")
    if recipe.harmonise != trained.harmonise:
        differences.append(f"harmonise: trained with {_keys(trained.harmonise)}, the recipe has {_keys(recipe.harmonise)}")
    if differences:
        lines = "\n".join(f"  {line}" for line in differences)
        raise DysfwError(
            f"the recipe {recipe.name!r} does not match its bundle {bundle.folder}:\n{lines}",
            hint="train the changed recipe with `dysfw train`; detector, fusion, evidence, reliability and prior may differ",
        )
    if recipe.nodes["detector"].portable() != trained.nodes["detector"].portable():
        message = "the bundle was trained with another detector; crops may differ from those in training"
        return [Notice("detector_differs", message)]
    return []


def _check_precision(recipe: Recipe, bundle: Bundle) -> list[Notice]:
    then, measured = bundle.recipe.precision, bundle.manifest.agreement
    if recipe.precision == then:
        return []
    message = f"predicted in {recipe.precision}, but the bundle was trained in {then}"
    if measured and recipe.precision == "float32":
        message += f"; {measured}"
    return [Notice("precision_differs", message)]


def _to_text(value: object) -> str:
    """A value in the notation of recipes."""
    return json.dumps(value, ensure_ascii=False) if isinstance(value, Mapping | list) else str(value)


def _differences(where: str, then: object, now: object) -> Iterator[tuple[str, object, object]]:
    """The parameters in which two components differ, each with its place, such as "backbone.of.size"."""
    if isinstance(then, Mapping) and isinstance(now, Mapping) and then.get("use") == now.get("use"):
        for key in sorted({*then, *now}):
            yield from _differences(f"{where}.{key}", then.get(key), now.get(key))
    elif isinstance(then, list) and isinstance(now, list) and len(then) == len(now):
        for number, (one, other) in enumerate(zip(then, now, strict=True)):
            yield from _differences(f"{where}.{number}", one, other)
    elif then != now:
        yield where, then, now


def _keys(harmonisation: HarmonisationConfig | None) -> str:
    return str(asdict(harmonisation)) if harmonisation else "none"


def _check_weights(components: Components, bundle: Bundle) -> list[Notice]:
    """Raise DysfwError if the backbone's weights are not those of the training; other differences are notices."""
    notices = []
    used = used_weights(components)
    for kind in KINDS:
        now = {(w.name, w.sha256) for w in used if w.component == kind}
        then = {(w.name, w.sha256) for w in bundle.manifest.weights if w.component == kind}
        if {sha for _, sha in now} == {sha for _, sha in then} or (kind == "evidence" and not (now and then)):
            continue  # evidence may be added to a bundle, or left out
        described = f"trained with {_weight_names(then)}, now {_weight_names(now)}"
        if kind == "backbone":
            raise DysfwError(
                f"the bundle {bundle.folder} does not match the backbone's weights: {described}",
                hint="use the weights of the training, or train again",
            )
        notices.append(Notice("weights_differ", f"{kind}: {described}"))
    if not all(w.trained for w in used):
        notices.append(Notice("random_weights", "the backbone has random weights: the probabilities are meaningless"))
    return notices


def _weight_names(weights: set[tuple[str, str]]) -> str:
    return ", ".join(f"{name} ({sha[:12]}…)" for name, sha in sorted(weights)) or "none"


def _check_versions(recipe: Recipe, bundle: Bundle) -> list[Notice]:
    distributions = {"dysfw", *recipe.distributions}
    then = bundle.manifest.versions
    changed = [
        f"{name} {then[name]} (now {version_of(name)})"
        for name in sorted(distributions & then.keys())
        if version_of(name) != then[name]
    ]
    return [Notice("versions_differ", f"the bundle was trained with {', '.join(changed)}")] if changed else []


def _check_evidence(recipe: Recipe, bundle: Bundle) -> list[Notice]:
    trained = [node.portable() for node in bundle.recipe.evidence]
    named = list(zip(recipe.evidence_names, recipe.evidence, strict=True))
    untrained = [name for name, node in named if node.portable() not in trained]
    if not untrained:
        return []
    known = {node.full_name for node in bundle.recipe.evidence}
    changed = [name for name, node in named if node.full_name in known and node.portable() not in trained]
    words = (
        f"with other parameters of the evidence {listed(changed)}" if changed else f"without the evidence {listed(untrained)}"
    )
    message = f"the bundle was trained {words}: what it learned from training patients, and the weights, are not used"
    return [Notice("evidence_not_trained", message)]


def _check_phantoms(bundle: Bundle) -> list[Notice]:
    """Warn if a bundle knows only what phantoms look like, unless its author says so."""
    imitating = sum(condition.imitates is not None for condition in bundle.manifest.conditions.values())
    if not imitating or bundle.manifest.about:
        return []
    message = (
        f"this bundle was trained on phantoms, synthetic faces that imitate {count(imitating, 'condition')}: its predictions "
        "for photos of people are meaningless"
    )
    return [Notice("trained_on_phantoms", message)]


def _check_prior(recipe: Recipe, reliability: ReliabilityModel, labels: Sequence[str]) -> list[Notice]:
    if recipe.prior == UNIFORM:
        return []
    return [Notice("prior", f"the probabilities assume these frequencies: {describe_prior(reliability.prior, labels)}")]


def _restore(recipe: Recipe, components: Components, bundle: Bundle) -> tuple[Classifier, Float32]:
    """The classifier, and the cross-validated predictions of its fusion, float32 [N, K]."""
    manifest, fitted = bundle.manifest, bundle.fitted
    if tuple(manifest.regions) != components.segmenter.regions:
        raise DysfwError(
            f"the bundle {bundle.folder} has heads for {manifest.regions}, "
            f"but the segmenter returns {components.segmenter.regions}"
        )
    heads = {}
    try:
        for region in manifest.regions:
            heads[region] = components.make_head(tuple(manifest.labels))
            heads[region].restore(fitted.heads[region])
        fusion = _fusion(components.make_fusion(), recipe, bundle)
        fused = cross_validated_fusion(components.make_fusion, fitted.out_of_fold, recipe.seed)
        reliability = _reliability(components, recipe, bundle, fused)
        evidence = _evidence(components, recipe, bundle, fused, reliability) if recipe.evidence else None
    except ValueError as error:
        raise DysfwError(f"the bundle {bundle.folder} cannot be restored: {error}") from None
    return Classifier(tuple(manifest.labels), heads, fusion, reliability, _gallery(bundle, heads), evidence), fused


def _gallery(bundle: Bundle, heads: Mapping[str, Head]) -> GalleryIndex | None:
    """The gallery cases of a bundle, if it has any; raises DysfwError if the heads keep a different number."""
    manifest, images = bundle.manifest, bundle.fitted.gallery
    if images is None:
        return None
    kept = [len(head.cases().y) if isinstance(head, GalleryBased) else 0 for head in heads.values()]
    if kept != (listed := images.present.sum(axis=0).tolist()):
        raise DysfwError(f"the bundle {bundle.folder} is damaged: its heads keep {kept} cases, but it lists {listed}")
    return GalleryIndex(
        tuple(case.id for case in manifest.gallery_cases),
        tuple(case.label for case in manifest.gallery_cases),
        images.present,
    )


def _reliability(components: Components, recipe: Recipe, bundle: Bundle, fused: Float32) -> ReliabilityModel:
    """Fitted to the bundle's out-of-fold predictions, so that it fits the fusion and thresholds that the recipe has now."""
    out_of_fold, embedding_distribution = bundle.fitted.out_of_fold, bundle.fitted.embedding_distribution
    dim = embedding_distribution.mean.shape[1]
    if dim != components.backbone.dim:
        raise ValueError(f"its embeddings have {dim} dimensions, those of the backbone {components.backbone.dim}")
    prior = prior_of(recipe.prior, bundle.manifest.labels, out_of_fold.y, out_of_fold.groups)
    return fit_reliability(recipe.reliability, out_of_fold, fused, embedding_distribution, prior)


def _evidence(
    components: Components, recipe: Recipe, bundle: Bundle, fused: Float32, reliability: ReliabilityModel
) -> EvidenceModel:
    """Restore the trained evidence, and fit the weights to what the recipe has now.

    Evidence that the bundle was trained without knows what it knows without training, and its weight cannot be learned.
    """
    trained = [node.portable() for node in bundle.recipe.evidence]
    evidence = components.make_evidence()
    places = [trained.index(now) if (now := node.portable()) in trained else None for node in recipe.evidence]
    for one, place in zip(evidence, places, strict=True):
        if place is not None:
            one.restore(bundle.fitted.evidence[place])
    out_of_fold, known = bundle.fitted.out_of_fold, [place for place in places if place is not None]
    values = out_of_fold.log_likelihoods
    values = values[:, known] if values is not None and len(known) == len(places) else None
    conditions = condition_ids(bundle.manifest.labels, bundle.manifest.conditions)
    named = dict(zip(recipe.evidence_names, evidence, strict=True))
    with_records = replace(out_of_fold, log_likelihoods=values)
    return fit_evidence(named, conditions, with_records, fused, reliability, seed=recipe.seed)


def _fusion(fusion: Fusion, recipe: Recipe, bundle: Bundle) -> Fusion:
    """Restore the trained fusion, or fit another one to the bundle's out-of-fold predictions."""
    out_of_fold = bundle.fitted.out_of_fold
    if recipe.nodes["fusion"].portable() == bundle.recipe.nodes["fusion"].portable():
        fusion.restore(bundle.fitted.fusion)
    elif fusion.needs_fit:
        fusion.fit(out_of_fold.probabilities, out_of_fold.present, out_of_fold.y, out_of_fold.split_groups)
    return fusion
