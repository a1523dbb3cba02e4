"""Runs a component of each kind on fixed inputs, and gives its output as plain arrays."""

from __future__ import annotations

import functools
from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from ...contracts.components import Backbone, Component, Detector, Evidence, Fusion, Head, Segmenter
from ...contracts.kinds import Kind
from ...types import ConditionIds, Face, Image, PatientRecord, Segmentation
from ..outcome import ContractViolationError, NotApplicableError
from ..records import CONDITIONS, example_records
from ..subject import Subject

Array = npt.NDArray[Any]
Inputs = tuple[Any, ...]
LABELS = ("affected-1", "affected-2", "unaffected", "affected-3")
REGIONS = ("face", "nose", "mouth")
# Relative to the largest element of an array:
TOLERANCE = 1e-5  # the threads of a matrix product may change the order of sums
BATCH_TOLERANCE = 1e-4  # so may the size of a batch, and more
PIXEL_TOLERANCE = 0.02  # px, the same for boxes and landmarks


@dataclass(frozen=True, eq=False)
class Harness(ABC):
    """Inputs for a kind of component, and how to run it.

    Attributes:
        subject: The component under check.
    """

    subject: Subject

    def make_fitted(self) -> Component:
        """Make a new component, fitted if its kind is fitted."""
        return self.subject.make()

    @functools.cached_property
    def fitted(self) -> Component:
        """A fitted component that checks share. They must not change it."""
        return self.make_fitted()

    @abstractmethod
    def inputs(self, *, writable: bool = False) -> Inputs:
        """Make the inputs: the same ones each time.

        Args:
            writable: Whether the arrays may be written to.
        """

    @abstractmethod
    def run(self, component: Any, inputs: Inputs) -> list[Array]:  # noqa: ANN401  # each kind has its own method
        """Run a component.

        Args:
            component: A fitted component of this kind.
            inputs: What ``inputs`` returned, perhaps reordered.

        Returns:
            The component's output as arrays.
        """

    def arrays(self, inputs: Inputs) -> list[Array]:
        """The arrays in the inputs."""
        return list(inputs)


class DetectorHarness(Harness):
    """Runs a detector on the example images."""

    def inputs(self, *, writable: bool = False) -> Inputs:
        """Images."""
        return (_images(self.subject.images, writable),)

    def run(self, component: Detector, inputs: Inputs) -> list[Array]:
        """Boxes and landmarks of all faces."""
        return [part for faces in component.detect(inputs[0]) for face in faces for part in (face.box, face.landmarks)]

    def arrays(self, inputs: Inputs) -> list[Array]:
        """Pixels of the images."""
        return [image.pixels for image in inputs[0]]


class SegmenterHarness(Harness):
    """Runs a segmenter on the example faces."""

    def inputs(self, *, writable: bool = False) -> Inputs:
        """Images and faces."""
        return _images(self.subject.images, writable), _faces(self.subject.faces)

    def run(self, component: Segmenter, inputs: Inputs) -> list[Array]:
        """Polygons of all regions."""
        return polygons(component.segment(*inputs))

    def arrays(self, inputs: Inputs) -> list[Array]:
        """Pixels of the images, boxes and landmarks of the faces."""
        return [image.pixels for image in inputs[0]] + [part for face in inputs[1] for part in (face.box, face.landmarks)]


class BackboneHarness(Harness):
    """Runs a backbone on three crops of random pixels."""

    def inputs(self, *, writable: bool = False) -> Inputs:
        """Crops uint8 [3, S, S, 3]."""
        backbone = self.subject.instance
        assert isinstance(backbone, Backbone)  # noqa: S101
        side = backbone.input_size
        return (_array(np.random.default_rng(0).integers(0, 256, (3, side, side, 3), np.uint8), writable),)

    def run(self, component: Backbone, inputs: Inputs) -> list[Array]:
        """Embeddings."""
        return [component.embed(inputs[0])]


