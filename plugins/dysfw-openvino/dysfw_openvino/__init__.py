"""OpenVINO as a dysfw runtime."""

import dysfw  # noqa: F401  # first: it keeps the libraries below from sending usage data and from writing elsewhere
