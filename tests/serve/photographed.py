"""Hooks for schemathesis: every second request holds a photograph that can be judged, which it could not make up."""

import os
from pathlib import Path

import schemathesis

_turn = [0]


@schemathesis.hook
def map_body(context, body):
    if isinstance(body, dict) and "images" in body:
        _turn[0] += 1
        if _turn[0] % 2:
            body["images"] = [Path(os.environ["PHOTOGRAPH"]).read_bytes()]
    return body
