"""The five contracts. A component is one of these; its constructor's signature is its parameter schema.

Rules for every constructor: each parameter annotated, no ``*args`` or ``**kwargs``, units in the docstring, wrong values
refused with ``ValueError`` and a sentence. Annotations may be ``bool``, ``int``, ``float``, ``str``, ``Path``, ``Literal``,
``X | None``, ``list``/``dict`` of these, ``Annotated`` with pydantic constraints, or a contract class below (a nested
component). A ``Path`` is taken relative to the recipe's file. Three names are filled in by the engine where the recipe says
nothing: ``device`` ("cpu", "cuda:0" …), ``precision`` ("float32" or "bfloat16") and ``seed`` (int).

Components work on batches, see numpy arrays only, never write to their inputs, and are deterministic given their state.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from typing import Any, ClassVar, Protocol, runtime_checkable

import numpy as np
import numpy.typing as npt

from ..imaging.alignment import Alignment
from ..types import Bool, Face, Float32, GalleryCases, Image, Int64, Segmentation, State, UInt8, Weights
from .kinds import Kind

Floats = npt.NDArray[np.floating[Any]]


class Component(ABC):
    """What all five kinds share."""

    kind: ClassVar[Kind]
    cacheable: ClassVar[bool] = True
    """Of detectors, segmenters and backbones: whether what they give depends on nothing but parameters, weights, pixels and, of
    segmenters, the face. One that also looks at a photograph's name, or at files that no parameter names, says False."""

    def weights(self) -> tuple[Weights, ...]:
        """Every weight file that shapes this component's output, so that a bundle can name and check them."""
        return ()


class Detector(Component):
    """Finds faces."""

    kind = "detector"

    @abstractmethod
    def detect(self, images: Sequence[Image]) -> list[list[Face]]:
        """For each image its faces, the one to judge first; an empty list where there is none."""


class Segmenter(Component):
    """Divides faces into regions."""

    kind = "segmenter"

    @property
    @abstractmethod
    def regions(self) -> tuple[str, ...]:
        """Names of all regions this segmenter can return, unique, in the order in which heads and votes are kept."""

    @abstractmethod
    def segment(self, images: Sequence[Image], faces: Sequence[Face]) -> list[Segmentation]:
        """One segmentation for each pair (``images[i]``, ``faces[i]``); the same image may come with several faces.

        Each name in ``regions`` is either among a segmentation's regions or, with the reason, in its ``absent``.
        """


class Backbone(Component):
    """Turns crops into embeddings."""

    kind = "backbone"

    @property
    @abstractmethod
    def input_size(self) -> int:
        """Side S of the square crops it is made for, px. Used where the recipe's ``crop`` gives no size."""

    @property
    @abstractmethod
    def dim(self) -> int:
        """Length of one embedding."""

    @property
    def alignment(self) -> Alignment | None:
        """How the whole face lay in the crops that it was trained on; None: with level eyes, as any region's crop. Followed
        where the recipe says ``crop: {align: backbone}``, the default. Raises ``ValueError`` where there is no one answer."""
        return None

    @abstractmethod
    def embed(self, crops: UInt8) -> Float32:
        """crops uint8 [N, S, S, 3] RGB -> float32 [N, dim], N >= 0. A row depends on its own crop alone."""


@runtime_checkable
class SupportsWeightDelta(Protocol):
    """What a backbone offers beside its contract where its trunk can be fitted to each region."""

    def variant(self, differences: Mapping[str, Float32]) -> Backbone:
        """A backbone like this one, to some of whose tensors, by the names in its weight file, these differences are added. It
        shares all others with this one. Raises ``ValueError`` for a name or shape that is not the trunk's."""


class Head(Component):
    """Classifies the embeddings of one region; the engine makes one instance for each region."""

    kind = "head"

    def prepare(self, labels: tuple[str, ...]) -> None:  # most heads do not care
        """Told once, before anything else: the conditions' labels, in the order of the probabilities. Raises ``ValueError``
        where a parameter names others."""

    @abstractmethod
    def fit(self, x: Float32, y: Int64, classes: int, groups: Int64) -> None:
        """x float32 [N, dim]; y int [N] in 0..classes-1, where some class may be missing; groups int [N]: the patient of each
        row, so that an inner cross-validation can keep a patient's photographs together."""

    @abstractmethod
    def predict(self, x: Float32) -> Float32:
        """x float32 [N, dim] -> probabilities float32 [N, classes]; each row sums to 1."""

    @abstractmethod
    def state(self) -> State: ...

    @abstractmethod
    def restore(self, state: State) -> None:
        """The inverse of ``state``. Raises ``ValueError`` where the state does not fit."""


@runtime_checkable
class GalleryBased(Protocol):
    """What a head offers beside its contract where it answers by known cases: cases can then be listed, and others join or
    leave, without the photographs."""

    def cases(self) -> GalleryCases:
        """Those it was fitted on, in that order."""

    def similarity(self, x: Float32) -> Float32:
        """x float32 [N, dim] -> float32 [N, M]: how alike each is to each of its M cases, at most 1."""


class Layer(ABC):
    """An elementary step from numbers to numbers; ``dysfw.contracts.layers`` has those that heads are written down by."""

    @abstractmethod
    def __call__(self, x: Floats) -> Floats:
        """x float [N, D] -> float [N, E]. A row depends on its own row alone."""


@runtime_checkable
class SupportsLayers(Protocol):
    """What a head offers beside its contract where it is no more than a few elementary layers in a row: it can then be computed
    elsewhere, by whatever knows these layers. ``dysfw export`` writes them as ONNX."""

    def layers(self) -> tuple[Layer, ...]:
        """x float32 [N, dim] through one after another gives what ``predict`` gives, but for the last bits. Raises ValueError
        where it is not fitted, and where a part of it has no layers."""


class Fusion(Component):
    """Makes one opinion of the regions' votes."""

    kind = "fusion"

    @property
    def needs_fit(self) -> bool:
        """Whether ``fit`` must be called before ``fuse``."""
        return False

    def prepare(self, regions: tuple[str, ...]) -> None:  # most fusions do not care
        """Told once, before anything else: the regions' names in the order of the votes. Raises ``ValueError`` where a
        parameter names others."""

    def fit(self, region_probabilities: Float32, present: Bool, y: Int64, groups: Int64) -> None:  # for those that learn
        """Learn from votes of heads that had not seen the image: votes float32 [N, R, K], present bool [N, R], y int [N],
        groups int [N] (patients). Nothing to do unless ``learns``."""

    @abstractmethod
    def fuse(self, region_probabilities: Float32, present: Bool) -> Float32:
        """votes float32 [N, R, K], present bool [N, R] with at least one True in each row -> float32 [N, K], rows sum to 1.

        Values of votes that are not present are arbitrary and must not matter.
        """

    def state(self) -> State:
        return State({})

    def restore(self, state: State) -> None:  # for those that learn
        """The inverse of ``state``. Raises ``ValueError`` where the state does not fit."""


CONTRACTS: dict[Kind, type[Component]] = {c.kind: c for c in (Detector, Segmenter, Backbone, Head, Fusion)}
