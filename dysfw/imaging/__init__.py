"""Images: decoding, geometry, alignment, cropping and harmonisation."""
