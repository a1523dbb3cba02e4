"""MTCNN as a dysfw detector and FaceNet as a dysfw backbone, with facenet-pytorch's networks."""

import dysfw  # noqa: F401  # first: it keeps the libraries below from sending usage data and from writing elsewhere
