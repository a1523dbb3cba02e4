"""The contracts of the six kinds of component. A component subclasses one of them.

The signature of the constructor is the schema of a component's parameters in a recipe. It follows these rules:

- Each parameter has an annotation. ``*args`` and ``**kwargs`` are not allowed.
- Annotations are ``bool``, ``int``, ``float``, ``str``, ``Path``, ``Literal``, ``X | None``, ``list`` or ``dict`` of these,
  ``Annotated`` with pydantic constraints, or a contract class below for a nested component.
- The class docstring describes each parameter in ``Args:``, with its unit.
- Invalid values raise ``ValueError`` with a sentence that says what is allowed.
- A ``Path`` is relative to the recipe's file.
- Four parameters are filled in if the recipe does not set them: ``device`` ("cpu", "cuda:0" …), ``precision`` ("float32" or
  "bfloat16"), ``runtime`` ("auto", "torch" or the name of a runtime; see ``dysfw.runtime.choose``) and ``seed`` (int).

Components process batches of numpy arrays, never write to their inputs, and are deterministic given their state.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from typing import Any, ClassVar, Protocol, runtime_checkable

import numpy as np
import numpy.typing as npt

from ..imaging.alignment import Alignment
from ..types import (
    Bool,
    ConditionIds,
    EvidencePart,
    Face,
    Float32,
    GalleryCases,
    Image,
    Int64,
    InterpretedRecord,
    PatientRecord,
    Segmentation,
    State,
    UInt8,
    Weights,
)  # fmt: skip
from .kinds import Kind

Floats = npt.NDArray[np.floating[Any]]


class Component(ABC):
    """Base class of all six kinds of component.

    Attributes:
        kind: The kind, set by the contract.
        cacheable: Whether the results of a detector, segmenter or backbone depend only on its parameters, weights and pixels
            (and, for a segmenter, the face). Set it to False if a component also reads the name of an image, or files that no
            parameter names.
    """

    kind: ClassVar[Kind]
    cacheable: ClassVar[bool] = True

    def weights(self) -> tuple[Weights, ...]:
        """List every file of weights or data that affects this component's output, so that a bundle can name and check them."""
        return ()

    def load(self) -> None:  # noqa: B027  # most components have nothing to load
        """Load what the first batch would otherwise have to wait for, such as networks and processes.

        The pipeline calls it in another thread while the first image is decoded, or not at all. A batch that arrives meanwhile
        must wait for it. If it fails, the first batch tries again and its error is reported.
        """

    def runtimes(self) -> tuple[str, ...]:
        """List what executes this component's networks, with versions, such as ("openvino 2026.4.1",)."""
        return ()


class Detector(Component):
    """Detects faces."""

    kind = "detector"

    @abstractmethod
    def detect(self, images: Sequence[Image]) -> list[list[Face]]:
        """Detect the faces of each image.

        Args:
            images: The images.

        Returns:
            For each image its faces, the one to predict first; an empty list if there is none.
        """


class Segmenter(Component):
    """Divides faces into regions."""

    kind = "segmenter"

    @property
    @abstractmethod
    def regions(self) -> tuple[str, ...]:
        """Names of all regions this segmenter can return: unique, in the order of heads and region probabilities."""

    @abstractmethod
    def segment(self, images: Sequence[Image], faces: Sequence[Face]) -> list[Segmentation]:
        """Segment each pair (``images[i]``, ``faces[i]``). The same image may occur with several faces.

        Args:
            images: The images.
            faces: One face for each image.

        Returns:
            One segmentation for each pair. Each name in ``regions`` is either in its ``regions`` or, with the reason, in its
            ``absent``.
        """


