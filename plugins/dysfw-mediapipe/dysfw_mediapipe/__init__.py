"""MediaPipe's face mesh as a dysfw segmenter."""
