"""How fast dysfw is, beside what it could be: see ``__main__.py``."""
