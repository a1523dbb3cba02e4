"""Out-of-distribution detection."""

import numpy as np
import pytest

from dysfw.reliability.ood import AXES, EmbeddingDistribution, fit_embedding_distribution, scale_of

DIM = 40


@pytest.fixture
def rng():
    return np.random.default_rng(0)


def faces(rng, number, regions=3):
    """Embeddings that vary along five directions of forty, and a little everywhere."""
    directions = np.random.default_rng(9).normal(size=(regions, 5, DIM))
    along = rng.normal(size=(number, regions, 5)) * [5, 4, 3, 2, 1]
    x = np.einsum("nrk,rkd->nrd", along, directions) + 0.3 * rng.normal(size=(number, regions, DIM))
    return x.astype(np.float32), np.ones((number, regions), bool)


def fitted(rng, number=200):
    x, present = faces(rng, number)
    test_x, test_present = faces(rng, 200)
    embedding_distribution = fit_embedding_distribution(x, present, np.arange(number))
    return embedding_distribution, scale_of(embedding_distribution.distances(test_x, test_present))


def test_new_faces_of_the_same_kind_have_low_scores(rng):
    embedding_distribution, scale = fitted(rng)
    scores = scale.ood_score(embedding_distribution.distances(*faces(rng, 300)))
    assert abs(scores.mean()) < 0.2
    assert scores.max() < 3


@pytest.mark.parametrize("kind", ["in a constant direction", "far along a varying direction"])
def test_unusual_faces_have_higher_scores_than_all_typical_ones(rng, kind):
    embedding_distribution, scale = fitted(rng)
    x, present = faces(rng, 100)
    typical = scale.ood_score(embedding_distribution.distances(x, present))
    if kind == "far along a varying direction":
        unusual = x.mean(axis=0) + 6 * (x - x.mean(axis=0))
    else:
        unusual = x + 2 * rng.normal(size=DIM).astype(np.float32)
    assert scale.ood_score(embedding_distribution.distances(unusual, present)).min() > typical.max()


def test_absent_regions_have_no_distance_and_the_others_decide(rng):
    embedding_distribution, scale = fitted(rng)
    x, present = faces(rng, 10)
    present[:, 1] = False
    x[:, 1] = 1e6
    distances = embedding_distribution.distances(x, present)
    assert np.isnan(distances[:, 1]).all()
    assert (scale.ood_score(distances) < 3).all()


def test_regions_present_in_few_or_no_images_are_supported(rng):
    x, present = faces(rng, 30)
    present[3:, 1] = False
    present[:, 2] = False
    embedding_distribution = fit_embedding_distribution(x, present, np.arange(30))
    assert embedding_distribution.axes.shape == (3, AXES, DIM)
    everywhere = np.ones_like(present)
    assert np.isfinite(embedding_distribution.distances(x, everywhere)).all()


def test_the_result_does_not_depend_on_which_product_is_decomposed(rng):
    x, present = faces(rng, 60)
    wide = fit_embedding_distribution(x[:30], present[:30], np.arange(30)).distances(x[30:], present[30:])
    narrow = fit_embedding_distribution(
        np.concatenate([x[:30]] * 2), np.concatenate([present[:30]] * 2), np.tile(np.arange(30), 2)
    )
    # the same images twice: the other product is decomposed, with the same result
    np.testing.assert_allclose(narrow.distances(x[30:], present[30:]), wide, rtol=1e-3)


def test_constant_embeddings_make_all_others_distant(rng):
    x = np.ones((20, 1, DIM), np.float32)
    embedding_distribution = fit_embedding_distribution(x, np.ones((20, 1), bool), np.arange(20))
    same, different = embedding_distribution.distances(np.stack([x[0], x[0] + 1]), np.ones((2, 1), bool))[:, 0]
    assert same == 0
    assert different > 1e3


def test_the_images_of_a_patient_count_as_one(rng):
    x, present = faces(rng, 50)
    many = np.concatenate([np.arange(50), [0] * 80])
    one, other = fit_embedding_distribution(x, present, np.arange(50)), fit_embedding_distribution(x[many], present[many], many)
    np.testing.assert_allclose(other.mean, one.mean, atol=1e-4)


def test_it_is_small_enough_for_a_bundle(rng):
    x = rng.normal(size=(50, 7, 1536)).astype(np.float32)
    embedding_distribution = fit_embedding_distribution(x, np.ones((50, 7), bool), np.arange(50))
    parts = (
        embedding_distribution.mean,
        embedding_distribution.axes,
        embedding_distribution.variances,
        embedding_distribution.residual_variance,
    )
    assert sum(part.nbytes for part in parts) < 400_000
    assert all(part.dtype == np.float32 for part in parts)


def test_inconsistent_arrays_are_refused(rng):
    fitted_distribution = fitted(rng)[0]
    with pytest.raises(ValueError, match="do not fit axes"):
        EmbeddingDistribution(
            fitted_distribution.mean[:2],
            fitted_distribution.axes,
            fitted_distribution.variances,
            fitted_distribution.residual_variance,
        )
    with pytest.raises(ValueError, match="above 0"):
        EmbeddingDistribution(
            fitted_distribution.mean,
            fitted_distribution.axes,
            fitted_distribution.variances * 0,
            fitted_distribution.residual_variance,
        )
    with pytest.raises(ValueError, match="finite"):
        EmbeddingDistribution(
            fitted_distribution.mean * np.nan,
            fitted_distribution.axes,
            fitted_distribution.variances,
            fitted_distribution.residual_variance,
        )


def test_the_axes_of_many_images_agree_with_those_of_an_eigendecomposition(monkeypatch) -> None:
    rng = np.random.default_rng(0)
    x = (rng.normal(size=(400, 1, 300)) * np.r_[np.linspace(9, 4, AXES), np.ones(300 - AXES)]).astype(np.float32)
    present, groups = np.ones((400, 1), bool), np.arange(400) // 2
    exact = fit_embedding_distribution(x, present, groups).distances(x, present)
    monkeypatch.setattr("dysfw.reliability.ood.LARGE", 100)
    assert fit_embedding_distribution(x, present, groups).distances(x, present) == pytest.approx(exact, rel=1e-4)
