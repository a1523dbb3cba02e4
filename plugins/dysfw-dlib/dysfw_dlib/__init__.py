"""dlib's face-recognition network as a dysfw backbone, and dlib's two face detectors."""

import dysfw  # noqa: F401  # first: it keeps the libraries below from sending usage data and from writing elsewhere