class Backbone(Component):
    """Embeds crops."""

    kind = "backbone"

    @property
    @abstractmethod
    def input_size(self) -> int:
        """Side S of the square crops it expects, px. Used if the recipe's ``crop`` sets no size."""

    @property
    @abstractmethod
    def dim(self) -> int:
        """Length of an embedding."""

    @property
    def alignment(self) -> Alignment | None:
        """Alignment of whole faces in its training data; None for crops with level eyes, as of any other region.

        The recipe's default ``crop: {align: backbone}`` follows it.

        Raises:
            ValueError: There is no single answer.
        """
        return None

    @abstractmethod
    def embed(self, crops: UInt8) -> Float32:
        """Embed crops. Each row depends on its own crop only.

        Args:
            crops: uint8 [N, S, S, 3], RGB, N >= 0.

        Returns:
            float32 [N, dim].
        """


@runtime_checkable
class SupportsWeightDelta(Protocol):
    """Optional interface of a backbone that can be fine-tuned for each region."""

    def variant(self, differences: Mapping[str, Float32]) -> Backbone:
        """Copy this backbone and add differences to some of its tensors. All other tensors are shared with this one.

        Args:
            differences: What to add, by the names of the tensors in the weight file.

        Returns:
            The changed backbone.

        Raises:
            ValueError: A name or shape does not fit the network.
        """


class Head(Component):
    """Classifies the embeddings of one region. A recipe creates one instance for each region."""

    kind = "head"

    def prepare(self, labels: tuple[str, ...]) -> None:  # most heads ignore it
        """Receive the labels. Called once, before any other method.

        Args:
            labels: Labels of the conditions, in the order of the probabilities.

        Raises:
            ValueError: A parameter names another label.
        """

    @abstractmethod
    def fit(self, x: Float32, y: Int64, classes: int, groups: Int64) -> None:
        """Fit the head.

        Args:
            x: float32 [N, dim], the embeddings.
            y: int64 [N] in 0..classes-1; some classes may be missing.
            classes: Number of classes.
            groups: int64 [N], the patient of each row, so that an inner cross-validation can keep a patient's images together.
        """

    @abstractmethod
    def predict(self, x: Float32) -> Float32:
        """Predict probabilities.

        Args:
            x: float32 [N, dim].

        Returns:
            float32 [N, classes]; each row sums to 1.
        """

    @abstractmethod
    def state(self) -> State:
        """Return the fitted state."""

    @abstractmethod
    def restore(self, state: State) -> None:
        """Restore the fitted state: the inverse of ``state``.

        Args:
            state: What ``state`` returned.

        Raises:
            ValueError: The state does not fit this head.
        """


@runtime_checkable
class GalleryBased(Protocol):
    """Optional interface of a head that classifies by gallery cases. Cases can then be listed, added and removed."""

    def cases(self) -> GalleryCases:
        """Return the cases it was fitted on, in that order."""

    def similarity(self, x: Float32) -> Float32:
        """Compare embeddings with the M cases.

        Args:
            x: float32 [N, dim].

        Returns:
            float32 [N, M]; at most 1.
        """


class Layer(ABC):
    """An elementary layer. ``dysfw.contracts.layers`` defines those of which heads are composed."""

    @abstractmethod
    def __call__(self, x: Floats) -> Floats:
        """Apply the layer. Each row depends on its own row only.

        Args:
            x: float [N, D].

        Returns:
            float [N, E].
        """


@runtime_checkable
class SupportsLayers(Protocol):
    """Optional interface of a head that is a sequence of elementary layers. ``dysfw export`` writes them as ONNX."""

    def layers(self) -> tuple[Layer, ...]:
        """Return the layers that, applied one after another to x float32 [N, dim], give what ``predict`` gives.

        The results may differ in the last bits.

        Raises:
            ValueError: The head is not fitted, or a part of it has no layers.
        """


