"""Draws phantoms: a z-buffer rasteriser on the CPU, compiled by numba, sequential and so the same bits everywhere.

For those who edit it: numba's cache notices only a change of a compiled function's own file, not of what it calls. After a
change of skin.py, eyes.py or cloth.py touch shade.py (or remove __pycache__), after one of scalp.py touch hair.py.
"""
