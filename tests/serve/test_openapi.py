"""The API keeps its own description: whatever schemathesis makes of it is answered as it says, and never by a fault."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

HERE = Path(__file__).parent
CASES = "40"  # of each operation, beside those of every limit and every field
# That a request is well formed does not make what it holds a photograph.
NO_IMAGE = "positive_data_acceptance"


def test_the_api_is_described_as_it_is(server):
    document = server.get("/openapi.json").json()
    assert set(document["paths"]) == {"/v1/predictions", "/v1/bundle", "/healthz", "/readyz", "/metrics"}
    form = document["paths"]["/v1/predictions"]["post"]["requestBody"]["content"]["multipart/form-data"]["schema"]
    assert set(form["properties"]) == {
        "images",
        "faces",
        "face",
        "patient",
        "explain",
        "why",
        "maps",
        "photograph",
        "top",
        "format",
    }
    assert form["required"] == ["images"]
    assert "null" not in str(form)


@pytest.mark.parametrize("images", [False, True], ids=["whatever", "images"])
def test_what_is_made_of_the_description_is_answered_as_it_says(server, paint, tmp_path, images):
    """Also with photographs that can be judged, which schemathesis cannot make up; what it holds to be no photograph then is
    one, so that a refusal is not expected."""
    excluded, hooks = NO_IMAGE, {}
    if images:
        excluded += ",negative_data_rejection"
        hooks = {"SCHEMATHESIS_HOOKS": "photographed", "PHOTOGRAPH": str(paint("a.png", (200, 40, 40)))}
    ran = subprocess.run(
        [
            str(Path(sys.executable).parent / "schemathesis"), "run", f"{server.url}/openapi.json",
            "-H", "Authorization: Bearer the-right-token", "--max-examples", CASES, "--exclude-checks", excluded,
            "--continue-on-failure", "--no-color", "--seed", "1", "--generation-deterministic",
        ],
        env=os.environ | hooks | {"PYTHONPATH": str(HERE)}, cwd=tmp_path,
        capture_output=True, text=True, timeout=300, check=False,
    )  # fmt: skip
    assert ran.returncode == 0, ran.stdout[-5000:] + ran.stderr[-2000:]
    assert int(re.search(r"(\d+) generated, \1 passed", ran.stdout)[1]) > 100, ran.stdout[-2000:]
    answers = dict(re.findall(r'path="/v1/predictions",status="(\d+)"} (\d+)', server.get("/metrics").text))
    assert ("200" in answers) is images
    assert "500" not in answers
