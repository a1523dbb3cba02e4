"""Column indices of the interpolated vertex attributes.

PLACE (3): rest coordinates, dm; for the eyes the direction from the centre of the eyeball, with z along the gaze.
THETA: angle around the head; for the eyes, y of the direction without gaze.
LIP, FLUSH, OPEN: masks from 0 to 1; OPEN is the ambient occlusion.
HAIR: height above the hairline, dm.
NORMAL (3): normal in camera axes.
LIGHT (3): linear irradiance.
SHADOW: fraction of the key light that is not in shadow.
"""

from __future__ import annotations

PLACE, THETA, LIP, HAIR, FLUSH, OPEN, NORMAL, LIGHT, SHADOW, COLUMNS = 0, 3, 4, 5, 6, 7, 8, 11, 14, 15
