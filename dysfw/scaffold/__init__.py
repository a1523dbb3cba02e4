"""Writes a new plugin: for ``dysfw new``."""
