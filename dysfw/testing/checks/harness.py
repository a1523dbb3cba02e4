"""What to do with a component of each kind to see whether it does as it should: its inputs, and its answer as plain arrays."""

from __future__ import annotations

import functools
from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from ...contracts.components import Backbone, Component, Detector, Fusion, Head, Segmenter
from ...contracts.kinds import Kind
from ...types import Face, Image, Segmentation
from ..outcome import ContractViolation, NotApplicableError
from ..subject import Subject

Array = npt.NDArray[Any]
Inputs = tuple[Any, ...]
LABELS = ("affected-1", "affected-2", "unaffected", "affected-3")
REGIONS = ("face", "nose", "mouth")
EQUAL = 1e-5  # of the largest number: what threads of a matrix product may differ by
IN_A_BATCH = 1e-4  # of the largest number: what the size of a batch may change, by the order of sums
PIXELS = 0.02  # px: the same for boxes and landmarks


@dataclass(frozen=True, eq=False)
class Harness(ABC):
    subject: Subject

    def ready(self) -> Component:
        """A new component, fitted where its kind is fitted."""
        return self.subject.make()

    @functools.cached_property
    def one(self) -> Component:
        """One that is ready, for checks that leave it as it is."""
        return self.ready()

    @abstractmethod
    def inputs(self, *, writable: bool = False) -> Inputs: ...

    @abstractmethod
    def run(self, component: Any, inputs: Inputs) -> list[Array]:  # noqa: ANN401  # each kind has a method of its own
        """What it answers."""

    def arrays(self, inputs: Inputs) -> list[Array]:
        """The arrays among the inputs."""
        return list(inputs)


class Detecting(Harness):
    def inputs(self, *, writable: bool = False) -> Inputs:
        return (_images(self.subject.images, writable),)

    def run(self, component: Detector, inputs: Inputs) -> list[Array]:
        return [part for faces in component.detect(inputs[0]) for face in faces for part in (face.box, face.landmarks)]

    def arrays(self, inputs: Inputs) -> list[Array]:
        return [image.pixels for image in inputs[0]]


class Segmenting(Harness):
    def inputs(self, *, writable: bool = False) -> Inputs:
        return _images(self.subject.images, writable), _faces(self.subject.faces)

    def run(self, component: Segmenter, inputs: Inputs) -> list[Array]:
        return polygons(component.segment(*inputs))

    def arrays(self, inputs: Inputs) -> list[Array]:
        return [image.pixels for image in inputs[0]] + [part for face in inputs[1] for part in (face.box, face.landmarks)]


class Embedding(Harness):
    def inputs(self, *, writable: bool = False) -> Inputs:
        one = self.subject.one
        assert isinstance(one, Backbone)  # noqa: S101
        return (_array(np.random.default_rng(0).integers(0, 256, (3, one.input_size, one.input_size, 3), np.uint8), writable),)

    def run(self, component: Backbone, inputs: Inputs) -> list[Array]:
        return [component.embed(inputs[0])]


class Classifying(Harness):
    """96 embeddings of 48 patients in four classes that can be told apart."""

    def data(self, *, writable: bool = False) -> tuple[Array, Array, Array]:
        rng = np.random.default_rng(0)
        groups = np.repeat(np.arange(48), 2)
        y = groups % 4
        x = rng.normal(0, 1, (4, 12))[y] * 1.5 + rng.normal(0, 1, (48, 12))[groups]
        return _array(x.astype(np.float32), writable), _array(y, writable), _array(groups, writable)

    def ready(self) -> Component:
        head = self.subject.make()
        assert isinstance(head, Head)  # noqa: S101
        x, y, groups = self.data()
        head.prepare(LABELS)
        head.fit(x, y, len(LABELS), groups)
        return head

    def inputs(self, *, writable: bool = False) -> Inputs:
        return self.data(writable=writable)

    def run(self, component: Head, inputs: Inputs) -> list[Array]:
        if inputs[1].flags.writeable:  # what is asked is whether it leaves its inputs alone, those of fit too
            x, y, groups = inputs
            component.fit(x, y, len(LABELS), groups)
        return [component.predict(inputs[0])]


