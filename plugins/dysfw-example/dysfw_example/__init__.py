"""An example of a dysfw plugin."""
