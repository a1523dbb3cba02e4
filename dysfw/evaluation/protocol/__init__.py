"""Evaluation protocols: which images are compared with which galleries, and how rankings of conditions are scored."""
