"""Writes bundles atomically: into a temporary folder, which is then renamed."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from pathlib import Path

import numpy as np
from safetensors.numpy import save

from ..recipe.document import dump_document
from ..types import State
from ..util.atomic import atomic_folder
from ..util.files import sha256_of
from ..weights.weight_file import write_weights
from .composites import tensor_of
from .contents import CARD, COMPOSITES, MANIFEST, RECIPE, STATE, TUNED, Fitted, Manifest
from .states import DISTRIBUTION_ARRAYS, Array, pack_states

# Where the bundle was trained says nothing about where it is used.
ANY_MACHINE = {"device": "auto", "runtime": "auto"}
# A list of numbers, one a line. A string cannot look like this: it holds no line break.
_NUMBERS = re.compile(r"\[(?:\n *-?[\d.eE+-]+,?)+\n *\]")


def write_bundle(folder: Path, manifest: Manifest, recipe: Mapping[str, object], fitted: Fitted, card: str) -> Manifest:
    """Write a bundle.

    Args:
        folder: Folder of the bundle; must not exist.
        manifest: Its manifest.
        recipe: Its recipe, from ``Recipe.resolved``.
        fitted: Its fitted parts.
        card: Text of its model card.

    Returns:
        The manifest as written, with values, hashes and fingerprint.

    Raises:
        DysfwError: The bundle cannot be written.
    """
    states = {"fusion": fitted.fusion} | {f"head/{region}": state for region, state in fitted.heads.items()}
    states |= {f"evidence/{number}": state for number, state in enumerate(fitted.evidence)}
    with atomic_folder(folder) as unfinished:
        (unfinished / RECIPE).write_text(dump_document({**recipe, **ANY_MACHINE}), "utf-8")
        (unfinished / CARD).write_text(card, "utf-8")
        (unfinished / STATE).write_bytes(save(_arrays(states, fitted)))
        names = [RECIPE, STATE, CARD]
        if fitted.tuned:
            deltas = {f"{region}/{name}": delta for region, tensors in fitted.tuned.items() for name, delta in tensors.items()}
            write_weights(unfinished / TUNED, deltas, {"format": "dysfw.tuned/1"}, bits=8)
            names.append(TUNED)
        composites = dict(fitted.composites)
        if composites:
            (unfinished / COMPOSITES).write_bytes(save({tensor_of(label): one.pixels for label, one in composites.items()}))
            names.append(COMPOSITES)
        manifest = manifest.model_copy(
            update={
                "composites": {label: one.entry for label, one in composites.items()},
                "values": {name: dict(state.values) for name, state in states.items() if state.values},
                "files": {name: sha256_of(unfinished / name) for name in names},
            }
        )
        manifest = manifest.model_copy(update={"fingerprint": manifest.computed_fingerprint()})
        content = manifest.model_dump(mode="json", by_alias=True)
        (unfinished / MANIFEST).write_text(_as_text(content), "utf-8")
    return manifest


def _as_text(content: Mapping[str, object]) -> str:
    """Indented JSON with lists of numbers in one line: a confusion matrix of 600 conditions would have 360,000 lines."""
    text = json.dumps(content, indent=2, ensure_ascii=False)
    return _NUMBERS.sub(lambda found: "[" + ", ".join(found[0][1:-1].replace(",", " ").split()) + "]", text) + "\n"


def _arrays(states: Mapping[str, State], fitted: Fitted) -> dict[str, Array]:
    predictions, distribution = fitted.out_of_fold, fitted.embedding_distribution
    parts = {name: state.arrays for name, state in states.items()}
    out_of_fold = {
        "probabilities": predictions.probabilities,
        "present": predictions.present,
        "y": predictions.y,
        "groups": predictions.groups,
    }
    if not np.array_equal(predictions.split_groups, predictions.groups):
        out_of_fold["split_groups"] = predictions.split_groups
    if predictions.log_likelihoods is not None:
        out_of_fold["log_likelihoods"] = predictions.log_likelihoods
    parts["out_of_fold"] = out_of_fold
    fields = (distribution.mean, distribution.axes, distribution.variances, distribution.residual_variance)
    parts["reliability"] = dict(zip(DISTRIBUTION_ARRAYS, fields, strict=True)) | {
        "distances": predictions.distances,
        "sharpness": predictions.sharpness,
    }
    if fitted.gallery is not None:
        parts["gallery"] = {"present": fitted.gallery.present, "sharpness": fitted.gallery.sharpness}
    return pack_states(parts)
