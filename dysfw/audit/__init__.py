"""Audit of a data set for shortcut features."""
