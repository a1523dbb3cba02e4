"""Contracts of all registered fusions, and results of each one."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from dysfw.builtin.fusions.stacking import Stacking
from dysfw.builtin.fusions.weighted import Weighted
from dysfw.contracts.components import Fusion
from dysfw.registry.registry import load_registry
from dysfw.stats.metrics import scores
from dysfw.types import State

REGISTRY = load_registry()
FUSIONS = {entry.spec.name: REGISTRY.load("fusion", entry.spec.name) for entry in REGISTRY.components["fusion"]}
# Stacking weights regions by class, and may rank classes differently than the regions do.
KEEP_RANKING = sorted(set(FUSIONS) - {"stacking"})
REGIONS, CLASSES = 4, 5
NAMES = ("face", "nose", "mouth", "chin")

every = pytest.mark.parametrize("name", sorted(FUSIONS))
ranking = pytest.mark.parametrize("name", KEEP_RANKING)
few = settings(max_examples=15, deadline=None)


def softmax(logits: np.ndarray) -> np.ndarray:
    shifted = np.exp(logits - logits.max(axis=-1, keepdims=True))
    return (shifted / shifted.sum(axis=-1, keepdims=True)).astype(np.float32)


def make_data(skill=(1.0, 2.0, 1.0, 0.5), n: int = 100, classes: int = CLASSES, seed: int = 0):
    """Region probabilities of different accuracy: region probabilities, present, y, groups."""
    rng = np.random.default_rng(seed)
    y = np.arange(n) % classes
    logits = rng.normal(size=(n, len(skill), classes)) + np.array(skill)[:, None] * np.eye(classes)[y][:, None]
    present = rng.random((n, len(skill))) < 0.9
    present[:, 0] |= ~present.any(axis=1)
    return softmax(logits), present, y, np.arange(n)


def make_fusion(name: str) -> Fusion:
    """A prepared fusion, fitted if necessary."""
    fusion = Stacking(C=0.1) if name == "stacking" else FUSIONS[name]()
    fusion.prepare(NAMES)
    if fusion.needs_fit:
        fusion.fit(*make_data())
    return fusion


FITTED = {name: make_fusion(name) for name in FUSIONS}

vectors = arrays.arrays(np.float32, CLASSES, elements=st.floats(0, 1, width=32)).filter(lambda v: v.sum() > 0.01)
region_probabilities_of_all = st.lists(vectors, min_size=REGIONS, max_size=REGIONS).map(
    lambda rows: np.stack([r / r.sum() for r in rows])
)
presences = st.lists(st.booleans(), min_size=REGIONS, max_size=REGIONS).filter(any).map(np.array)


@st.composite
def batches(draw):
    """(region probabilities, present) of 1 to 4 faces; zeros and ties are common."""
    n = draw(st.integers(1, 4))
    return np.stack([draw(region_probabilities_of_all) for _ in range(n)]), np.stack([draw(presences) for _ in range(n)])


@every
@few
@given(batches())
def test_rows_are_probabilities(name, batch) -> None:
    region_probabilities, present = batch
    fused = FITTED[name].fuse(region_probabilities, present)
    assert fused.dtype == np.float32
    assert fused.shape == (len(region_probabilities), CLASSES)
    assert np.isfinite(fused).all()
    assert (fused >= 0).all()
    assert np.allclose(fused.sum(axis=1), 1, atol=1e-5)


@every
@few
@given(batches())
def test_region_probabilities_are_not_modified(name, batch) -> None:
    region_probabilities, present = batch
    original = region_probabilities.copy()
    region_probabilities.flags.writeable = present.flags.writeable = False
    FITTED[name].fuse(region_probabilities, present)
    assert np.array_equal(region_probabilities, original)


@every
@few
@given(batches())
def test_a_prediction_does_not_depend_on_the_batch(name, batch) -> None:
    region_probabilities, present = batch
    batch_result = FITTED[name].fuse(region_probabilities, present)
    for i in range(len(region_probabilities)):
        assert np.allclose(FITTED[name].fuse(region_probabilities[i : i + 1], present[i : i + 1]), batch_result[i], atol=1e-6)


@every
@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("value", [np.nan, np.inf, -1e30, 0.0, 5.0])
def test_values_of_absent_regions_do_not_matter(name, value) -> None:
    region_probabilities, present, _, _ = make_data(seed=1)
    assert not present.all()
    other = np.where(present[..., None], region_probabilities, np.float32(value))
    assert np.array_equal(FITTED[name].fuse(region_probabilities, present), FITTED[name].fuse(other, present))


@pytest.mark.parametrize("name", sorted(name for name, fusion in FITTED.items() if fusion.needs_fit))
def test_values_of_absent_regions_do_not_influence_the_fit(name) -> None:
    region_probabilities, present, y, groups = make_data()
    fusion = Stacking(C=0.1) if name == "stacking" else FUSIONS[name]()
    fusion.fit(np.where(present[..., None], region_probabilities, np.float32(np.nan)), present, y, groups)
    assert np.array_equal(fusion.fuse(region_probabilities, present), FITTED[name].fuse(region_probabilities, present))


@every
def test_the_order_of_the_classes_does_not_matter(name) -> None:
    order = np.array([3, 0, 4, 1, 2])
    region_probabilities, present, y, groups = make_data()
    fusion = Stacking(C=0.1) if name == "stacking" else FUSIONS[name]()
    fusion.prepare(NAMES)
    fusion.fit(region_probabilities[..., order], present, np.argsort(order)[y], groups)
    new, there, _, _ = make_data(seed=1)
    assert np.allclose(fusion.fuse(new[..., order], there), FITTED[name].fuse(new, there)[:, order], atol=2e-3)


def same_ranking(fused: np.ndarray, region: np.ndarray) -> bool:
    """Check that no pair of classes has the opposite order (beyond rounding)."""
    higher = region[:, None] - region[None] > 1e-4
    return bool((fused[:, None] - fused[None])[higher].min(initial=0) > -1e-6)


@ranking
@few
@given(region_probabilities_of_all, st.integers(0, REGIONS - 1))
def test_the_only_region_present_decides(name, region_probabilities, alone) -> None:
    fused = FITTED[name].fuse(region_probabilities[None], np.arange(REGIONS)[None] == alone)[0]
    assert same_ranking(fused, region_probabilities[alone])
    assert fused[region_probabilities[alone].argmax()] == fused.max()


@ranking
@few
@given(vectors, presences)
def test_agreeing_regions_keep_their_ranking(name, vector, present) -> None:
    region = vector / vector.sum()
    fused = FITTED[name].fuse(np.tile(region, (1, REGIONS, 1)), present[None])[0]
    assert same_ranking(fused, region)
    assert fused[region.argmax()] == fused.max()


@every
def test_probabilities_of_zero_and_one_are_supported(name) -> None:
    certain = np.eye(CLASSES, dtype=np.float32)[[0, 1, 2, 0]][None]  # two regions for class 0, one each for classes 1 and 2
    for present in ([1, 1, 1, 1], [0, 1, 1, 0], [0, 1, 0, 0]):
        fused = FITTED[name].fuse(certain, np.array([present], bool))
        assert np.isfinite(fused).all()
        assert fused.sum() == pytest.approx(1, abs=1e-5)


@every
def test_a_restored_fusion_is_identical(name) -> None:
    region_probabilities, present, _, _ = make_data(seed=1)
    other = FUSIONS[name]()
    other.prepare(NAMES)
    other.restore(FITTED[name].state())
    assert other.fuse(region_probabilities, present).tobytes() == FITTED[name].fuse(region_probabilities, present).tobytes()


@pytest.mark.parametrize("name", sorted(name for name, fusion in FITTED.items() if fusion.needs_fit))
def test_an_unfitted_fusion_raises_an_error(name) -> None:
    region_probabilities, present, _, _ = make_data()
    with pytest.raises(ValueError, match="not fitted"):
        FUSIONS[name]().fuse(region_probabilities, present)
    with pytest.raises(ValueError, match="state of another kind"):
        FUSIONS[name]().restore(State({"other": np.zeros(3)}))


# Results of each fusion on two regions

A, B = (0.8, 0.2, 0.0), (0.1, 0.5, 0.4)


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("mean", (0.45, 0.35, 0.2)),
        ("geometric", np.sqrt([0.08, 0.1, 0.4e-6]) / np.sqrt([0.08, 0.1, 0.4e-6]).sum()),
        ("median", (0.45, 0.35, 0.2)),
        ("max", np.array([0.8, 0.5, 0.4]) / 1.7),
        ("borda", np.array([2 + 0, 1 + 2, 0 + 1]) / 6),
    ],
)
def test_fusions_match_a_calculation_by_hand(name, expected) -> None:
    assert FUSIONS[name]().fuse(np.array([[A, B]], np.float32), np.ones((1, 2), bool))[0] == pytest.approx(expected, abs=1e-6)


def test_the_median_ignores_an_outlier() -> None:
    region_probabilities = np.array([[A, A, (0.0, 0.0, 1.0)]], np.float32)
    assert FITTED["median"].fuse(region_probabilities, np.ones((1, 3), bool))[0] == pytest.approx(A)


def test_borda_shares_the_points_of_a_tie() -> None:
    region_probabilities = np.array([[(0.5, 0.25, 0.25)]], np.float32)
    assert FITTED["borda"].fuse(region_probabilities, np.ones((1, 1), bool))[0] == pytest.approx(np.array([2, 0.5, 0.5]) / 3)


# weighted


def test_given_weights_are_matched_by_name() -> None:
    fusion = Weighted({"mouth": 3, "face": 1})
    fusion.prepare(NAMES)
    assert not fusion.needs_fit
    region_probabilities, present, _, _ = make_data()
    present = np.ones_like(present)
    assert np.allclose(
        fusion.fuse(region_probabilities, present),
        0.25 * region_probabilities[:, 0] + 0.75 * region_probabilities[:, 2],
        atol=1e-6,
    )


def test_weights_are_normalised_over_the_regions_present() -> None:
    fusion = Weighted({"face": 1, "nose": 1, "mouth": 2})
    fusion.prepare(NAMES)
    region_probabilities = make_data()[0][:1]
    fused = fusion.fuse(region_probabilities, np.array([[True, False, True, True]]))
    assert np.allclose(fused, (region_probabilities[:, 0] + 2 * region_probabilities[:, 2]) / 3, atol=1e-6)


def test_regions_count_equally_if_only_absent_ones_have_weight() -> None:
    fusion = Weighted({"face": 1})
    fusion.prepare(NAMES)
    region_probabilities = make_data()[0][:1]
    fused = fusion.fuse(region_probabilities, np.array([[False, True, True, False]]))
    assert np.allclose(fused, region_probabilities[:, 1:3].mean(axis=1), atol=1e-6)


def test_a_weight_for_an_unknown_region_is_refused_with_a_suggestion() -> None:
    with pytest.raises(
        ValueError, match=r"no region 'mout'; did you mean 'mouth'\?; the segmenter has: face, nose, mouth, chin"
    ):
        Weighted({"mout": 1}).prepare(NAMES)


@pytest.mark.parametrize("weights", [{}, {"face": 0}, {"face": -1, "nose": 3}, {"face": np.nan}, {"face": np.inf, "nose": 1}])
def test_invalid_weights_are_refused(weights) -> None:
    with pytest.raises(ValueError, match="weights must be finite, >= 0 and not all 0"):
        Weighted(weights)


def test_fitted_weights_favour_the_informative_region() -> None:
    fusion = Weighted()
    fusion.fit(*make_data(skill=(0.0, 4.0, 0.0, 1.0), n=200))
    assert fusion.shares.argmax() == 1
    assert fusion.shares[1] > 0.6
    assert fusion.shares[3] > max(fusion.shares[[0, 2]])
    assert fusion.shares.sum() == pytest.approx(1)


def test_equal_regions_get_about_equal_weights() -> None:
    fusion = Weighted()
    fusion.fit(*make_data(skill=(1.5, 1.5, 1.5, 1.5), n=200))
    assert fusion.shares == pytest.approx(np.full(4, 0.25), abs=0.1)


def test_fitted_weights_do_not_depend_on_class_frequencies() -> None:
    region_probabilities, present, y, groups = make_data(skill=(3.0, 3.0), n=200, classes=2)
    rare = np.flatnonzero(y == 1)[:10]
    # the first region recognises only class 1, the second only class 0
    region_probabilities[y == 0, 0] = region_probabilities[y == 1, 1] = 0.5
    rows = np.concatenate([np.flatnonzero(y == 0), rare])
    fusion = Weighted()
    fusion.fit(region_probabilities[rows], present[rows], y[rows], groups[rows])
    assert fusion.shares == pytest.approx(np.full(2, 0.5), abs=0.15)


def test_weights_fitted_for_other_regions_are_refused() -> None:
    region_probabilities, present, _, _ = make_data(skill=(1.0, 1.0))
    with pytest.raises(ValueError, match="for other regions"):
        FITTED["weighted"].fuse(region_probabilities, present)


# stacking


def test_stacking_weights_regions_by_condition() -> None:
    def one_sided(seed: int):
        """The first region recognises conditions 0 and 1, the second 2 and 3; for the others each is confidently wrong."""
        region_probabilities, present, y, groups = make_data(skill=(0.0, 0.0), n=200, classes=4, seed=seed)
        correct = np.stack([y < 2, y >= 2], axis=1)[..., None]
        predicted = np.where(correct, softmax(4 * np.eye(4)[y])[:, None], softmax(5 * np.eye(4)[(y + 1) % 4])[:, None])
        return (0.2 * region_probabilities + 0.8 * predicted).astype(np.float32), np.ones_like(present), y, groups

    stacking = Stacking()
    stacking.fit(*one_sided(0))
    region_probabilities, present, y, _ = one_sided(1)
    assert scores(stacking.fuse(region_probabilities, present), y).accuracy > 0.9
    assert scores(FITTED["mean"].fuse(region_probabilities, present), y).accuracy < 0.7


def test_stacking_treats_an_absent_region_as_uniform() -> None:
    region_probabilities, present, _, _ = make_data(seed=1)
    uniform = np.where(present[..., None], region_probabilities, np.float32(1 / CLASSES))
    assert np.allclose(
        FITTED["stacking"].fuse(uniform, np.ones_like(present)),
        FITTED["stacking"].fuse(region_probabilities, present),
        atol=1e-5,
    )
