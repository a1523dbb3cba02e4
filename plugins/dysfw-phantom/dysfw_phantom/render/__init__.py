"""Renderer for phantoms: a sequential z-buffer rasteriser on the CPU, compiled by numba and reproducible to the bit.

Note for developers: numba's cache is invalidated only by changes to the file of the compiled function itself, not to the
functions it calls. After editing skin.py, eyes.py or cloth.py, touch shade.py (or delete __pycache__). After editing scalp.py,
touch hair.py.
"""
