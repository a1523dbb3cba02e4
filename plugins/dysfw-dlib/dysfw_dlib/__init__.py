"""dlib's face-recognition ResNet as a dysfw backbone, without dlib; and, with dlib, its two face detectors."""
