"""The API conforms to its OpenAPI document: schemathesis generates requests from it."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from dysfw_toys.knowledge import toy_knowledge

pytestmark = pytest.mark.slow

HERE = Path(__file__).parent
MAX_EXAMPLES = "40"  # per operation, beside boundary values
# A valid request may still contain no image.
EXCLUDED_CHECK = "positive_data_acceptance"


def test_the_document_lists_all_operations_and_fields(server):
    document = server.get("/openapi.json").json()
    assert set(document["paths"]) == {
        "/v1/predictions", "/v1/images", "/v1/images/forget", "/v1/images/{id}", "/v1/images/{id}/preview",
        "/v1/images/{id}/maps/{face}/{region}", "/v1/terms", "/v1/records", "/v1/comparisons", "/v1/rankings",
        "/v1/conditions/{condition}/faces", "/v1/conditions/{condition}/faces/{number}",
        "/v1/conditions/{condition}/composite", "/v1/bundle", "/v1/card", "/healthz", "/readyz", "/metrics",
    }  # fmt: skip
    assert "HTTPValidationError" not in str(document)
    form = document["paths"]["/v1/predictions"]["post"]["requestBody"]["content"]["multipart/form-data"]["schema"]
    assert set(form["properties"]) == {
        "images",
        "faces",
        "face",
        "patient",
        "explain",
        "why",
        "maps",
        "show_image",
        "top",
        "format",
        "paper",
        "record",
    }
    assert form["required"] == ["images"]
    assert "null" not in str(form)


@pytest.mark.parametrize("images", [False, True], ids=["generated", "valid_images"])
def test_generated_requests_get_documented_responses(serving, paint, tmp_path, images):
    """With valid images too. These replace invalid ones, so that a rejection is no longer expected."""
    server = serving(knowledge=toy_knowledge())
    excluded, hooks = EXCLUDED_CHECK, {}
    if images:
        excluded += ",negative_data_rejection"
        hooks = {"SCHEMATHESIS_HOOKS": "valid_images", "VALID_IMAGE": str(paint("a.png", (200, 40, 40)))}
    completed = subprocess.run(
        [
            str(Path(sys.executable).parent / "schemathesis"), "run", f"{server.url}/openapi.json",
            "-H", "Authorization: Bearer the-right-token", "--max-examples", MAX_EXAMPLES, "--exclude-checks", excluded,
            "--continue-on-failure", "--no-color", "--seed", "1", "--generation-deterministic",
        ],
        env=os.environ | hooks | {"PYTHONPATH": str(HERE)}, cwd=tmp_path,
        capture_output=True, text=True, timeout=300, check=False,
    )  # fmt: skip
    assert completed.returncode == 0, completed.stdout[-5000:] + completed.stderr[-2000:]
    assert int(re.search(r"(\d+) generated, \1 passed", completed.stdout)[1]) > 100, completed.stdout[-2000:]
    responses = dict(re.findall(r'path="/v1/predictions",status="(\d+)"} (\d+)', server.get("/metrics").text))
    assert ("200" in responses) is images
    assert "500" not in responses
