"""The program in processes of its own, in which the toys are installed."""

import os
import subprocess
import sys
from pathlib import Path

TESTS = Path(__file__).parents[1]
DYSFW = Path(sys.executable).with_name("dysfw")
TOYS = [str(TESTS / "toys"), str(TESTS / "toys_installed")]


class Programs:
    """Starts them, and ends those that are left."""

    def __init__(self) -> None:
        self._running: list[subprocess.Popen] = []

    def start(self, *arguments: object) -> subprocess.Popen:
        path = os.pathsep.join([*TOYS, os.environ.get("PYTHONPATH", "")])
        environment = os.environ | {"PYTHONPATH": path, "OMP_NUM_THREADS": "1"}
        command = [str(DYSFW), *map(str, arguments)]
        process = subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        self._running.append(process)
        return process

    def end(self) -> None:
        for process in self._running:
            process.kill()
            process.communicate()
