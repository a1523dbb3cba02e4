"""Writes a bundle: complete under a temporary name first, then renamed, so that half a bundle is never found."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

from safetensors.numpy import save

from ..recipe.document import dump_document
from ..types import State
from ..util.atomic import atomic_folder
from ..util.files import sha256_of
from ..weights.weight_file import write_weights
from .contents import CARD, MANIFEST, RECIPE, STATE, TUNED, Fitted, Manifest
from .states import Array, packed


def write_bundle(folder: Path, manifest: Manifest, recipe: Mapping[str, object], fitted: Fitted, card: str) -> Manifest:
    """Write everything; returns the manifest as written, with hashes, values and fingerprint filled in.

    recipe: ``Recipe.resolved()``. card: text of the model card. Raises DysfwError.
    """
    states = {"fusion": fitted.fusion} | {f"head/{region}": state for region, state in fitted.heads.items()}
    with atomic_folder(folder) as unfinished:
        (unfinished / RECIPE).write_text(dump_document(dict(recipe)), "utf-8")
        (unfinished / CARD).write_text(card, "utf-8")
        (unfinished / STATE).write_bytes(save(_arrays(states, fitted)))
        names = [RECIPE, STATE, CARD]
        if fitted.tuned:
            differences = {f"{region}/{name}": d for region, own in fitted.tuned.items() for name, d in own.items()}
            write_weights(unfinished / TUNED, differences, {"format": "dysfw.tuned/1"}, bits=8)
            names.append(TUNED)
        manifest = manifest.model_copy(
            update={
                "values": {name: dict(state.values) for name, state in states.items() if state.values},
                "files": {name: sha256_of(unfinished / name) for name in names},
            }
        )
        manifest = manifest.model_copy(update={"fingerprint": manifest.computed_fingerprint()})
        content = manifest.model_dump(mode="json", by_alias=True)
        (unfinished / MANIFEST).write_text(json.dumps(content, indent=2, ensure_ascii=False) + "\n", "utf-8")
    return manifest


def _arrays(states: Mapping[str, State], fitted: Fitted) -> dict[str, Array]:
    votes, typical = fitted.out_of_fold, fitted.embedding_distribution
    held = {"probabilities": votes.probabilities, "present": votes.present, "y": votes.y, "groups": votes.groups}
    parts = {name: state.arrays for name, state in states.items()} | {"out_of_fold": held}
    shape = {"mean": typical.mean, "axes": typical.axes, "variances": typical.variances, "rest": typical.rest}
    parts["reliability"] = shape | {"distances": votes.distances, "sharpness": votes.sharpness}
    if fitted.gallery is not None:
        parts["gallery"] = {"present": fitted.gallery.present, "sharpness": fitted.gallery.sharpness}
    return packed(parts)
