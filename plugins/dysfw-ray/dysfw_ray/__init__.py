"""A dysfw runner for `dysfw batch` on a Ray cluster."""
