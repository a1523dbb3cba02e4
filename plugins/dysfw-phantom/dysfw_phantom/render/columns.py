"""The columns of the numbers that are interpolated over each triangle.

PLACE: coordinates at rest; for the eyes the direction from the eyeball's centre, z along the gaze. THETA: angle around the
head; for the eyes y without gaze. LIP, FLUSH, OPEN: 0..1. HAIR: above the hairline, dm. NORMAL: towards the camera's axes.
LIGHT: irradiance. SHADOW: share of the key light that arrives.
"""

from __future__ import annotations

PLACE, THETA, LIP, HAIR, FLUSH, OPEN, NORMAL, LIGHT, SHADOW, COLUMNS = 0, 3, 4, 5, 6, 7, 8, 11, 14, 15
