"""The web page and HTTP API of ``dysfw serve``."""
