"""Typical faces: synthetic faces with the signs of a condition, to look at."""
