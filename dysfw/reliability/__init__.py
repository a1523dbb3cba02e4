"""When a prediction can be trusted: calibration, prediction sets, out-of-distribution detection and image quality."""
