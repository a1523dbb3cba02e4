"""Results as text, pages, figures and files."""
