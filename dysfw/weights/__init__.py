"""Finds, fetches, reads and writes weight files."""
