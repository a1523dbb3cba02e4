"""Imported before numba's functions: explains the one thing that they need from the machine."""

import os

from dysfw.plugin import DysfwError

# dysfw sets this variable to a folder in its cache, or to a temporary one. It is unset only if neither can be written; numba
# would then refuse to define its functions.
if not os.environ.get("NUMBA_CACHE_DIR"):
    raise DysfwError(
        "phantoms cannot be rendered, since neither the home folder nor the temporary folder can be written: the compiled "
        "renderer has no place",
        hint="set DYSFW_CACHE or TMPDIR to a folder that can be written",
    )