class Fusion(Component):
    """Combines the region probabilities into one prediction."""

    kind = "fusion"

    @property
    def needs_fit(self) -> bool:
        """Whether ``fit`` must be called before ``fuse``."""
        return False

    def prepare(self, regions: tuple[str, ...]) -> None:  # most fusions ignore it
        """Receive the regions. Called once, before any other method.

        Args:
            regions: Names of the regions, in the order of the region probabilities.

        Raises:
            ValueError: A parameter names another region.
        """

    def fit(self, region_probabilities: Float32, present: Bool, y: Int64, groups: Int64) -> None:  # if needs_fit
        """Fit the fusion to out-of-fold probabilities: from heads that were not trained on the image.

        Args:
            region_probabilities: float32 [N, R, K].
            present: bool [N, R], which regions are present.
            y: int64 [N], the classes.
            groups: int64 [N], the patients.
        """

    @abstractmethod
    def fuse(self, region_probabilities: Float32, present: Bool) -> Float32:
        """Combine the probabilities of the regions that are present.

        Args:
            region_probabilities: float32 [N, R, K]. Values of absent regions are arbitrary and must not matter.
            present: bool [N, R], with at least one True in each row.

        Returns:
            float32 [N, K]; each row sums to 1.
        """

    def state(self) -> State:
        """Return the fitted state."""
        return State({})

    def restore(self, state: State) -> None:  # if needs_fit
        """Restore the fitted state: the inverse of ``state``.

        Args:
            state: What ``state`` returned.

        Raises:
            ValueError: The state does not fit this fusion.
        """


class Evidence(Component):
    """Says how well conditions explain a patient's record: observed and excluded signs, age, sex, ancestry.

    The engine adds the log-likelihoods to the logarithm of the face's probabilities, each with a weight that it learns out of
    fold. The same call ranks the labels of a bundle and all diseases of an ontology.
    """

    kind = "evidence"

    @property
    def needs_fit(self) -> bool:
        """Whether ``fit`` must be called before ``log_likelihood`` knows any condition."""
        return False

    def interpret(self, record: PatientRecord) -> InterpretedRecord:
        """Report what is used of a record. Only evidence that reads signs needs it.

        Args:
            record: The record, as it was written.

        Returns:
            The signs that are known, and what cannot be used, with the closest alternatives.
        """
        return InterpretedRecord()

    def fit(
        self, records: Sequence[PatientRecord], y: Int64, conditions: Sequence[ConditionIds], groups: Int64
    ) -> None:  # if it learns from training patients
        """Fit to the records of the training images.

        Args:
            records: N records, possibly empty.
            y: int64 [N] in 0..K-1; some conditions may be missing.
            conditions: The K conditions.
            groups: int64 [N], the patient of each record. A patient with several images must not count more than others.
        """

    @abstractmethod
    def log_likelihood(self, records: Sequence[PatientRecord], conditions: Sequence[ConditionIds]) -> Float32:
        """Compare conditions by how well they explain each record.

        Values are natural logarithms of likelihood ratios: how much more probable the record is with the condition than in a
        patient of whom nothing is known. Only differences between conditions matter, and 0 means that the record speaks
        neither for nor against the condition.

        Args:
            records: N records.
            conditions: K conditions.

        Returns:
            float32 [N, K]. NaN for a condition that is not known; a whole row is NaN if the record holds nothing that is used.
        """

    def parts(self, record: PatientRecord, conditions: Sequence[ConditionIds]) -> tuple[EvidencePart, ...]:
        """Explain a log-likelihood by its parts.

        Args:
            record: The record.
            conditions: K conditions.

        Returns:
            Parts whose log ratios add up to ``log_likelihood``; empty if it cannot be divided, or the row is NaN.
        """
        return ()

    def state(self) -> State:
        """Return the fitted state."""
        return State({})

    def restore(self, state: State) -> None:  # if it is fitted
        """Restore the fitted state: the inverse of ``state``.

        Args:
            state: What ``state`` returned.

        Raises:
            ValueError: The state does not fit this evidence.
        """


CONTRACTS: dict[Kind, type[Component]] = {c.kind: c for c in (Detector, Segmenter, Backbone, Head, Fusion, Evidence)}
