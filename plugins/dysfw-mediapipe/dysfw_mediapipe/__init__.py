"""MediaPipe's face mesh as a dysfw segmenter, and BlazeFace as a dysfw detector."""

import dysfw  # noqa: F401  # first: it keeps the libraries below from sending usage data and from writing elsewhere
