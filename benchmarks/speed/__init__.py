"""Speed benchmarks; see ``__main__.py``."""
