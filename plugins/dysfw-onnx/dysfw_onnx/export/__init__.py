"""The export of a pipeline to ONNX, see ``dysfw export``."""
