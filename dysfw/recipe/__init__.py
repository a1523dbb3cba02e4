"""Reading, composing and checking of recipes."""
