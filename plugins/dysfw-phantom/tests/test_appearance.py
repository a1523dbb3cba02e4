"""Appearances are drawn over the whole human range, and only from what may matter."""

from __future__ import annotations

import numpy as np
from dysfw_phantom.render.appearance import sample_appearance
from dysfw_phantom.render.skin import tone


def sampled(age, sex, count=400):
    return [sample_appearance(np.random.default_rng([seed, 2]), age, sex) for seed in range(count)]


def test_one_seed_gives_one_appearance():
    assert sampled(30, 0.0, 3) == sampled(30, 0.0, 3)
    assert len({look.seed for look in sampled(30, 0.0, 50)}) == 50


def test_melanin_covers_the_range_alike_for_all_ages_and_sexes():
    for age, sex in ((4, 0.0), (30, 1.0), (65, 0.0)):
        melanin = np.array([look.melanin for look in sampled(age, sex)])
        assert melanin.min() < 0.03
        assert melanin.max() > 0.97
        counts = np.histogram(melanin, 5, (0, 1))[0] / len(melanin)
        assert counts.min() > 0.10


def test_tone_falls_with_melanin_and_stays_a_skin_s():
    tones = np.array([tone(m, 0.0, 0.0) for m in np.linspace(0, 1, 30)])
    assert (np.diff(tones, axis=0) < 0).all()
    assert (tones[:, 0] > tones[:, 1]).all()
    assert (tones[:, 1] > tones[:, 2]).all()
    extremes = np.array([tone(m, r, y) for m in (0, 1) for r in (-1, 1) for y in (-1, 1)])
    assert extremes.min() > 0
    assert extremes.max() < 1


def test_age_and_sex_show_in_hair():
    assert all(look.grey == 0 and look.stubble == 0 and look.thinning == 0 for look in sampled(6, 1.0))
    assert all(look.stubble == 0 and look.thinning == 0 for look in sampled(60, 0.0))
    assert np.mean([look.grey for look in sampled(65, 0.0)]) > 0.4
    assert np.mean([look.stubble > 0 for look in sampled(40, 1.0)]) > 0.3


def test_light_eyes_and_hair_come_with_light_skin():
    dark = [look for look in sampled(30, 0.0) if look.melanin > 0.6]
    assert max(max(look.iris) for look in dark) < 0.20
    assert max(max(look.hair) for look in dark) < 0.20
