"""The decoders that come with the core."""
