"""The seven regions of a face as outlines of mesh landmarks.

The numbers are landmarks of MediaPipe's face mesh, chosen by drawing the numbered mesh on faces. Regions and terms follow
Elements of Morphology (Allanson et al., Am J Med Genet A 2009;149A:2-5, and the papers on each region that follow it).
"""

from __future__ import annotations

from functools import cache

import numpy as np
import numpy.typing as npt

from dysfw.plugin import ANATOMY, Int64

Float64 = npt.NDArray[np.float64]
Pair = tuple[int, int]  # the subject's right and left landmark; on the midline twice the same
Vertex = tuple[Pair, ...]  # a vertex of an outline: the mean of these landmarks

# The midline, from top to bottom.
FOREHEAD_TOP: Pair = (10, 10)  # the mesh ends below the hairline
GLABELLA: Pair = (9, 9)
NASION: Pair = (168, 168)
NASAL_BRIDGE: Pair = (6, 6)
SUBNASALE: Pair = (2, 2)
PHILTRUM: Pair = (164, 164)
LABIALE_SUPERIUS: Pair = (0, 0)
LABIALE_INFERIUS: Pair = (17, 17)
MENTOLABIAL: Pair = (18, 18)
MENTON: Pair = (152, 152)

# From the midline outwards, or from top to bottom.
HAIRLINE: tuple[Pair, ...] = ((109, 338), (67, 297), (103, 332), (54, 284))
TEMPLE_TO_ANGLE: tuple[Pair, ...] = ((21, 251), (162, 389), (127, 356), (234, 454), (93, 323), (132, 361), (58, 288))
ANGLE_TO_CHIN: tuple[Pair, ...] = ((172, 397), (136, 365), (150, 379), (149, 378))
CHIN_BORDER: tuple[Pair, ...] = ((176, 400), (148, 377))
BROW_TOP: tuple[Pair, ...] = ((107, 336), (66, 296), (105, 334), (63, 293))  # from the head of the brow to its peak
BROW_TAIL: Pair = (70, 300)
LATERAL_ORBIT: tuple[Pair, ...] = ((156, 383), (143, 372), (111, 340))
INFRAORBITAL: tuple[Pair, ...] = ((117, 346), (118, 347), (119, 348), (120, 349), (121, 350), (188, 412))
NASAL_SIDEWALL: tuple[Pair, ...] = ((193, 417), (245, 465), (114, 343), (47, 277), (126, 355), (209, 429))
ALA: tuple[Pair, ...] = ((49, 279), (129, 358), (64, 294))
NASAL_BASE: tuple[Pair, ...] = ((98, 327), (97, 326))
UPPER_LIP_SIDE: Pair = (165, 391)
UPPER_VERMILION: tuple[Pair, ...] = ((40, 270), (39, 269), (37, 267))
MARIONETTE: tuple[Pair, ...] = ((106, 335), (194, 418), (32, 262), (140, 369))
BELOW_LOWER_LIP: tuple[Pair, ...] = ((83, 313), (182, 406))

# The vermilion border from the upper to the lower midline through the commissure, and the ring of landmarks around it.
VERMILION: tuple[Pair, ...] = (
    LABIALE_SUPERIUS, (37, 267), (39, 269), (40, 270), (185, 409), (61, 291),
    (146, 375), (91, 321), (181, 405), (84, 314), LABIALE_INFERIUS,
)  # fmt: skip
PERIORAL: tuple[Pair, ...] = (
    PHILTRUM, (167, 393), (165, 391), (92, 322), (186, 410), (57, 287),
    (43, 273), (106, 335), (182, 406), (83, 313), MENTOLABIAL,
)  # fmt: skip


def _single(*pairs: Pair) -> tuple[Vertex, ...]:
    return tuple((pair,) for pair in pairs)


# The subject's left half of each outline, from the upper to the lower end of the midline.
HALVES: dict[str, tuple[Vertex, ...]] = {
    "face": _single(FOREHEAD_TOP, *HAIRLINE, *TEMPLE_TO_ANGLE, *ANGLE_TO_CHIN, *CHIN_BORDER, MENTON),
    # Straight from the temple to the peak of the brow: the area lateral to it folds over in turned heads.
    "forehead": _single(FOREHEAD_TOP, *HAIRLINE, *reversed(BROW_TOP), GLABELLA),
    "periorbital": _single(GLABELLA, *BROW_TOP, BROW_TAIL, *LATERAL_ORBIT, *INFRAORBITAL, NASAL_BRIDGE),
    "nose": _single(NASION, *NASAL_SIDEWALL, *ALA, *NASAL_BASE, SUBNASALE),
    "philtrum": _single(SUBNASALE, *reversed(NASAL_BASE), UPPER_LIP_SIDE, *UPPER_VERMILION, LABIALE_SUPERIUS),
    # Halfway to the ring, so that the crop contains the vermilion border and scales with the lips.
    "mouth": tuple(zip(VERMILION, PERIORAL, strict=True)),
    "chin": _single(MENTOLABIAL, *BELOW_LOWER_LIP, *MARIONETTE, *CHIN_BORDER, MENTON),
}
assert tuple(HALVES) == ANATOMY  # noqa: S101 - fail on import if the regions do not match


def outline(name: str, landmarks: Float64) -> Float64:
    """The closed outline of a region.

    Args:
        name: One of ``ANATOMY``.
        landmarks: float64 [468 or more, D], D = 2 or 3.

    Returns:
        float64 [V, D], clockwise for the viewer, starting at the upper midline.
    """
    return np.asarray(landmarks[_vertices(name)].mean(axis=1), dtype=np.float64)


@cache
def _vertices(name: str) -> Int64:
    """Landmarks whose mean is each vertex of the closed outline, int64 [V, N]."""
    half = HALVES[name]
    left = [[pair[1] for pair in vertex] for vertex in half]
    right = [
        [pair[0] for pair in vertex] for vertex in half[-2:0:-1]
    ]  # without the midline, which is included in the left half
    return np.array(left + right, np.int64)


def silhouette(points: Float64) -> Float64:
    """The convex hull of points [N, 2] as float64 [V, 2], clockwise for the viewer.

    It is used for the whole face: in a turned head, the mesh's face oval lies behind the far cheek and would cut it off.
    """
    return points[hull(points)]


def hull(points: Float64) -> Int64:
    """Indices int64 [V] of the convex hull of points [N, 2], clockwise for the viewer (Andrew's monotone chain, 1979)."""
    _, ordered = np.unique(points, axis=0, return_index=True)
    coordinates, order = points.tolist(), ordered.tolist()  # accessed one by one, Python floats are ten times faster
    return np.array(_chain(coordinates, order)[:-1] + _chain(coordinates, order[::-1])[:-1], np.int64)


def _chain(points: list[list[float]], order: list[int]) -> list[int]:
    chain: list[int] = []
    for number in order:
        while len(chain) > 1 and _cross_product(points[chain[-2]], points[chain[-1]], points[number]) <= 0:
            chain.pop()
        chain.append(number)
    return chain


def _cross_product(a: list[float], b: list[float], c: list[float]) -> float:
    return (b[0] - a[0]) * (c[1] - a[1]) - (b[1] - a[1]) * (c[0] - a[0])
