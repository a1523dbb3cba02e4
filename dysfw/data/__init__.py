"""Labelled data sets: reading, checks, duplicates and conditions."""
