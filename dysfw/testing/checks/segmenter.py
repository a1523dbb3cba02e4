"""Checks of segmenters."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from ...contracts.components import Segmenter
from ...types import Region, Segmentation
from ..outcome import require
from ..subject import Subject
from .harness import PIXEL_TOLERANCE, ignores_image_names, polygons, require_equal

# In sides of the face's box: a region that is farther from its centre, or smaller, does not belong to the face.
MAX_DISTANCE, MIN_SIZE = 2.0, 0.02


def declares_its_regions(subject: Subject) -> None:
    """``regions`` is a tuple of unique names, the same for each instance."""
    names = _segmenter(subject).regions
    require(
        isinstance(names, tuple) and names and all(isinstance(name, str) and name for name in names),
        "a tuple of names as regions",
        found=repr(names),
        why="heads and region probabilities are stored by region",
    )
    require(
        len(set(names)) == len(names),
        "unique names of regions",
        found=", ".join(names),
        why="heads and region probabilities are stored by name",
    )
    second = subject.make()
    assert isinstance(second, Segmenter)  # noqa: S101
    require(
        second.regions == names,
        "the same regions from another instance",
        found=second.regions,
        why="bundles rely on their order",
    )


def reports_every_region(subject: Subject) -> None:
    """Each region of each face is either present, or absent with a reason."""
    segmenter = _segmenter(subject)
    segmentations = segmenter.segment(subject.images, subject.faces)
    require(
        isinstance(segmentations, list) and len(segmentations) == len(subject.images),
        f"a list of {len(subject.images)} segmentations, one for each face",
        found=f"{type(segmentations).__name__} of {len(segmentations)}",
        why="results belong to faces by their position",
    )
    for segmentation in segmentations:
        _require_every_region(segmentation, segmenter.regions)
    require(
        any(segmentation.regions for segmentation in segmentations),
        "a region in one of the examples",
        found=f"absent: {dict(segmentations[0].absent)}",
        why="each example image shows a whole face",
    )


def returns_valid_polygons(subject: Subject) -> None:
    """Polygons are finite float32 arrays [V, 2] in pixels of the image, near the face."""
    for segmentation, face in zip(_segmenter(subject).segment(subject.images, subject.faces), subject.faces, strict=True):
        side = float((face.box[2:] - face.box[:2]).max())
        for region in segmentation.regions:
            require(
                isinstance(region, Region), "dysfw.types.Region", found=type(region).__name__, why="the contract requires it"
            )
            polygon = region.polygon
            require(
                polygon.dtype == np.float32 and polygon.ndim == 2 and polygon.shape[1] == 2 and len(polygon) >= 3,
                f"polygon float32 [V >= 3, 2] of {region.name}, in px",
                found=f"{polygon.dtype} {list(polygon.shape)}",
                why="crops are computed from it",
            )
            require(
                np.isfinite(polygon).all(),
                f"finite coordinates of {region.name}",
                found=polygon,
                why="crops are computed from them",
            )
            distance = float(np.abs(polygon - (face.box[:2] + face.box[2:]) / 2).max()) / side
            size = float(np.ptp(polygon, axis=0).max()) / side
            require(
                distance <= MAX_DISTANCE and size >= MIN_SIZE,
                f"{region.name} in or around the face's box, in pixels of the whole image, x before y",
                found=f"size {size:.2g}, max distance from the centre {distance:.1f}, in sides of the box",
                why="coordinates relative to the box or a crop would give crops of the background",
            )


def accepts_no_faces(subject: Subject) -> None:
    """An empty batch gives an empty list."""
    segmentations = _segmenter(subject).segment([], [])
    require(segmentations == [], "an empty list for no faces", found=segmentations, why="batches can be empty")


def segments_each_face_independently(subject: Subject) -> None:
    """A segmentation does not depend on the other faces of the batch."""
    segmenter, why = _segmenter(subject), "an image's result must not depend on the rest of its batch"
    in_batch = segmenter.segment(subject.images, subject.faces)
    reversed_ = segmenter.segment(subject.images[::-1], subject.faces[::-1])[::-1]
    expected = "the same polygons in another order"
    require_equal(polygons(in_batch), polygons(reversed_), expected, why, PIXEL_TOLERANCE, pixels=True)
    for image, face, segmentation in zip(subject.images, subject.faces, in_batch, strict=True):
        single = segmenter.segment([image], [face])
        expected = f"the same polygons for {image.source} alone"
        require_equal(polygons([segmentation]), polygons(single), expected, why, PIXEL_TOLERANCE, pixels=True)


def accepts_several_faces_per_image(subject: Subject) -> None:
    """Two faces of one image give two segmentations, each as for the face alone."""
    segmenter, image, face = _segmenter(subject), subject.images[0], subject.faces[0]
    shifted = replace(face, box=face.box + np.float32(3), landmarks=face.landmarks + np.float32(3))
    segmentations = segmenter.segment([image, image], [face, shifted])
    require(
        len(segmentations) == 2,
        "a segmentation for each face",
        found=len(segmentations),
        why="--all-faces segments every face of an image",
    )
    require_equal(
        polygons(segmentations[:1]),
        polygons(segmenter.segment([image], [face])),
        "the same polygons for the first face as alone",
        "a face's result must not depend on other faces of the image",
        PIXEL_TOLERANCE,
        pixels=True,
    )


def accepts_faces_outside_the_image(subject: Subject) -> None:
    """Regions of a face outside the image are reported as well: present or absent."""
    segmenter, face = _segmenter(subject), subject.faces[0]
    outside = replace(face, box=face.box + np.float32(10_000), landmarks=face.landmarks + np.float32(10_000))
    offset = face.box[:2] + np.float32(50)
    corner = replace(face, box=face.box - np.tile(offset, 2), landmarks=face.landmarks - offset)
    for segmentation in segmenter.segment([subject.images[0]] * 2, [outside, corner]):
        _require_every_region(segmentation, segmenter.regions)


def _require_every_region(segmentation: Segmentation, names: tuple[str, ...]) -> None:
    reported = [*(region.name for region in segmentation.regions), *segmentation.absent]
    require(
        sorted(reported) == sorted(names),
        "each region either present, or absent with a reason",
        found=f"present or absent: {', '.join(reported) or 'none'}; regions: {', '.join(names)}",
        why="no region may be dropped silently",
    )
    require(
        all(isinstance(reason, str) and reason for reason in segmentation.absent.values()),
        "a reason for each absent region",
        found=dict(segmentation.absent),
        why="users see it",
    )
    present = [region.name for region in segmentation.regions]
    require(
        present == [name for name in names if name in set(present)],
        "present regions in the order of `regions`",
        found=reported,
        why="the contract requires it",
    )


def _segmenter(subject: Subject) -> Segmenter:
    assert isinstance(subject.instance, Segmenter)  # noqa: S101
    return subject.instance


CHECKS = (
    declares_its_regions,
    reports_every_region,
    returns_valid_polygons,
    accepts_no_faces,
    segments_each_face_independently,
    accepts_several_faces_per_image,
    accepts_faces_outside_the_image,
    ignores_image_names,
)
