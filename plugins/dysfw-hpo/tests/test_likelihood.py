"""Profiles and likelihood ratios, computed by hand for the tiny release."""

import numpy as np
import pytest
from dysfw_hpo.likelihood import Likelihood, ancestor_weights
from dysfw_hpo.profiles import compile_profiles
from scipy import sparse
from tiny_release import BROAD, FACE, LONG, PHILTRUM, WIDE

# Alpha of OMIM: 3 of 4 patients have a long philtrum, with one patient more on either side 4/6. Alpha of Orphanet: 0.17, 0.545.
ALPHA = {LONG: (4 / 6 + 0.17) / 2, BROAD: 0.545, WIDE: 0.895, PHILTRUM: (4 / 6 + 0.545) / 2, FACE: (0.895 + 0.545) / 2}
BETA = {BROAD: 0.5, WIDE: 0.45, PHILTRUM: 0.5, FACE: 0.5}  # 0 of 7 with a long philtrum: none
MEAN = {term: (ALPHA[term] + BETA.get(term, 0)) / 2 for term in ALPHA}


@pytest.fixture
def arrays(tiny):
    return compile_profiles(tiny)[0]


@pytest.fixture
def likelihood(tiny, arrays):
    return Likelihood(
        tiny.ontology,
        matrix(tiny, arrays),
        arrays["background"],
        expected=arrays["expected"],
        everyone=arrays["everyone"],
        prior=np.zeros(len(tiny.diseases), np.float32),
    )


def matrix(tiny, arrays):
    shape = (len(tiny.diseases), len(tiny.ontology))
    return sparse.csr_matrix((arrays["value"], arrays["term"], arrays["start"]), shape=shape)


def row(tiny, found, disease):
    values = found.toarray()[tiny.diseases.position[disease]]
    return {id: pytest.approx(float(values[n])) for id, n in tiny.ontology.position.items() if values[n]}


def test_profiles(tiny, arrays):
    found = matrix(tiny, arrays)
    assert row(tiny, found, "OMIM:1") == ALPHA
    assert row(tiny, found, "ORPHA:9") == ALPHA
    assert row(tiny, found, "OMIM:2") == BETA
    for term, mean in MEAN.items():
        assert arrays["background"][tiny.ontology.position[term]] == pytest.approx(mean, abs=2e-5)


def test_profiles_that_are_not_pooled(tiny):
    arrays, _ = compile_profiles(tiny, pool=False)
    assert row(tiny, matrix(tiny, arrays), "OMIM:1") == {LONG: 4 / 6, WIDE: 0.895, PHILTRUM: 4 / 6, FACE: 0.895}
    assert row(tiny, matrix(tiny, arrays), "ORPHA:9") == {LONG: 0.17, BROAD: 0.545, PHILTRUM: 0.545, FACE: 0.545}


def test_counterparts(tiny, arrays):
    """OMIM numbers the diseases of a series, and Orphanet does not."""
    position = tiny.diseases.position
    assert arrays["counterpart"][position["OMIM:1"]] == position["ORPHA:9"]
    assert arrays["counterpart"][position["ORPHA:9"]] == position["OMIM:1"]
    assert arrays["counterpart"][position["OMIM:2"]] == -1


def test_signs_that_are_not_mentioned(tiny, arrays, likelihood):
    alpha, beta = sum(ALPHA[term] for term in (LONG, BROAD, WIDE)), sum(BETA[term] for term in (BROAD, WIDE))
    position = tiny.diseases.position
    assert arrays["expected"][[position["OMIM:1"], position["OMIM:2"]]] == pytest.approx([alpha, beta])
    for signs in (0, 1, 30):
        everywhere = np.log((np.exp(-0.01 * signs * alpha) + np.exp(-0.01 * signs * beta)) / 2)
        found = likelihood.silence(signs)
        assert found[position["OMIM:1"]] == pytest.approx(-0.01 * signs * alpha - everywhere, abs=1e-6)
        assert found[position["OMIM:2"]] == pytest.approx(-0.01 * signs * beta - everywhere, abs=1e-6)


def test_weights_of_ancestors(tiny):
    ontology = tiny.ontology
    positions, weights = ancestor_weights(ontology, ontology.position[LONG])
    found = {ontology.ids[one]: weight for one, weight in zip(positions, weights, strict=True)}
    assert found == {LONG: 0.85, PHILTRUM: pytest.approx(0.05 * 2 / 3), FACE: pytest.approx(0.05 / 3)}


@pytest.mark.parametrize(("disease", "frequency"), [("OMIM:1", ALPHA), ("ORPHA:9", ALPHA), ("OMIM:2", BETA)])
def test_observed_signs(tiny, likelihood, disease, frequency):
    ratio = {term: frequency.get(term, 0) / mean for term, mean in MEAN.items()}
    expected = {
        LONG: 0.1 + 0.85 * ratio[LONG] + 0.05 * (2 / 3 * ratio[PHILTRUM] + ratio[FACE] / 3),
        WIDE: 0.1 + 0.85 * ratio[WIDE] + 0.05 * ratio[FACE],
        FACE: 0.1 + 0.85 * ratio[FACE],
    }
    found = likelihood.observed([tiny.ontology.position[term] for term in expected])
    assert found.dtype == np.float32
    assert found[:, tiny.diseases.position[disease]] == pytest.approx(np.log(list(expected.values())), abs=1e-4)


def test_excluded_signs(tiny, likelihood):
    found = likelihood.excluded([tiny.ontology.position[term] for term in (LONG, WIDE)])
    for disease, frequency in (("OMIM:1", ALPHA), ("OMIM:2", BETA)):
        expected = [np.log(1 - frequency.get(term, 0)) - np.log(1 - MEAN[term]) for term in (LONG, WIDE)]
        assert found[:, tiny.diseases.position[disease]] == pytest.approx(expected, abs=1e-4)


def test_no_signs(likelihood, tiny):
    assert likelihood.observed([]).shape == (0, len(tiny.diseases))
    assert likelihood.excluded([]).shape == (0, len(tiny.diseases))
