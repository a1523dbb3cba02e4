"""Any face-embedding model in an ONNX file as a dysfw backbone."""
