"""Reads a bundle and believes nothing: every file is hashed, every part checked, before any of it is used."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import numpy as np
import pydantic
from safetensors import SafetensorError
from safetensors.numpy import load_file

from ..errors import DysfwError
from ..files import sha256_of
from ..recipe.check import load_recipe
from ..registry.registry import Registry
from ..reliability.typicality import Typicality
from ..types import Float32, State
from ..weightfile import read_weights
from .contents import CARD, MANIFEST, RECIPE, STATE, TUNED, Bundle, CasesSeen, Fitted, Manifest, Votes
from .states import unpacked

MAX_MANIFEST = 64 * 2**20


def is_bundle(path: Path) -> bool:
    """Whether a path looks like a bundle's folder."""
    return (path / MANIFEST).is_file()


def read_bundle(folder: Path, registry: Registry, overrides: list[str] | None = None) -> Bundle:
    """The bundle in a folder; ``overrides`` as for a recipe. Raises DysfwError where anything is missing or damaged."""
    manifest = _read_manifest(folder)
    _check_files(folder, manifest)
    try:
        arrays = load_file(folder / STATE)
        states = unpacked(arrays, manifest.values)
        votes = Votes(
            arrays["votes/probabilities"].astype(np.float32),
            arrays["votes/present"].astype(bool),
            arrays["votes/y"].astype(np.int64),
            arrays["votes/groups"].astype(np.int64),
        )
        heads = {region: states[f"head/{region}"] for region in manifest.regions}
        typicality, votes = _read_reliability(states, votes)
        cases = _read_cases(states, manifest)
    except (SafetensorError, KeyError) as error:
        raise _damaged(folder, f"{STATE} is incomplete ({error})") from None
    except ValueError as error:
        raise _damaged(folder, f"what {STATE} says is wrong: {error}") from None
    if votes.probabilities.shape[1:] != (len(manifest.regions), len(manifest.labels)):
        raise _damaged(folder, f"the votes' shape {votes.probabilities.shape} does not fit its regions and labels")
    recipe = load_recipe(folder / RECIPE, registry, overrides or [])
    edited = not (folder / CARD).is_file() or sha256_of(folder / CARD) != manifest.files[CARD]
    fitted = Fitted(heads, states.get("fusion", State({})), votes, _read_tuned(folder, manifest), typicality, cases)
    return Bundle(manifest, recipe, fitted, folder, card_edited=edited)


def _read_manifest(folder: Path) -> Manifest:
    path = folder / MANIFEST
    if not path.is_file():
        raise DysfwError(f"{folder} is not a bundle: it holds no {MANIFEST}", hint="`dysfw train` makes bundles")
    if path.stat().st_size > MAX_MANIFEST:
        raise _damaged(folder, f"{MANIFEST} is too large")
    try:
        content = json.loads(path.read_bytes())
        schema = content.get("schema") if isinstance(content, dict) else None
        if isinstance(schema, str) and schema.startswith("dysfw.bundle/") and schema != "dysfw.bundle/1":
            raise DysfwError(f"{folder} is of format {schema}; this dysfw reads dysfw.bundle/1", hint="use a newer dysfw")
        manifest = Manifest.model_validate(content)
    except (pydantic.ValidationError, ValueError) as error:
        reason = error.errors()[0]["msg"] if isinstance(error, pydantic.ValidationError) else str(error)
        raise _damaged(folder, f"{MANIFEST} cannot be read: {reason}") from None
    if manifest.fingerprint != manifest.computed_fingerprint():
        raise _damaged(folder, f"{MANIFEST} was changed since it was written")
    return manifest


def _check_files(folder: Path, manifest: Manifest) -> None:
    """Recipe and state must be as trained. The card is for people: editing it is noted, not refused."""
    for name in (RECIPE, STATE, *manifest.files.keys() & {TUNED}):
        path = folder / name
        if not path.is_file():
            raise _damaged(folder, f"{name} is missing")
        if sha256_of(path) != manifest.files.get(name):
            raise _damaged(folder, f"{name} is not the file that was written (its sha256 differs)")


def _read_reliability(states: Mapping[str, State], votes: Votes) -> tuple[Typicality | None, Votes]:
    """What the faces of the training were like, and the votes with what was measured beside them; older bundles lack both.
    Raises KeyError, ValueError."""
    if "reliability" not in states:
        return None, votes
    arrays = {name: array.astype(np.float32) for name, array in states["reliability"].arrays.items()}
    distances, sharpness = arrays["distances"], arrays["sharpness"]
    if distances.shape != votes.present.shape or sharpness.shape != votes.y.shape:
        raise ValueError(f"distances {distances.shape} and sharpness {sharpness.shape} of {len(votes.y)} photographs")
    typicality = Typicality(arrays["mean"], arrays["axes"], arrays["variances"], arrays["rest"])
    if len(typicality.rest) != votes.present.shape[1]:
        raise ValueError(f"{len(typicality.rest)} regions instead of {votes.present.shape[1]}")
    return typicality, replace(votes, distances=distances, sharpness=sharpness)


def _read_cases(states: Mapping[str, State], manifest: Manifest) -> CasesSeen | None:
    """What is kept of the manifest's cases. Raises KeyError, ValueError."""
    if not manifest.cases:
        return None
    arrays = states["cases"].arrays
    present, sharpness = arrays["present"].astype(bool), arrays["sharpness"].astype(np.float32)
    if present.shape != (len(manifest.cases), len(manifest.regions)) or sharpness.shape != present.shape[:1]:
        raise ValueError(f"{present.shape} and {sharpness.shape} for {len(manifest.cases)} cases")
    return CasesSeen(present, sharpness)


def _read_tuned(folder: Path, manifest: Manifest) -> dict[str, dict[str, Float32]]:
    """What was added to the trunk's tensors, by region; none where the trunk was left as it was."""
    if TUNED not in manifest.files:
        return {}
    tuned: dict[str, dict[str, Float32]] = {region: {} for region in manifest.regions}
    try:
        for key, difference in read_weights(folder / TUNED).items():
            region, _, name = key.partition("/")
            tuned[region][name] = difference.astype(np.float32)
    except (ValueError, KeyError) as error:
        raise _damaged(folder, f"{TUNED} cannot be read: {error}") from None
    return tuned


def _damaged(folder: Path, reason: str) -> DysfwError:
    return DysfwError(f"the bundle {folder} is damaged: {reason}", hint="copy it again, or train it again")