class Fusing(Harness):
    """60 photographs, three regions of which some are absent, four classes."""

    def data(self, *, writable: bool = False) -> tuple[Array, Array, Array, Array]:
        rng = np.random.default_rng(0)
        y = np.arange(60) % 4
        region_probabilities = rng.dirichlet(np.ones(4), (60, 3)) + np.eye(4)[y][:, None] * rng.random((60, 3, 1))
        present = rng.random((60, 3)) < 0.7
        present[~present.any(1), 0] = True
        region_probabilities = (region_probabilities / region_probabilities.sum(2, keepdims=True)).astype(np.float32)
        return tuple(_array(part, writable) for part in (region_probabilities, present, y, np.arange(60)))  # type: ignore[return-value]

    def ready(self) -> Component:
        fusion = self.subject.make()
        assert isinstance(fusion, Fusion)  # noqa: S101
        fusion.prepare(REGIONS)
        if fusion.needs_fit:
            fusion.fit(*self.data())
        return fusion

    def inputs(self, *, writable: bool = False) -> Inputs:
        return self.data(writable=writable)

    def run(self, component: Fusion, inputs: Inputs) -> list[Array]:
        region_probabilities, present, y, groups = inputs
        if component.needs_fit and y.flags.writeable:
            component.fit(region_probabilities, present, y, groups)
        return [component.fuse(region_probabilities, present)]


EXERCISES: dict[Kind, type[Harness]] = {
    "detector": Detecting,
    "segmenter": Segmenting,
    "backbone": Embedding,
    "head": Classifying,
    "fusion": Fusing,
}


def run_harness(subject: Subject) -> Harness:
    found: Harness = subject.kept.setdefault("exercise", EXERCISES[subject.kind](subject))
    return found


def same(first: list[Array], other: list[Array], expected: str, why: str, gap: float = EQUAL, *, pixels: bool = False) -> None:
    """Raise BrokenError unless two answers agree. gap: of the largest number in each array; or, where ``pixels``, in px."""
    shapes, others = [a.shape for a in first], [a.shape for a in other]
    if shapes != others:
        raise ContractViolation(
            expected, f"{len(shapes)} and {len(others)} results, of shapes {shapes[:3]} and {others[:3]}", why
        )
    for a, b in zip(first, other, strict=True):
        if not a.size or np.array_equal(a, b):
            continue
        apart = float(np.abs(a.astype(np.float64) - b.astype(np.float64)).max())
        scale = 1.0 if pixels else float(np.abs(a).max()) or 1.0
        if not apart / scale <= gap:  # also where it is no number
            raise ContractViolation(
                expected, f"a difference of {apart:.3g}" + (" px" if pixels else f" where the largest is {scale:.3g}"), why
            )


def pays_no_heed_to_names(subject: Subject) -> None:
    """Of detectors and segmenters: what they say of a photograph is kept, and taken for any of the same pixels."""
    if not subject.component.cacheable:
        raise NotApplicableError("it says by cacheable = False that it looks at more than pixels")
    task = run_harness(subject)
    inputs = task.inputs()
    renamed = [replace(image, source=f"elsewhere/{n}.png") for n, image in enumerate(inputs[0])]
    same(
        task.run(task.one, (renamed, *inputs[1:])),
        task.run(task.one, inputs),
        "the same of a photograph under another name, or cacheable = False",
        "results are kept by a photograph's bytes and taken for any photograph of the same bytes",
        PIXELS,
        pixels=True,
    )


def polygons(found: Sequence[Segmentation]) -> list[Array]:
    return [region.polygon for one in found for region in one.regions]


def _array(array: Array, writable: bool) -> Array:
    array.setflags(write=writable)
    return array


def _images(images: Sequence[Image], writable: bool) -> list[Image]:
    return [replace(image, pixels=_array(image.pixels.copy(), writable)) for image in images]


def _faces(faces: Sequence[Face]) -> list[Face]:
    return [replace(face, box=face.box.copy(), landmarks=face.landmarks.copy()) for face in faces]
