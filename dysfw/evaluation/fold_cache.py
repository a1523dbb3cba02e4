"""Keeps the results of single splits in the stage cache, so that an evaluation resumes after an interruption."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict

import numpy as np
import numpy.typing as npt

from ..cache.keys import array_key, key_of
from ..cache.serialization import deserialize, serialize
from ..cache.store import StageCache
from ..contracts.components import Fusion
from ..inference.fingerprints import source_hash
from ..recipe.model import Recipe
from ..training.embedded_dataset import EmbeddedDataset
from ..types import Notice
from ..util.environment import versions
from .fold_runner import FoldResult, FoldRunner
from .splits import Split

FORMAT = 1
STAGE = "splits"
LIBRARIES = ("numpy", "scipy", "scikit-learn")
ARRAYS = ("raw", "sets", "per_patient", "per_patient_sets")
MODEL = "model "  # before the name of a model


class FoldCache:
    """Results of the splits of one recipe on one data set.

    A result is found again only if everything that shapes it is the same: the recipe, the embeddings with their labels and
    patients, the rows of the split, and the code of dysfw, of the plugins and of the libraries that fit.

    Args:
        cache: Where results are kept; None keeps nothing.
        runner: Trains and tests the recipe.
        context: What else shapes the results, such as hashes of weights.
    """

    def __init__(self, cache: StageCache | None, runner: FoldRunner, context: str = "") -> None:
        self._cache = cache
        self._base = _digest_of_runner(runner, context) if cache else b""

    def get(self, split: Split) -> FoldResult | None:
        """Find the result of a split; None if it is not known."""
        content = self._cache.get(self._key(split)) if self._cache else None
        try:
            return None if content is None else _decode(content, split)
        except (ValueError, KeyError, TypeError):  # written by another version, in spite of its key
            return None

    def put(self, result: FoldResult) -> None:
        """Keep the result of a split."""
        if self._cache:
            self._cache.put(STAGE, {self._key(result.split): _encode(result)})

    def _key(self, split: Split) -> bytes:
        return key_of([self._base, split.train_rows.tobytes(), b"|", split.test_rows.tobytes()])


def _digest_of_runner(runner: FoldRunner, context: str) -> bytes:
    embedded, quality = runner.embedded, runner.embedded.quality
    arrays = (
        [*runner.kernel.ranks, *(np.asarray(value) for value in asdict(quality).values())] if quality else runner.kernel.ranks
    )
    recipes = recipes_of(runner.recipe, runner.fusions.values())
    return digest_of(recipes, embedded, [FORMAT, context, list(runner.fusions)], arrays)


def digest_of(
    recipes: Sequence[Recipe],
    embedded: EmbeddedDataset,
    context: Sequence[object],
    arrays: Sequence[npt.NDArray[np.generic]] = (),
) -> bytes:
    """Hash everything that shapes what recipes predict after training on some of the images.

    Args:
        recipes: The recipes.
        embedded: All images.
        context: What else counts, such as a format.
        arrays: The same, as arrays.

    Returns:
        The first part of a cache key.
    """
    nodes = [node for one in recipes for node in one.every_node()]
    packages = sorted({"dysfw", *(node.component.__module__.partition(".")[0] for node in nodes)})
    distributions = {*LIBRARIES, *(node.origin.partition(" ")[0] for node in nodes)}
    described = [
        *context, [one.fingerprint for one in recipes], embedded.labels, embedded.regions, embedded.fingerprint,
        embedded.records_fingerprint if any(one.evidence for one in recipes) else "",
        [source_hash(package) for package in packages], versions(distributions),
    ]  # fmt: skip
    own = [embedded.embeddings, embedded.present, embedded.y, embedded.groups, embedded.split_groups]
    return key_of([json.dumps(described, sort_keys=True, default=str).encode(), *map(array_key, [*own, *arrays])])


def recipes_of(recipe: Recipe, fusions: Iterable[Callable[[], Fusion]]) -> list[Recipe]:
    """List the recipes that shape the results of a split.

    Args:
        recipe: The evaluated recipe.
        fusions: What makes the other fusions: each ``partial(build_fusion, recipe, regions)``.

    Returns:
        The recipe, and those of the other fusions.
    """
    arguments = [value for make in fusions for value in getattr(make, "args", ())]
    return [recipe, *(value for value in arguments if isinstance(value, Recipe))]


def _encode(result: FoldResult) -> bytes:
    arrays: dict[str, npt.NDArray[np.generic]] = {name: getattr(result, name) for name in ARRAYS}
    arrays |= {MODEL + name: probabilities for name, probabilities in result.by_name.items()}
    reasons = [[[notice.code, notice.message] for notice in notices] for notices in result.reasons]
    return serialize(arrays, {"models": list(result.by_name), "temperature": result.temperature, "reasons": reasons})


def _decode(content: bytes, split: Split) -> FoldResult:
    arrays, values = deserialize(content)
    models: Mapping[str, npt.NDArray[np.float32]] = {name: arrays[MODEL + name] for name in values["models"]}
    return FoldResult(
        split=split,
        by_name=models,
        reasons=tuple(tuple(Notice(*notice) for notice in notices) for notices in values["reasons"]),
        temperature=float(values["temperature"]),
        **{name: arrays[name] for name in ARRAYS},
    )
