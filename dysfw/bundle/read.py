"""Reads bundles. The hash of every file and all contents are checked before use."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pydantic
from safetensors import SafetensorError
from safetensors.numpy import load_file

from ..errors import DysfwError
from ..recipe.check import load_recipe
from ..registry.registry import Registry
from ..reliability.ood import EmbeddingDistribution
from ..types import Float32, State
from ..util.files import sha256_of
from ..weights.weight_file import read_weights
from .composites import StoredComposites
from .contents import (
    CARD,
    COMPOSITES,
    MANIFEST,
    RECIPE,
    STATE,
    TUNED,
    Bundle,
    Fitted,
    GalleryCaseImages,
    Manifest,
    OutOfFoldPredictions,
)
from .states import DISTRIBUTION_ARRAYS, unpack_states

MAX_MANIFEST = 64 * 2**20


def is_bundle(path: Path) -> bool:
    """Check whether a folder contains a bundle.

    Args:
        path: The folder.
    """
    return (path / MANIFEST).is_file()


def read_bundle(folder: Path, registry: Registry, overrides: list[str] | None = None) -> Bundle:
    """Read a bundle.

    Args:
        folder: The bundle's folder.
        registry: Installed components.
        overrides: Changes of its recipe, "key.key=value"; see ``dysfw.recipe.compose``.

    Returns:
        The bundle.

    Raises:
        DysfwError: A file is missing or damaged.
    """
    manifest = _read_manifest(folder)
    _check_files(folder, manifest)
    try:
        arrays = load_file(folder / STATE)
        states = unpack_states(arrays, manifest.values)
        heads = {region: states[f"head/{region}"] for region in manifest.regions}
        embedding_distribution = _read_embedding_distribution(states["reliability"])
        out_of_fold = _read_out_of_fold(states["out_of_fold"], states["reliability"])
        gallery = _read_gallery(states, manifest)
    except (SafetensorError, KeyError) as error:
        raise _damaged(folder, f"{STATE} is incomplete ({error})") from None
    except ValueError as error:
        raise _damaged(folder, f"{STATE} is invalid: {error}") from None
    if out_of_fold.probabilities.shape[1:] != (len(manifest.regions), len(manifest.labels)):
        raise _damaged(folder, f"probabilities of shape {out_of_fold.probabilities.shape} do not fit its regions and labels")
    if len(embedding_distribution.mean) != len(manifest.regions):
        raise _damaged(
            folder,
            f"{len(embedding_distribution.mean)} regions in the embedding distribution instead of {len(manifest.regions)}",
        )
    recipe = load_recipe(folder / RECIPE, registry, overrides or [])
    edited = not (folder / CARD).is_file() or sha256_of(folder / CARD) != manifest.files[CARD]
    values = out_of_fold.log_likelihoods
    evidence = tuple(states.get(f"evidence/{number}", State({})) for number in range(0 if values is None else values.shape[1]))
    fitted = Fitted(
        heads, states.get("fusion", State({})), out_of_fold, embedding_distribution, _read_tuned(folder, manifest), gallery,
        evidence, StoredComposites(folder, manifest.composites),
    )  # fmt: skip
    return Bundle(manifest, recipe, fitted, folder, card_edited=edited)


def _read_manifest(folder: Path) -> Manifest:
    path = folder / MANIFEST
    if folder.is_file():
        raise DysfwError(f"{folder} is a file, not the folder of a bundle", hint="name the folder that `dysfw train -o` wrote")
    if not path.is_file():
        raise DysfwError(f"{folder} is not a bundle: it contains no {MANIFEST}", hint="create a bundle with `dysfw train`")
    if path.stat().st_size > MAX_MANIFEST:
        raise _damaged(folder, f"{MANIFEST} is too large")
    try:
        content = json.loads(path.read_bytes())
        schema = content.get("schema") if isinstance(content, dict) else None
        if isinstance(schema, str) and schema.startswith("dysfw.bundle/") and schema != "dysfw.bundle/1":
            raise DysfwError(f"{folder} has format {schema}; this version of dysfw reads dysfw.bundle/1", hint="upgrade dysfw")
        manifest = Manifest.model_validate(content)
    except (pydantic.ValidationError, ValueError) as error:
        reason = error.errors()[0]["msg"] if isinstance(error, pydantic.ValidationError) else str(error)
        raise _damaged(folder, f"{MANIFEST} cannot be read: {reason}") from None
    if manifest.fingerprint != manifest.computed_fingerprint():
        raise _damaged(folder, f"{MANIFEST} was changed after it was written")
    return manifest


def _check_files(folder: Path, manifest: Manifest) -> None:
    """Check the hashes of all files but the model card, which people may edit."""
    composites = (COMPOSITES,) if manifest.composites else ()
    for name in (RECIPE, STATE, *manifest.files.keys() & {TUNED}, *composites):
        path = folder / name
        if not path.is_file():
            raise _damaged(folder, f"{name} is missing")
        if sha256_of(path) != manifest.files.get(name):
            raise _damaged(folder, f"{name} was changed after it was written (its sha256 differs)")


def _read_out_of_fold(state: State, reliability: State) -> OutOfFoldPredictions:
    arrays = state.arrays
    predictions = OutOfFoldPredictions(
        probabilities=arrays["probabilities"].astype(np.float32),
        present=arrays["present"].astype(bool),
        y=arrays["y"].astype(np.int64),
        groups=arrays["groups"].astype(np.int64),
        split_groups=arrays.get("split_groups", arrays["groups"]).astype(np.int64),
        distances=reliability.arrays["distances"].astype(np.float32),
        sharpness=reliability.arrays["sharpness"].astype(np.float32),
        log_likelihoods=arrays["log_likelihoods"].astype(np.float32) if "log_likelihoods" in arrays else None,
    )
    distances, measured = predictions.distances.shape, predictions.sharpness.shape
    if distances != predictions.present.shape or measured != predictions.y.shape:
        raise ValueError(f"distances {distances} and sharpness {measured} for {len(predictions.y)} images")
    return predictions


def _read_embedding_distribution(state: State) -> EmbeddingDistribution:
    return EmbeddingDistribution(*(state.arrays[name].astype(np.float32) for name in DISTRIBUTION_ARRAYS))


def _read_gallery(states: Mapping[str, State], manifest: Manifest) -> GalleryCaseImages | None:
    if not manifest.gallery_cases:
        return None
    arrays = states["gallery"].arrays
    present, sharpness = arrays["present"].astype(bool), arrays["sharpness"].astype(np.float32)
    if present.shape != (len(manifest.gallery_cases), len(manifest.regions)) or sharpness.shape != present.shape[:1]:
        raise ValueError(
            f"presence {present.shape} and sharpness {sharpness.shape} for {len(manifest.gallery_cases)} gallery cases"
        )
    return GalleryCaseImages(present, sharpness)


def _read_tuned(folder: Path, manifest: Manifest) -> dict[str, dict[str, Float32]]:
    """Weight deltas of the fine-tuned backbone, by region; empty if it was not fine-tuned."""
    if TUNED not in manifest.files:
        return {}
    tuned: dict[str, dict[str, Float32]] = {region: {} for region in manifest.regions}
    try:
        for key, delta in read_weights(folder / TUNED).items():
            region, _, name = key.partition("/")
            tuned[region][name] = delta.astype(np.float32)
    except (ValueError, KeyError) as error:
        raise _damaged(folder, f"{TUNED} cannot be read: {error}") from None
    return tuned


def _damaged(folder: Path, reason: str) -> DysfwError:
    return DysfwError(f"the bundle {folder} is damaged: {reason}", hint="copy or train it again")