class HeadHarness(Harness):
    """Runs a head on 96 embeddings of 48 patients, in four separable classes."""

    def data(self, *, writable: bool = False) -> tuple[Array, Array, Array]:
        """Embeddings float32 [96, 12], classes int64 [96] and patients int64 [96].

        Args:
            writable: Whether the arrays may be written to.
        """
        rng = np.random.default_rng(0)
        groups = np.repeat(np.arange(48), 2)
        y = groups % 4
        x = rng.normal(0, 1, (4, 12))[y] * 1.5 + rng.normal(0, 1, (48, 12))[groups]
        return _array(x.astype(np.float32), writable), _array(y, writable), _array(groups, writable)

    def make_fitted(self) -> Component:
        """Make a head and fit it to ``data``."""
        head = self.subject.make()
        assert isinstance(head, Head)  # noqa: S101
        x, y, groups = self.data()
        head.prepare(LABELS)
        head.fit(x, y, len(LABELS), groups)
        return head

    def inputs(self, *, writable: bool = False) -> Inputs:
        """The same as ``data``."""
        return self.data(writable=writable)

    def run(self, component: Head, inputs: Inputs) -> list[Array]:
        """Probabilities."""
        if inputs[1].flags.writeable:  # writable inputs test that fit leaves its inputs unchanged too
            x, y, groups = inputs
            component.fit(x, y, len(LABELS), groups)
        return [component.predict(inputs[0])]


class FusionHarness(Harness):
    """Runs a fusion on 60 images, three regions of which some are absent, and four classes."""

    def data(self, *, writable: bool = False) -> tuple[Array, Array, Array, Array]:
        """Region probabilities float32 [60, 3, 4], presence bool [60, 3], classes int64 [60] and patients int64 [60].

        Args:
            writable: Whether the arrays may be written to.
        """
        rng = np.random.default_rng(0)
        y = np.arange(60) % 4
        region_probabilities = rng.dirichlet(np.ones(4), (60, 3)) + np.eye(4)[y][:, None] * rng.random((60, 3, 1))
        present = rng.random((60, 3)) < 0.7
        present[~present.any(1), 0] = True
        region_probabilities = (region_probabilities / region_probabilities.sum(2, keepdims=True)).astype(np.float32)
        return tuple(_array(part, writable) for part in (region_probabilities, present, y, np.arange(60)))  # type: ignore[return-value]

    def make_fitted(self) -> Component:
        """Make a fusion and fit it to ``data`` if it needs a fit."""
        fusion = self.subject.make()
        assert isinstance(fusion, Fusion)  # noqa: S101
        fusion.prepare(REGIONS)
        if fusion.needs_fit:
            fusion.fit(*self.data())
        return fusion

    def inputs(self, *, writable: bool = False) -> Inputs:
        """The same as ``data``."""
        return self.data(writable=writable)

    def run(self, component: Fusion, inputs: Inputs) -> list[Array]:
        """Fused probabilities."""
        region_probabilities, present, y, groups = inputs
        if component.needs_fit and y.flags.writeable:
            component.fit(region_probabilities, present, y, groups)
        return [component.fuse(region_probabilities, present)]


class EvidenceHarness(Harness):
    """Runs evidence on the example records."""

    def data(self, *, writable: bool = False) -> tuple[list[PatientRecord], Array, list[ConditionIds], Array]:
        """100 records, their conditions int64 [100], the five conditions, and the patients int64 [100].

        Args:
            writable: Whether the arrays may be written to.
        """
        examples = example_records()
        y, groups = (_array(np.array(part, np.int64), writable) for part in (examples.y, examples.groups))
        return list(examples.records), y, list(CONDITIONS), groups

    def make_fitted(self) -> Component:
        """Make evidence and fit it to ``data`` if it needs a fit."""
        evidence = self.subject.make()
        assert isinstance(evidence, Evidence)  # noqa: S101
        if evidence.needs_fit:
            evidence.fit(*self.data())
        return evidence

    def inputs(self, *, writable: bool = False) -> Inputs:
        """The same as ``data``."""
        return self.data(writable=writable)

    def run(self, component: Evidence, inputs: Inputs) -> list[Array]:
        """Log-likelihoods of all records, and the parts of some."""
        records, y, conditions, groups = inputs
        if component.needs_fit and y.flags.writeable:
            component.fit(records, y, conditions, groups)
        parts = [part for record in records[:3] for part in component.parts(record, conditions)]
        found = [component.log_likelihood(records, conditions), *(part.log_ratio for part in parts)]
        return [array for one in found for array in comparable(one)]

    def arrays(self, inputs: Inputs) -> list[Array]:
        """Conditions and patients; records and conditions as arrays of objects, so that a reordered list is noticed."""
        records, y, conditions, groups = inputs
        return [np.array(records, object), y, np.array(conditions, object), groups]


