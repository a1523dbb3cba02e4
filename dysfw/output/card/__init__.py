"""A result as an HTML card."""
