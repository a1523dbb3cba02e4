"""The public Python API: what plugins and programs may import and rely on. The reference of Python is generated from it.

Within one minor version (0.1.x) what stands here only grows. What is not here may change without notice.
"""

# A package stands for all modules in it.
PUBLIC = (
    "dysfw.components",
    "dysfw.types",
    "dysfw.kinds",
    "dysfw.registry.hookspecs",
    "dysfw.errors",
    "dysfw.alignment",
    "dysfw.geometry",
    "dysfw.imaging",
    "dysfw.selection",
    "dysfw.folds",
    "dysfw.torchkit",
    "dysfw.weights",
    "dysfw.weightfile",
    "dysfw.files",
    "dysfw.data.read",
    "dysfw.recipe.document",
    "dysfw.recipe.problems",
    "dysfw.text",
    "dysfw.progress",
    "dysfw.cli.terminal",
    "dysfw.testing.kit",
    "dysfw.testing.parametrise",
    "dysfw.testing.outcome",
    "dysfw.testing.examples",
    "dysfw.testing.site",
    "dysfw.testing.server",
    "dysfw.pytest_plugin",
)
