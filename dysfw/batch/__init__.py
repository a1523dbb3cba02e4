"""Predictions for many images, written to one table."""