HARNESSES: dict[Kind, type[Harness]] = {
    "detector": DetectorHarness,
    "segmenter": SegmenterHarness,
    "backbone": BackboneHarness,
    "head": HeadHarness,
    "fusion": FusionHarness,
    "evidence": EvidenceHarness,
}


def harness_of(subject: Subject) -> Harness:
    """The harness of a subject's kind, which its checks share."""
    harness: Harness = subject.shared.setdefault("harness", HARNESSES[subject.kind](subject))
    return harness


def require_equal(
    first: list[Array], second: list[Array], expected: str, why: str, tolerance: float = TOLERANCE, *, pixels: bool = False
) -> None:
    """Require that two outputs agree.

    Args:
        first: One output.
        second: Another output.
        expected: What the contract requires, for the message.
        why: Why it matters, for the message.
        tolerance: Maximum difference, relative to the largest element of each array; in px if ``pixels``.
        pixels: Whether the arrays are coordinates.

    Raises:
        ContractViolationError: If they differ by more, or in shape.
    """
    shapes, others = [a.shape for a in first], [a.shape for a in second]
    if shapes != others:
        raise ContractViolationError(
            expected, f"{len(shapes)} and {len(others)} results, of shapes {shapes[:3]} and {others[:3]}", why
        )
    for a, b in zip(first, second, strict=True):
        if not a.size or np.array_equal(a, b):
            continue
        difference = float(np.abs(a.astype(np.float64) - b.astype(np.float64)).max())
        scale = 1.0 if pixels else float(np.abs(a).max()) or 1.0
        if not difference / scale <= tolerance:  # true for NaN too
            unit = " px" if pixels else f" (largest value: {scale:.3g})"
            raise ContractViolationError(expected, f"a difference of {difference:.3g}{unit}", why)


def comparable(log_ratios: Array) -> list[Array]:
    """Divide log ratios into two arrays that ``require_equal`` can compare: which are NaN, and the others."""
    return [np.isnan(log_ratios), np.nan_to_num(log_ratios, posinf=np.inf, neginf=-np.inf)]


def ignores_image_names(subject: Subject) -> None:
    """A detector's or segmenter's results, which are cached by pixels, do not depend on file names."""
    if not subject.component.cacheable:
        raise NotApplicableError("it declares cacheable = False")
    harness = harness_of(subject)
    inputs = harness.inputs()
    renamed = [replace(image, source=f"elsewhere/{n}.png") for n, image in enumerate(inputs[0])]
    require_equal(
        harness.run(harness.fitted, (renamed, *inputs[1:])),
        harness.run(harness.fitted, inputs),
        "the same result for an image under another name, or cacheable = False",
        "results are cached by an image's bytes and used for any image of the same bytes",
        PIXEL_TOLERANCE,
        pixels=True,
    )


def polygons(segmentations: Sequence[Segmentation]) -> list[Array]:
    """The polygons of all regions, in order."""
    return [region.polygon for segmentation in segmentations for region in segmentation.regions]


def _array(array: Array, writable: bool) -> Array:
    array.setflags(write=writable)
    return array


def _images(images: Sequence[Image], writable: bool) -> list[Image]:
    return [replace(image, pixels=_array(image.pixels.copy(), writable)) for image in images]


def _faces(faces: Sequence[Face]) -> list[Face]:
    return [replace(face, box=face.box.copy(), landmarks=face.landmarks.copy()) for face in faces]
