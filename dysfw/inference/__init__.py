"""Applies recipes to images."""
