"""Trains recipes, and writes them as bundles."""
