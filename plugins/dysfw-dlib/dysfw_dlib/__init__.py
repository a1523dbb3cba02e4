"""dlib's face-recognition network as a dysfw backbone, and dlib's two face detectors."""
