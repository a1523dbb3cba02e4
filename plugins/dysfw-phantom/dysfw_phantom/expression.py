"""Facial expressions as weights of the face units (CC0 Face Units pack, with the names of ARKit blend shapes)."""

from __future__ import annotations

from collections.abc import Mapping

EXPRESSIONS: Mapping[str, Mapping[str, float]] = {
    "smile": {"mouthSmileLeft": 0.7, "mouthSmileRight": 0.7, "cheekSquintLeft": 0.4, "cheekSquintRight": 0.4},
    "open": {"jawOpen": 0.5},
    "part": {"mouthUpperUpLeft": 0.4, "mouthUpperUpRight": 0.4, "mouthLowerDownLeft": 0.5, "mouthLowerDownRight": 0.5},
    "frown": {"mouthFrownLeft": 0.8, "mouthFrownRight": 0.8},
    "pucker": {"mouthPucker": 0.8},
    "press": {"mouthPressLeft": 0.7, "mouthPressRight": 0.7},
    "blink_left": {"eyeBlinkLeft": 1.0},
    "blink_right": {"eyeBlinkRight": 1.0},
    "squint": {"eyeSquintLeft": 0.8, "eyeSquintRight": 0.8},
    "wide": {"eyeWideLeft": 0.8, "eyeWideRight": 0.8},
    "brows_up": {"browInnerUp": 0.8, "browOuterUpLeft": 0.8, "browOuterUpRight": 0.8},
    "brows_down": {"browDownLeft": 0.8, "browDownRight": 0.8},
    "cheeks": {"cheekPuff": 0.5},
    "sneer": {"noseSneerLeft": 0.7, "noseSneerRight": 0.7},
}


MIMIC = frozenset(EXPRESSIONS) - {"open", "blink_left", "blink_right"}  # expressions that hypomimia weakens


def unit_weights(expression: Mapping[str, float], palsy: float, side: float, hypomimia: float = 0.0) -> dict[str, float]:
    """Compute the morph weights of an expression.

    Args:
        expression: Strength of each expression, 0 to 1.
        palsy: Severity of a facial palsy, in standard deviations; face units of the affected side lose a third of their
            strength per standard deviation.
        side: Affected side: 1 is the subject's left, -1 the right.
        hypomimia: Decrease of facial expression, in standard deviations; expressions other than blinking and an open jaw
            lose a third of their strength per standard deviation.

    Returns:
        Weights by name of the morph.

    Raises:
        KeyError: An expression is unknown.
    """
    weak, strength = ("Left" if side > 0 else "Right"), max(0.0, 1 - max(palsy, 0.0) / 3)
    weights: dict[str, float] = {}
    mimic = min(1.0, max(0.0, 1 - hypomimia / 3))
    for name, amount in expression.items():
        shown = amount * mimic if name in MIMIC else amount
        for unit, weight in EXPRESSIONS[name].items():
            factor = strength if unit.endswith(weak) else 1.0
            weights[f"unit-{unit}"] = weights.get(f"unit-{unit}", 0.0) + shown * weight * factor
    return weights
