"""Built-in evidence."""
