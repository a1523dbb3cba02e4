"""A schemathesis hook: every second request gets a valid image, which schemathesis cannot generate."""

import os
from pathlib import Path

import schemathesis

_calls = [0]


@schemathesis.hook
def map_body(context, body):
    if isinstance(body, dict) and _are_files(body.get("images")):
        _calls[0] += 1
        if _calls[0] % 2:
            body["images"] = [Path(os.environ["VALID_IMAGE"]).read_bytes()]
    return body


def _are_files(images):
    """Whether these are files of a form, not the ids of kept images in JSON."""
    return (
        isinstance(images, list) and images and all(isinstance(one, bytes) or type(one).__name__ == "Binary" for one in images)
    )
