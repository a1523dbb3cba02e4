"""Writes a recipe as ONNX files. Needs the extra ``export``: torch, onnx and onnxscript."""
