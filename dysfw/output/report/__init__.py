"""Evaluation and comparison reports in HTML and for the terminal."""
