"""A dysfw runner for `dysfw batch` on a Ray cluster."""

import dysfw  # noqa: F401  # first: it keeps the libraries below from sending usage data and from writing elsewhere
