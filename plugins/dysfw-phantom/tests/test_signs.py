"""Signs that the renderer draws: each term is measured on images without it and with two standard deviations of it."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping
from functools import cache

import numpy as np
import pytest
from dysfw_phantom.axes import axes
from dysfw_phantom.landmarks import landmark_points
from dysfw_phantom.mesh import Part, load_head
from dysfw_phantom.patient import average_patient
from dysfw_phantom.render.appearance import sample_appearance
from dysfw_phantom.render.capture import sample_capture
from dysfw_phantom.render.figure import build_figure
from dysfw_phantom.render.hair import hair_strands
from dysfw_phantom.render.render import Rendered, render
from dysfw_phantom.render.signs import SCLERA, deviations, styled, with_signs
from dysfw_phantom.shape import shape
from dysfw_phantom.terms import terms

pytestmark = pytest.mark.slow

SIZE = 384
HEAD = load_head()
GREEN = (0.02, 0.5, 0.02)  # of an iris that no other part of the image resembles
APPEARANCE = {"melanin": 0.1, "freckles": 0.0, "stubble": 0.0, "flush": 0.2, "grey": 0.0, "hair": (0.02, 0.012, 0.008),
              "brow": 0.9, "curl": 0.1, "hairline": 0.0, "recession": 0.0, "thinning": 0.0, "iris": GREEN}  # fmt: skip
CAPTURE = {"yaw": 0.0, "pitch": 0.0, "roll": 0.0, "gaze": (0.0, 0.0), "expression": {}, "fringe": 0.0, "blur": 0.0,
           "noise": 0.0, "hair_style": "buzz", "hair_length": 0.5, "neckline": "crew", "background": "wall",
           "background_colour": (0.6, 0.6, 0.6),
           "framing": 0.6, "shift": (0.0, 0.08), "parting": 0.0}  # fmt: skip


def adult(values=None, **changes):
    """A patient, the appearance and the capture of a plain image; changes are fields of either."""
    appearance = sample_appearance(np.random.default_rng(6), 25, 0.0)
    capture = sample_capture(np.random.default_rng(7), 25, 0.0)
    of_appearance = {name: value for name, value in changes.items() if hasattr(appearance, name)}
    of_capture = {name: value for name, value in changes.items() if name not in of_appearance}
    return (
        average_patient(values),
        dataclasses.replace(appearance, **APPEARANCE | of_appearance),
        dataclasses.replace(capture, **CAPTURE | of_capture),
    )


def drawn(values=None, **changes) -> Rendered:
    patient, appearance, capture = adult(values, **changes)
    return render(HEAD, shape(HEAD, patient, capture.expression), patient, appearance, capture, SIZE)


@cache
def plain() -> Rendered:
    return drawn()


@cache
def with_sign(axis: str, value: float) -> Rendered:
    return drawn({axis: value})


def hair(values=None, **changes):
    """The strands of the scalp hair."""
    patient, appearance, capture = adult(values, **changes)
    look = with_signs(appearance, patient)
    figure = build_figure(HEAD, shape(HEAD, patient, {}), look, styled(capture, look, patient.axes))
    return hair_strands(figure, look, capture, 2300)


def box(image: Rendered, right: str, left: str, up: float, down: float) -> tuple[slice, slice]:
    """The rows from `up` above to `down` below two landmarks, and the columns between them, in pixels."""
    a, b = (landmark_points(HEAD, image.points)[name] for name in (right, left))
    scale = float(
        np.linalg.norm(
            image.points[HEAD.vertices_of(Part.EYE_LEFT)].mean(0) - image.points[HEAD.vertices_of(Part.EYE_RIGHT)].mean(0)
        )
    )
    return slice(int(min(a[1], b[1]) - up * scale), int(max(a[1], b[1]) + down * scale)), slice(int(a[0]), int(b[0]))


def eyes(image: Rendered, up: float = 0.17, down: float = 0.17) -> np.ndarray:
    """The pixels of both eyes, sRGB."""
    return image.pixels[box(image, "exocanthion_right", "exocanthion_left", up, down)].astype(float)


def brows(image: Rendered) -> np.ndarray:
    """How dark the hair of the subject's left brow is, with the midline at the left."""
    rows, columns = box(image, "exocanthion_right", "exocanthion_left", 0.68, -0.2)
    part = slice((columns.start + columns.stop) // 2, columns.stop + 36)
    return np.clip(without_brows()[rows, part] - image.pixels[rows, part].mean(2), 0, None)


@cache
def without_brows():
    return drawn({"eyebrow absence": 3.0}).pixels.mean(2)


def iris(image: Rendered, side: str) -> np.ndarray:
    """Whether each pixel belongs to the green iris of that side."""
    x = image.points[HEAD.vertices_of(Part.EYE_LEFT, Part.EYE_RIGHT)][:, 0].mean()
    r, g, b = image.pixels.astype(float).transpose(2, 0, 1)
    columns = np.arange(SIZE)[None]
    return (g > 1.25 * np.maximum(r, b)) & (g > 25) & ((columns > x) if side == "left" else (columns < x))


def inwards(image: Rendered, side: str) -> float:
    """How far the iris lies towards the nose from the centre of the eyeball, px."""
    at = (
        np.nonzero(iris(image, side))[1].mean()
        - image.points[HEAD.vertices_of(Part.EYE_LEFT if side == "left" else Part.EYE_RIGHT)][:, 0].mean()
    )
    return float(-at if side == "left" else at)


def green(image: Rendered) -> float:
    return float(iris(image, "left").sum() + iris(image, "right").sum())


def iris_width(image: Rendered) -> float:
    """Width of both irises together, px."""
    return float(sum(np.ptp(np.nonzero(iris(image, side))[1]) for side in ("left", "right")))


def lower_green(image: Rendered) -> float:
    """Number of pixels of the irises below their centres."""
    rows = np.arange(SIZE)[:, None] > image.points[HEAD.vertices_of(Part.EYE_LEFT, Part.EYE_RIGHT)][:, 1].mean()
    return float(((iris(image, "left") | iris(image, "right")) & rows).sum())


def blueness(image: Rendered) -> float:
    return float((eyes(image)[..., 2] - eyes(image)[..., 0]).mean())


def pupils(image: Rendered) -> float:
    """Mean brightness of the middle of both pupils, without the reflection of the light."""
    values = []
    for part in (Part.EYE_LEFT, Part.EYE_RIGHT):
        x, y = image.points[HEAD.vertices_of(part)].mean(0).astype(int)
        values.append(np.median(image.pixels[y - 1 : y + 3, x - 3 : x + 2]))
    return float(np.mean(values))


def lash_darkness(image: Rendered) -> float:
    """Darkness of the pixels above the eyes, where only lashes are dark."""
    return float((255 - eyes(image, 0.20, -0.02).mean(2)).mean())


def lower_lash_darkness(image: Rendered) -> float:
    return float((255 - eyes(image, -0.10, 0.22).mean(2)).mean())


def brow_height(image: Rendered) -> float:
    """Spread of the hair of a brow across its length, px."""
    weight = brows(image)[:, 20:45]
    rows = np.arange(len(weight))[:, None]
    centre = (weight * rows).sum(0) / weight.sum(0)
    return float(np.sqrt((weight * (rows - centre) ** 2).sum() / weight.sum()))


def brow_end(image: Rendered) -> float:
    """Column that the last hundredth of the hair of a brow reaches."""
    share = np.cumsum(brows(image).sum(0))
    return float(np.searchsorted(share, 0.99 * share[-1]))


def brow_share(first: float, last: float) -> Callable[[Rendered], float]:
    """Hair in a part of the length of a brow, 0 is its medial end."""

    def measure(image: Rendered) -> float:
        dark = brows(image)
        wide = brow_end(plain())
        return float(dark[:, int(first * wide) : int(last * wide)].sum()) / 1000

    return measure


def brow_bend(image: Rendered) -> float:
    """How much the middle line of a brow rises and falls, px."""
    dark = brows(image)[:, 20:75]
    middle = (dark * np.arange(len(dark))[:, None]).sum(0) / dark.sum(0)
    return float(np.ptp(np.convolve(middle, np.ones(5) / 5, "valid")))


def brow_flare(image: Rendered) -> float:
    weight = brows(image)[:, 8:20]
    rows = np.arange(len(weight))[:, None]
    return float(np.sqrt((weight * (rows - (weight * rows).sum() / weight.sum()) ** 2).sum() / weight.sum()))


def scalp(image: Rendered) -> float:
    """Number of dark pixels above the brows: hair."""
    rows, _ = box(image, "exocanthion_right", "exocanthion_left", 3.0, -0.75)
    return float((image.pixels[max(rows.start, 0) : rows.stop].mean(2) < 110).sum())


def hairline(image: Rendered) -> float:
    """Height of the lowest hair above the middle of the forehead over the eyes, px."""
    rows, columns = box(image, "endocanthion_right", "endocanthion_left", 3.0, -0.75)
    dark = (image.pixels[max(rows.start, 0) : rows.stop, columns].mean(2) < 110).mean(1) > 0.5
    return float(rows.stop - np.nonzero(dark)[0].max() - max(rows.start, 0))


def peak(image: Rendered) -> float:
    """How much lower the hair reaches in the middle of the forehead than beside it, px."""
    x = int(landmark_points(HEAD, image.points)["glabella"][0])
    rows, _ = box(image, "endocanthion_right", "endocanthion_left", 3.0, -0.75)
    dark = image.pixels[max(rows.start, 0) : rows.stop].mean(2) < 110
    middle, right, left = (
        np.nonzero(dark[:, at - 2 : at + 3].mean(1) > 0.5)[0].max() for at in (x, x - SIZE // 20, x + SIZE // 20)
    )
    return float(middle - (right + left) / 2)


def hair_light(image: Rendered) -> float:
    return float(image.pixels[scalp_mask()].mean())


@cache
def scalp_mask():
    rows = np.arange(SIZE)[:, None]
    return (plain().pixels.mean(2) < 60) & (rows < box(plain(), "endocanthion_right", "endocanthion_left", 0.9, 0)[0].start)


def forelock(image: Rendered) -> float:
    """How much lighter the hair in the middle is than that at the sides."""
    x = int(landmark_points(HEAD, image.points)["glabella"][0])
    light, mask = image.pixels.mean(2), scalp_mask()
    middle = np.abs(np.arange(SIZE) - x) < 12
    return float(light[:, middle][mask[:, middle]].mean() - light[:, ~middle][mask[:, ~middle]].mean())


def bare(image: Rendered) -> float:
    """Mean brightness of cheeks and forehead relative to that of the same face without hair."""
    places = landmark_points(HEAD, image.points)
    patches = [
        places[name].astype(int) for name in ("buccale_right", "buccale_left", "frontotemporale_right", "frontotemporale_left")
    ]
    return float(np.mean([image.pixels[y - 12 : y + 13, x - 12 : x + 13].mean() for x, y in patches]))


Change = tuple[Callable[[Rendered], float], float]
# HPO id -> what its definition measures, and the minimum change for 2 SD, of the subject's left eye for one-sided signs.
MEASURES: Mapping[str, Change] = {
    "HP:0000486": (lambda image: abs(inwards(image, "left")), 2.5),
    "HP:0020045": (lambda image: inwards(image, "left"), 2.5),
    "HP:0000565": (lambda image: inwards(image, "left"), 2.5),
    "HP:0020049": (lambda image: inwards(image, "left"), -2.5),
    "HP:0000577": (lambda image: inwards(image, "left"), -2.5),
    "HP:0000592": (blueness, 1.5),
    "HP:0000612": (lower_green, -20),
    "HP:0000526": (green, -150),
    "HP:0011499": (green, -60),
    "HP:0000616": (green, 10),
    "HP:0000518": (pupils, 40),
    "HP:0000555": (pupils, 40),
    "HP:0007957": (pupils, 60),
    "HP:0000482": (iris_width, -3),
    "HP:0000485": (iris_width, 2),
    "HP:0000635": (blueness, 4),
    "HP:0001100": (lambda image: float(iris(image, "left").sum()), -70),
    "HP:0000527": (lash_darkness, 3),
    "HP:0010764": (lash_darkness, -3),
    "HP:0000653": (lash_darkness, -4),
    "HP:0200102": (lash_darkness, -4),
    "HP:0000561": (lash_darkness, -6),
    "HP:0007646": (lower_lash_darkness, -1),
    "HP:0007665": (lash_darkness, 1),
    "HP:0002227": (lash_darkness, -6),
    "HP:0011229": (brow_height, 0.8),
    "HP:0045074": (brow_height, -0.8),
    "HP:0011230": (brow_end, 3),
    "HP:0005338": (brow_share(0.7, 1.0), -1),
    "HP:0025325": (brow_share(0.2, 0.4), -1),
    "HP:0010747": (brow_flare, 0.4),
    "HP:0011228": (brow_bend, -3),
    "HP:0002223": (brow_share(0.0, 1.0), -5),
    "HP:0002226": (brow_share(0.0, 1.0), -5),
    "HP:0000349": (peak, 4),
    "HP:0002292": (scalp, -1000),
    "HP:0009890": (hairline, 8),
    "HP:0000294": (hairline, -8),
    "HP:0008070": (scalp, -2000),
    "HP:0002209": (scalp, -2000),
    "HP:0001596": (scalp, -2000),
    "HP:0002298": (scalp, -4000),
    "HP:0002289": (scalp, -4000),
    "HP:0500262": (scalp, -4000),
    "HP:0005599": (hair_light, 40),
    "HP:0002286": (hair_light, 40),
    "HP:0002216": (hair_light, 40),
    "HP:0002218": (hair_light, 40),
    "HP:0011364": (hair_light, 40),
    "HP:0002211": (forelock, 40),
    "HP:0002219": (bare, -6),
    "HP:0001007": (bare, -6),
}


@pytest.mark.parametrize("id", MEASURES, ids=lambda id: terms()[id].label)
def test_a_sign_changes_its_measure_in_the_direction_of_the_term(id):
    measure, threshold = MEASURES[id]
    term = terms()[id]
    one, two = (measure(with_sign(term.axis, term.sign * severity)) - measure(plain()) for severity in (1.0, 2.0))
    assert two / threshold > 1
    assert two / one > 0.95  # it grows with its severity, or is complete


# What the strands of the scalp or the mesh show: measured below.
OTHERS = ("HP:0002212", "HP:0002224", "HP:0002213", "HP:0004673", "HP:0000338", "HP:0000298", "HP:0030319")


def test_every_drawn_sign_is_measured():
    earlier = {"eyebrow thickness", "eyebrow arch", "synophrys"}  # see test_render.py
    ids = {id for id, term in terms().items() if term.axis in axes() and axes()[term.axis].drawn and term.axis not in earlier}
    assert ids == set(MEASURES) | set(OTHERS)


def test_curly_hair_bends():
    def bends(curl):
        points = hair({"hair curl": curl}, hair_style="long").points
        steps = np.diff(points, axis=1)
        directions = steps / (np.linalg.norm(steps, axis=2, keepdims=True) + 1e-9)
        return float(np.degrees(np.arccos(np.clip((directions[:, 1:] * directions[:, :-1]).sum(2), -1, 1))).mean())

    assert bends(1.0) > bends(0.0) + 4
    assert bends(2.0) > bends(1.0) + 4


def test_fine_hair_is_thin():
    assert hair({"hair fineness": 2.0}).width.mean() < 0.6 * hair().width.mean()


def test_decreased_expression_weakens_a_smile_but_neither_blinks_nor_the_shape():
    def moved(axis, expression):
        patient = average_patient({"decreased facial expression": axis})
        return float(np.linalg.norm(shape(HEAD, patient, expression) - shape(HEAD, average_patient(), {})))

    assert moved(2.0, {"smile": 0.8}) < 0.45 * moved(0.0, {"smile": 0.8})
    assert moved(2.0, {"blink_left": 0.5}) == pytest.approx(moved(0.0, {"blink_left": 0.5}))
    assert moved(3.0, {}) == 0


def test_without_signs_the_appearance_is_unchanged():
    patient, appearance, capture = adult()
    look = with_signs(appearance, patient)
    for field in dataclasses.fields(appearance):
        assert getattr(look, field.name) == getattr(appearance, field.name)
    assert look.irises == (appearance.iris, appearance.iris)
    assert (look.sclera, look.density, look.lashes, look.strand) == (SCLERA, 1, (1, 1), 1)
    assert styled(capture, look, patient.axes) is capture
    assert deviations(look, capture) == (0, 0)


def squint(values, side=1.0):
    """The deviation of the right and left eye in 200 images."""
    patient, appearance, capture = adult(values)
    patient = dataclasses.replace(patient, traits={**patient.traits, "side": side})
    look = with_signs(appearance, patient)
    return np.array([deviations(look, dataclasses.replace(capture, seed=seed)) for seed in range(200)])


@pytest.mark.parametrize("side", [1.0, -1.0])
def test_one_eye_fixates_and_it_is_usually_the_same(side):
    turned = squint({"eye deviation": 2.0}, side)
    assert ((turned == 0).sum(1) == 1).all()
    assert 0.75 < (turned[:, 1 if side > 0 else 0] > 10).mean() < 0.95


def test_strabismus_takes_the_direction_of_a_more_specific_sign():
    assert squint({"strabismus": 2.0, "eye deviation": -1.0}).min() == squint({"eye deviation": -2.0}).min() < -10
    patient, appearance, _ = adult({"strabismus": 2.0})
    both = {with_signs(appearance, dataclasses.replace(patient, seed=seed)).deviation for seed in range(4)}
    assert len(both) == 2
    assert sum(both) == 0


def test_the_hair_style_shows_a_low_hairline_and_hides_no_loss_of_hair():
    low, (_, appearance, capture) = {"anterior hairline height": -2.0}, adult(hair_style="bald")
    assert styled(capture, with_signs(appearance, average_patient(low)), low).hair_style == "buzz"
    assert hair({"absence of hair": 2.0}, hair_style="long") is None


def test_without_any_hair_there_are_neither_brows_nor_lashes():
    bald = with_sign("absence of hair", 2.0)
    assert brows(bald).sum() < 0.03 * brows(plain()).sum()
    assert lash_darkness(bald) == pytest.approx(lash_darkness(with_sign("eyelash absence", 2.0)), abs=0.5)


def test_signs_of_the_hair_are_not_hidden_by_a_bald_head():
    sparse, appearance, bald = adult({"hair sparseness": 2.0}, hair_style="bald")
    look = with_signs(appearance, sparse)
    assert styled(bald, look, sparse.axes).hair_style == "buzz"
    assert styled(bald, look, average_patient().axes).hair_style == "bald"
