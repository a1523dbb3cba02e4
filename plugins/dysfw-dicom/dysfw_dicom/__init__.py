"""A dysfw decoder for photos in DICOM files."""

import dysfw  # noqa: F401  # first: it keeps the libraries below from sending usage data and from writing elsewhere
