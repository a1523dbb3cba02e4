"""What segmenters owe."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from ...contracts.components import Segmenter
from ...types import Region, Segmentation
from ..outcome import require
from ..subject import Subject
from .harness import PIXELS, pays_no_heed_to_names, polygons, same

# Sides of the face's box: what lies farther from its middle, or is smaller, is not of this face.
FAR, SMALL = 2.0, 0.02


def names_its_regions(subject: Subject) -> None:
    names = _segmenter(subject).regions
    require(
        isinstance(names, tuple) and names and all(isinstance(name, str) and name for name in names),
        "regions to give a tuple of names",
        found=repr(names),
        why="heads and votes are kept by region",
    )
    require(
        len(set(names)) == len(names), "every region named once", found=", ".join(names), why="heads and votes are kept by name"
    )
    again = subject.make()
    assert isinstance(again, Segmenter)  # noqa: S101
    require(again.regions == names, "the same names from another instance", found=again.regions, why="bundles keep their order")


def accounts_for_every_region(subject: Subject) -> None:
    segmenter = _segmenter(subject)
    found = segmenter.segment(subject.images, subject.faces)
    require(
        isinstance(found, list) and len(found) == len(subject.images),
        f"a list of {len(subject.images)} segmentations, one for each face",
        found=f"{type(found).__name__} of {len(found)}",
        why="results are matched to faces by their position",
    )
    for one in found:
        _account(one, segmenter.regions)
    require(
        any(one.regions for one in found),
        "a region in one of the examples",
        found=f"absent: {dict(found[0].absent)}",
        why="each shows a whole face",
    )


def gives_polygons_as_the_contract_says(subject: Subject) -> None:
    for one, face in zip(_segmenter(subject).segment(subject.images, subject.faces), subject.faces, strict=True):
        side = float((face.box[2:] - face.box[:2]).max())
        for region in one.regions:
            require(isinstance(region, Region), "dysfw.types.Region", found=type(region).__name__, why="the contract")
            polygon = region.polygon
            require(
                polygon.dtype == np.float32 and polygon.ndim == 2 and polygon.shape[1] == 2 and len(polygon) >= 3,
                f"polygon float32 [V >= 3, 2] of {region.name}, in px",
                found=f"{polygon.dtype} {list(polygon.shape)}",
                why="crops are cut around it",
            )
            require(
                np.isfinite(polygon).all(),
                f"finite numbers in {region.name}",
                found=polygon,
                why="no crop can be cut around it",
            )
            away = float(np.abs(polygon - (face.box[:2] + face.box[2:]) / 2).max()) / side
            size = float(np.ptp(polygon, axis=0).max()) / side
            require(
                away <= FAR and size >= SMALL,
                f"{region.name} in or around the face's box, in pixels of the whole photograph, x before y",
                found=f"{size:.2g} sides of the box in size, reaching {away:.1f} sides from its middle",
                why="coordinates in units of the box or of a crop give crops of the background",
            )


def takes_no_faces(subject: Subject) -> None:
    found = _segmenter(subject).segment([], [])
    require(found == [], "an empty list for no faces", found=found, why="batches can be empty")


def sees_each_face_by_itself(subject: Subject) -> None:
    segmenter, why = _segmenter(subject), "a photograph's result must not depend on its neighbours"
    together = segmenter.segment(subject.images, subject.faces)
    backwards = segmenter.segment(subject.images[::-1], subject.faces[::-1])[::-1]
    same(polygons(together), polygons(backwards), "the same in another order", why, PIXELS, pixels=True)
    for image, face, one in zip(subject.images, subject.faces, together, strict=True):
        alone = segmenter.segment([image], [face])
        same(polygons([one]), polygons(alone), f"the same in {image.source} alone", why, PIXELS, pixels=True)


def takes_several_faces_of_one_image(subject: Subject) -> None:
    segmenter, image, face = _segmenter(subject), subject.images[0], subject.faces[0]
    beside = replace(face, box=face.box + np.float32(3), landmarks=face.landmarks + np.float32(3))
    found = segmenter.segment([image, image], [face, beside])
    require(len(found) == 2, "a segmentation for each face", found=len(found), why="--all-faces judges every face of an image")
    same(
        polygons(found[:1]), polygons(segmenter.segment([image], [face])), "the first as alone", "faces are judged one by one",
        PIXELS, pixels=True,
    )  # fmt: skip


def bears_faces_beyond_the_image(subject: Subject) -> None:
    """Every region of a face of which nothing is in the image is named: present or absent."""
    segmenter, face = _segmenter(subject), subject.faces[0]
    outside = replace(face, box=face.box + np.float32(10_000), landmarks=face.landmarks + np.float32(10_000))
    above = face.box[:2] + np.float32(50)
    corner = replace(face, box=face.box - np.tile(above, 2), landmarks=face.landmarks - above)
    for one in segmenter.segment([subject.images[0]] * 2, [outside, corner]):
        _account(one, segmenter.regions)


def _account(one: Segmentation, names: tuple[str, ...]) -> None:
    told = [*(region.name for region in one.regions), *one.absent]
    require(
        sorted(told) == sorted(names),
        "each region either present or, with the reason, absent",
        found=f"present or absent: {', '.join(told) or 'none'}; regions: {', '.join(names)}",
        why="none may be dropped in silence",
    )
    require(
        all(isinstance(reason, str) and reason for reason in one.absent.values()),
        "a reason for each region that is absent",
        found=dict(one.absent),
        why="users are told it",
    )
    order = [name for name in names if name in {region.name for region in one.regions}]
    require(
        [r.name for r in one.regions] == order, "the present regions in the order of regions", found=told, why="the contract"
    )


def _segmenter(subject: Subject) -> Segmenter:
    assert isinstance(subject.one, Segmenter)  # noqa: S101
    return subject.one


CHECKS = (
    names_its_regions,
    accounts_for_every_region,
    gives_polygons_as_the_contract_says,
    takes_no_faces,
    sees_each_face_by_itself,
    takes_several_faces_of_one_image,
    bears_faces_beyond_the_image,
    pays_no_heed_to_names,
)
