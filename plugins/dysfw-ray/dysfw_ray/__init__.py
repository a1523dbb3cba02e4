"""``dysfw batch`` on a Ray cluster."""
