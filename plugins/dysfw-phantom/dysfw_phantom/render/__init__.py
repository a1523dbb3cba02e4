"""Draws phantoms: a z-buffer rasteriser on the CPU, compiled by numba, sequential and so the same bits everywhere."""
