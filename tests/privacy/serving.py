"""Starts ``dysfw serve`` with a bundle, sends it an image, and stops it as a user would."""

import re
import signal
import subprocess
import sys
from pathlib import Path

import requests

from dysfw.serve.client import Client

bundle, image = sys.argv[1:]
program = str(Path(sys.executable).with_name("dysfw"))
command = [program, "serve", bundle, "--port", "0"]
server = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
printed = ""
for line in server.stdout:
    printed += line
    if found := re.search(r"http://\S+", line):
        break
else:
    sys.exit(f"the server ended: {printed}")
with Client(found[0]) as client:
    client.predict(image)
    client.write([image], "pdf")
base, _, token = found[0].partition("/?token=")
headers = {"Authorization": f"Bearer {token}"}
with Path(image).open("rb") as file:
    kept = requests.post(f"{base}/v1/images", files={"images": file}, headers=headers, timeout=60).json()["images"][0]
record = {"observed": ["HP:0000664"], "age": 3}
answers = [
    requests.post(f"{base}/v1/{path}", json=body, headers=headers, timeout=60)
    for path, body in (
        ("predictions", {"images": [{"id": kept["id"]}], "record": record, "maps": True, "format": "pdf"}),
        ("records", record),
        ("comparisons", {"condition": "OMIM:122470", "record": record}),
        ("rankings", {"record": record}),
        ("images/forget", {"ids": [kept["id"]]}),
    )
]
answers += [
    requests.get(base + path, headers=headers, timeout=60)
    for path in ("/v1/terms?q=synophrys", "/v1/conditions/OMIM:122470/faces/0?sex=female", "/v1/card", "/v1/bundle")
]
if failed := [one.text for one in answers if one.status_code >= 400]:
    sys.exit(f"refused: {failed}")
server.send_signal(signal.SIGINT)
server.communicate(timeout=60)
sys.exit(server.returncode)
