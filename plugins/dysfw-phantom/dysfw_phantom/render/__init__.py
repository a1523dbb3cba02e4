"""Renderer for phantoms: a sequential z-buffer rasteriser on the CPU, compiled by numba and reproducible to the bit.

Note for developers: numba's cache is invalidated only by changes to the file of the compiled function itself, not to the
functions it calls. After editing skin.py, eyes.py or cloth.py, touch shade.py; after editing scalp.py, touch hair.py. Or delete
the folder numba in dysfw's cache.
"""

from .. import compiled_code as _compiled_code  # noqa: F401  # an error that says what to do, before numba's
