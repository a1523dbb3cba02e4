"""Ranks every annotated disease for one patient: ``dysfw rank``."""
