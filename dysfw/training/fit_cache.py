"""Keeps fitted heads and their predictions in the stage cache, so that a training resumes after an interruption."""

from __future__ import annotations

import json

import numpy as np

from ..cache.keys import array_key, key_of
from ..cache.serialization import deserialize, serialize
from ..cache.store import StageCache
from ..inference.build import Components
from ..inference.fingerprints import source_hash
from ..inference.loading import used_weights
from ..recipe.model import Recipe, nodes_of
from ..types import Float32, Int64, State
from ..util.environment import versions
from .embedded_dataset import EmbeddedDataset

FORMAT = 1
HEADS, DISTANCES = "heads", "distances"  # stages
LIBRARIES = ("numpy", "scipy", "scikit-learn")


class FitCache:
    """What was fitted on one data set with one recipe.

    A result is found again only if everything that shapes it is the same: the head with its parameters, the embeddings with
    their labels and patients, the rows, the seed, and the code of dysfw, of the plugins and of the libraries that fit. Another
    fusion finds the same heads. If the backbone is fine-tuned, the whole recipe and its weights count instead of embeddings.

    Args:
        cache: Where results are kept; None keeps nothing.
        recipe: The recipe.
        components: Its components.
        embedded: The images.
    """

    def __init__(self, cache: StageCache | None, recipe: Recipe, components: Components, embedded: EmbeddedDataset) -> None:
        self._cache = cache
        self._base = _digest_of(recipe, components, embedded) if cache else b""

    def state(self, region: int, rows: Int64) -> State | None:
        """Find the head of a region that was fitted on some rows; None if it is not known."""
        found = self._get(["state", str(region)], rows)
        return State(*found) if found else None

    def put_state(self, region: int, rows: Int64, state: State) -> None:
        """Keep the head of a region."""
        self._put(HEADS, ["state", str(region)], state, rows)

    def predictions(self, region: int, train_rows: Int64, test_rows: Int64) -> Float32 | None:
        """Find what the head of a region, fitted on some rows, predicted for others; None if it is not known."""
        return self._array(["predictions", str(region)], train_rows, test_rows)

    def put_predictions(self, region: int, train_rows: Int64, test_rows: Int64, predicted: Float32) -> None:
        """Keep the predictions of the head of a region."""
        self._put(HEADS, ["predictions", str(region)], State({"array": predicted}), train_rows, test_rows)

    def distances(self, train_rows: Int64, test_rows: Int64) -> Float32 | None:
        """Find the distances, float32 [M, R], of test images from the training images; None if they are not known."""
        return self._array([DISTANCES], train_rows, test_rows)

    def put_distances(self, train_rows: Int64, test_rows: Int64, distances: Float32) -> None:
        """Keep the distances of test images."""
        self._put(DISTANCES, [DISTANCES], State({"array": distances}), train_rows, test_rows)

    def _array(self, what: list[str], *rows: Int64) -> Float32 | None:
        found = self._get(what, *rows)
        return np.asarray(found[0]["array"], np.float32) if found else None

    def _get(self, what: list[str], *rows: Int64) -> tuple[dict[str, np.ndarray], dict[str, object]] | None:
        content = self._cache.get(self._key(what, rows)) if self._cache else None
        try:
            return None if content is None else deserialize(content)
        except ValueError:  # written by another version, in spite of its key
            return None

    def _put(self, stage: str, what: list[str], state: State, *rows: Int64) -> None:
        if self._cache:
            self._cache.put(stage, {self._key(what, rows): serialize(state.arrays, dict(state.values))})

    def _key(self, what: list[str], rows: tuple[Int64, ...]) -> bytes:
        return key_of([self._base, json.dumps(what).encode(), *map(array_key, rows)])


def _digest_of(recipe: Recipe, components: Components, embedded: EmbeddedDataset) -> bytes:
    head, tuned = recipe.nodes["head"], recipe.tune.mode != "none"
    nodes = list(recipe.every_node() if tuned else nodes_of(head))
    packages = sorted({"dysfw", *(node.component.__module__.partition(".")[0] for node in nodes)})
    distributions = {*LIBRARIES, *(node.origin.partition(" ")[0] for node in nodes)}
    described = [
        FORMAT, head.portable(), recipe.seed, components.device.partition(":")[0], components.precision,
        [recipe.fingerprint, [used.sha256 for used in used_weights(components)], embedded.fingerprint] if tuned else [],
        embedded.labels, [source_hash(package) for package in packages], versions(distributions),
    ]  # fmt: skip
    arrays = [embedded.embeddings, embedded.present, embedded.y, embedded.groups, embedded.split_groups]
    return key_of([json.dumps(described, sort_keys=True, default=str).encode(), *map(array_key, arrays)])
