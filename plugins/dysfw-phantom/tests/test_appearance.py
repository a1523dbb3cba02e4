"""Sampling of skin, hair and eye colours."""

from __future__ import annotations

import numpy as np
from dysfw_phantom.render.appearance import sample_appearance
from dysfw_phantom.render.skin import tone


def sampled(age, sex, count=400):
    return [sample_appearance(np.random.default_rng([seed, 2]), age, sex) for seed in range(count)]


def test_appearance_is_determined_by_the_seed():
    assert sampled(30, 0.0, 3) == sampled(30, 0.0, 3)
    assert len({a.seed for a in sampled(30, 0.0, 50)}) == 50


def test_melanin_covers_the_whole_range_for_all_ages_and_sexes():
    for age, sex in ((4, 0.0), (30, 1.0), (65, 0.0)):
        melanin = np.array([a.melanin for a in sampled(age, sex)])
        assert melanin.min() < 0.03
        assert melanin.max() > 0.97
        counts = np.histogram(melanin, 5, (0, 1))[0] / len(melanin)
        assert counts.min() > 0.10


def test_skin_darkens_with_melanin_and_stays_in_a_plausible_range():
    tones = np.array([tone(m, 0.0, 0.0) for m in np.linspace(0, 1, 30)])
    assert (np.diff(tones, axis=0) < 0).all()
    assert (tones[:, 0] > tones[:, 1]).all()
    assert (tones[:, 1] > tones[:, 2]).all()
    extremes = np.array([tone(m, r, y) for m in (0, 1) for r in (-1, 1) for y in (-1, 1)])
    assert extremes.min() > 0
    assert extremes.max() < 1


def test_hair_depends_on_age_and_sex():
    assert all(a.grey == 0 and a.stubble == 0 and a.thinning == 0 for a in sampled(6, 1.0))
    assert all(a.stubble == 0 and a.thinning == 0 for a in sampled(60, 0.0))
    assert np.mean([a.grey for a in sampled(65, 0.0)]) > 0.4
    assert np.mean([a.stubble > 0 for a in sampled(40, 1.0)]) > 0.3


def test_light_eyes_and_hair_occur_only_with_light_skin():
    dark = [a for a in sampled(30, 0.0) if a.melanin > 0.6]
    assert max(max(a.iris) for a in dark) < 0.20
    assert max(max(a.hair) for a in dark) < 0.20
