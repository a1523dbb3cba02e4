"""Face-embedding models in ONNX files as dysfw backbones, and the export of recipes to ONNX."""

import dysfw  # noqa: F401  # first: it keeps the libraries below from sending usage data and from writing elsewhere
