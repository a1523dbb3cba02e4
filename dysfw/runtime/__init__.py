"""Executes networks: in torch, or as ONNX graphs in a runtime of a plugin."""
