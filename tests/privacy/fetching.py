"""Fetches weights from a server on this machine, by the command, with a plugin that registers them."""

import os
import subprocess
import sys
from pathlib import Path

from dysfw.testing.weights_server import WeightsServer

HOOKS = """\
from dysfw.plugin import WeightsSpec, hookimpl

@hookimpl
def dysfw_weights():
    return [{spec}]
"""
site = Path(sys.argv[1]) / "site"
info = site / "faces_plugin-1.0.dist-info"
info.mkdir(parents=True)
(info / "METADATA").write_text("Metadata-Version: 2.1\nName: faces-plugin\nVersion: 1.0\n")
(info / "entry_points.txt").write_text("[dysfw]\nfaces = faces_plugin_hooks\n")
with WeightsServer() as server:
    (site / "faces_plugin_hooks.py").write_text(HOOKS.format(spec=server.publish("faces.bin", b"weights" * 9999)))
    environment = os.environ | {"PYTHONPATH": os.pathsep.join([str(site), os.environ.get("PYTHONPATH", "")])}
    ran = subprocess.run([Path(sys.executable).with_name("dysfw"), "weights", "fetch", "faces"], env=environment, check=False)
    assert bool(server.requests) == (ran.returncode == 0)
sys.exit(ran.returncode)
