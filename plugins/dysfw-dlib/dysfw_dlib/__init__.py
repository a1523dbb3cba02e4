"""dlib's face-recognition ResNet as a dysfw backbone, without dlib."""
