"""A server with a toy bundle in a process of its own: ``toy_server.py BUNDLE PORT MEBIBYTES``."""

import sys
from importlib import metadata
from pathlib import Path

from dysfw.inference.loading import open_pipeline
from dysfw.knowledge.load import Knowledge
from dysfw.registry.host import load_plugins
from dysfw.registry.registry import Registry
from dysfw.serve.server import listening, server_of
from dysfw.serve.settings import MIB, Settings

bundle, port, mebibytes = Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3])
points = [point for point in metadata.entry_points(group="dysfw") if point.name == "builtin"]
toys = Registry(load_plugins(entry_points=[*points, metadata.EntryPoint("toys", "dysfw_toys.plugin", "dysfw")]))
settings = Settings(token=None, port=port, keep_memory=mebibytes * MIB)
server_of(open_pipeline(bundle, toys), settings, Knowledge()).run(sockets=[listening("127.0.0.1", port)])
