"""Defaults of cross-validation."""

FOLDS = 5
REPEATS = 3
