"""A schemathesis hook: every second request gets a valid image, which schemathesis cannot generate."""

import os
from pathlib import Path

import schemathesis

_calls = [0]


@schemathesis.hook
def map_body(context, body):
    if isinstance(body, dict) and "images" in body:
        _calls[0] += 1
        if _calls[0] % 2:
            body["images"] = [Path(os.environ["VALID_IMAGE"]).read_bytes()]
    return body
