"""What every component of a kind owes, as functions that say what was expected, what came, and why it matters."""

from __future__ import annotations

import inspect
import json
import re
from collections.abc import Callable

import numpy as np
from safetensors.numpy import load, save

from dysfw.alignment import Alignment
from dysfw.components import Backbone, CaseBased, Component, Detector, Fusion, Head, Segmenter
from dysfw.recipe.signature import signature_of
from dysfw.types import Image, State

Make = Callable[[], Component]


def owes(condition: object, expected: str, why: str) -> None:
    assert condition, f"expected: {expected}. Why it matters: {why}"


def check_documented(component: type[Component]) -> None:
    text = inspect.getdoc(component) or ""
    owes(text, "a docstring", "listings and the reference show it")
    for name in signature_of(component).names:
        if name not in ("device", "precision"):
            owes(re.search(rf"\b{name}\b", text), f"the docstring to explain {name!r}", "recipes are written from it")


def check_weights(component: Component) -> None:
    for one in component.weights():
        owes(re.fullmatch(r"[0-9a-f]{64}", one.sha256), f"a sha256 of {one.name}", "bundles check that a trunk is the same")
        owes(one.licence and one.name and one.source, "name, licence and source of every weight file", "model cards list them")


def check_detector(make: Make, images: list[Image]) -> None:
    detector = make()
    assert isinstance(detector, Detector)
    owes(detector.detect([]) == [], "an empty list for no images", "batches can be empty")
    together = detector.detect(images)
    owes(len(together) == len(images), "one list for each image", "results are matched by position")
    for image, faces, again, alone in zip(
        images, together, make().detect(images), [detector.detect([one])[0] for one in images], strict=True
    ):
        owes(faces, f"a face in {image.source}", "every example shows one")
        owes(
            len(faces) == len(again) == len(alone), "the same faces in any batch", "a result must not depend on its neighbours"
        )
        for face, other, single in zip(faces, again, alone, strict=True):
            owes(face.box.shape == (4,) and face.box.dtype == np.float32, "box float32 [4]", "the contract")
            owes(
                face.landmarks.shape == (5, 2) and face.landmarks.dtype == np.float32,
                "landmarks float32 [5, 2]",
                "the contract",
            )
            owes(0 <= face.score <= 1, f"a score from 0 to 1, found {face.score}", "thresholds are shares")
            owes(face.box[0] < face.box[2] and face.box[1] < face.box[3], "x0 < x1 and y0 < y1", "crops are cut from boxes")
            owes(abs(face.roll) < 0.6, "the subject's right eye first", "the roll of a face follows from the order of its eyes")
            for twin in (other, single):
                np.testing.assert_allclose(face.box, twin.box, atol=0.02)
                np.testing.assert_allclose(face.landmarks, twin.landmarks, atol=0.02)


def check_segmenter(make: Make, images: list[Image], faces: list) -> None:  # type: ignore[type-arg]
    segmenter = make()
    assert isinstance(segmenter, Segmenter)
    names = segmenter.regions
    owes(names and len(set(names)) == len(names), "unique names of regions", "heads and votes are kept by name")
    owes(segmenter.segment([], []) == [], "an empty list for no faces", "batches can be empty")
    found, again = segmenter.segment(images, faces), make().segment(images, faces)
    turned = segmenter.segment(images[::-1], faces[::-1])[::-1]
    for one, *others in zip(found, again, turned, strict=True):
        told = [region.name for region in one.regions]
        owes(
            sorted([*told, *one.absent]) == sorted(names), "each region present or, with the reason, absent", "none is dropped"
        )
        owes(all(one.absent.values()), "a reason for each absent region", "users are told it")
        owes(one.regions, "a region in every example", "every example shows a whole face")
        for region in one.regions:
            ok = region.polygon.dtype == np.float32 and region.polygon.ndim == 2 and region.polygon.shape[1] == 2
            owes(ok and len(region.polygon) >= 3, f"polygon float32 [V >= 3, 2] of {region.name}", "the contract")
        for other in others:
            for a, b in zip(one.regions, other.regions, strict=True):
                np.testing.assert_array_equal(a.polygon, b.polygon)
    outside = type(faces[0])(faces[0].box + 10_000, 1.0, faces[0].landmarks + 10_000)
    gone = segmenter.segment(images[:1], [outside])[0]
    told = sorted([*(region.name for region in gone.regions), *gone.absent])
    owes(told == sorted(names), "each region named also of a face out of the image", "faces reach beyond edges")


