"""Creates a new plugin from templates, for ``dysfw new``."""
