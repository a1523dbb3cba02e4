"""Example of a dysfw plugin: the segmenter ``facial_thirds``."""
