"""Face-embedding models in ONNX files as dysfw backbones, and the export of recipes to ONNX."""