def check_backbone(make: Make) -> None:
    backbone = make()
    assert isinstance(backbone, Backbone)
    side, dim = backbone.input_size, backbone.dim
    crops = np.random.default_rng(0).integers(0, 256, (3, side, side, 3), np.uint8)
    crops.setflags(write=False)
    rows = backbone.embed(crops)
    owes(
        rows.shape == (3, dim) and rows.dtype == np.float32,
        f"float32 [3, {dim}], found {rows.dtype} {rows.shape}",
        "the contract",
    )
    owes(np.isfinite(rows).all(), "finite numbers", "an embedding that is none fails its image")
    owes(backbone.embed(crops[:0]).shape == (0, dim), f"[0, {dim}] for no crops", "batches can be empty")
    scale = np.abs(rows).max()
    for name, other in {
        "the same twice": backbone.embed(crops),
        "the same from another instance": make().embed(crops),  # type: ignore[attr-defined]
        "the same one by one": np.concatenate([backbone.embed(crops[i : i + 1]) for i in range(3)]),
        "the same in another order": backbone.embed(crops[::-1])[::-1],
    }.items():
        gap = np.abs(rows - other).max() / scale
        owes(gap < 1e-4, f"{name}, found a difference of {gap:.1g}", "a photograph's result must not depend on its neighbours")
    owes(np.abs(rows[0] - rows[1]).max() / scale > 1e-3, "different crops to differ", "an embedding that tells nothing is none")
    owes(backbone.alignment is None or isinstance(backbone.alignment, Alignment), "an Alignment or None", "crops follow it")
    for wrong in (crops[:, : side // 2], crops.astype(np.float32)):
        try:
            backbone.embed(wrong)
        except ValueError:
            continue
        owes(False, "ValueError for crops of another shape or type", "a recipe's crop.size is checked by asking")


def check_head(make: Make) -> None:
    rng = np.random.default_rng(0)
    labels = ("affected-1", "affected-2", "unaffected", "affected-3")
    groups = np.repeat(np.arange(48), 2)
    y = (groups % 4).astype(np.int64)
    x = (rng.normal(0, 1, (4, 12))[y] * 1.5 + rng.normal(0, 1, (48, 12))[groups]).astype(np.float32)
    for array in (x, y, groups):
        array.setflags(write=False)
    heads = [make(), make()]
    for head in heads:
        assert isinstance(head, Head)
        head.prepare(labels)
        head.fit(x, y, 4, groups)
    head = heads[0]
    found = head.predict(x)
    owes(found.shape == (96, 4) and found.dtype == np.float32, "float32 [N, classes]", "the contract")
    owes((found >= 0).all() and np.allclose(found.sum(1), 1, atol=1e-4), "rows that sum to 1", "they are probabilities")
    owes(head.predict(x[:0]).shape == (0, 4), "[0, classes] for no photographs", "batches can be empty")
    owes((found.argmax(1) == y).mean() > 0.5, "better than chance on what it learned from", "or it has learned nothing")
    np.testing.assert_array_equal(heads[1].predict(x), found, "two fits to the same data must agree")
    np.testing.assert_allclose(np.concatenate([head.predict(x[i : i + 1]) for i in range(5)]), found[:5], atol=1e-5)
    restored = make()
    restored.prepare(labels)
    restored.restore(_stored(head.state()))
    np.testing.assert_array_equal(restored.predict(x), found, "a bundle must give what was trained")
    with np.testing.assert_raises(ValueError):
        make().restore(State({}))
    if isinstance(head, CaseBased):
        owes(len(head.cases().y) == 96, "every case kept", "a gallery lists them")
        likeness = head.likeness(x)
        owes(likeness.shape == (96, 96) and np.allclose(np.diag(likeness), 1, atol=1e-4), "a case like itself by 1", "cosines")


def check_fusion(make: Make) -> None:
    rng = np.random.default_rng(0)
    votes = rng.dirichlet(np.ones(4), (60, 3)).astype(np.float32)
    present = rng.random((60, 3)) < 0.7
    present[~present.any(1), 0] = True
    y, groups = (np.arange(60) % 4).astype(np.int64), np.arange(60)
    for array in (votes, present, y, groups):
        array.setflags(write=False)
    fusions = [make(), make(), make()]
    for fusion in fusions:
        assert isinstance(fusion, Fusion)
        fusion.prepare(("face", "nose", "mouth"))
    for fusion in fusions[:2]:
        if fusion.learns:
            fusion.fit(votes, present, y, groups)
    found = fusions[0].fuse(votes, present)
    owes(found.shape == (60, 4) and found.dtype == np.float32, "float32 [N, K]", "the contract")
    owes((found >= 0).all() and np.allclose(found.sum(1), 1, atol=1e-4), "rows that sum to 1", "they are probabilities")
    np.testing.assert_array_equal(fusions[1].fuse(votes, present), found)
    arbitrary = np.where(present[:, :, None], votes, np.float32(0.9))
    np.testing.assert_allclose(fusions[0].fuse(arbitrary, present), found, atol=1e-6, err_msg="absent regions must not matter")
    np.testing.assert_allclose(fusions[0].fuse(votes[7:8], present[7:8]), found[7:8], atol=1e-6)
    owes(fusions[0].fuse(votes[:0], present[:0]).shape == (0, 4), "[0, K] for no photographs", "batches can be empty")
    fusions[2].restore(_stored(fusions[0].state()))
    np.testing.assert_array_equal(fusions[2].fuse(votes, present), found, "a bundle must give what was trained")


def _stored(state: State) -> State:
    """As a bundle gives it back: arrays by safetensors, values by JSON."""
    arrays = {name: np.ascontiguousarray(array) for name, array in state.arrays.items()}
    return State(load(save(arrays)) if arrays else {}, json.loads(json.dumps(dict(state.values))))
