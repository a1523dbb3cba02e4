"""MediaPipe's face mesh as a dysfw segmenter, and BlazeFace as a dysfw detector."""
