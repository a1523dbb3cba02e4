"""Reads and decodes image files; each format has its decoder, which a plugin can provide."""
