"""The public Python API: what plugins and programs may import and rely on. The reference of Python is generated from it."""

# A package stands for all modules in it.
PUBLIC = (
    "dysfw.components",
    "dysfw.types",
    "dysfw.registry.hookspecs",
    "dysfw.alignment",
    "dysfw.geometry",
    "dysfw.imaging",
    "dysfw.selection",
    "dysfw.folds",
    "dysfw.torchkit",
    "dysfw.weights",
    "dysfw.files",
    "dysfw.errors",
)
