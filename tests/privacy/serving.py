"""Starts ``dysfw serve`` with a bundle, sends it an image, and stops it as a user would."""

import re
import signal
import subprocess
import sys
from pathlib import Path

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
server.send_signal(signal.SIGINT)
server.communicate(timeout=60)
sys.exit(server.returncode)
