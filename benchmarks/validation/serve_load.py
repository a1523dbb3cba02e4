"""How `dysfw serve` bears many clients: throughput, waiting, memory, and whether every answer is the right one.

    dysfw phantom dataset demo -o out/demo
    python benchmarks/validation/serve_load.py recipes/dlib.yaml out/demo --clients 1 4 16 32 --minutes 2

Starts the server, judges every photograph once by itself, then has clients ask for random ones without a pause until the time
is over, and compares each answer with the first. Prints a row for each number of clients.
"""

from __future__ import annotations

import argparse
import random
import re
import subprocess
import sys
import threading
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import requests

TOLERANCE = 2e-6  # probabilities are written with six digits; photographs that go through together differ by 1.5e-7


@dataclass
class Load:
    address: str
    token: str
    images: dict[Path, bytes]
    wanted: dict[Path, dict] = field(default_factory=dict)
    waited: list[float] = field(default_factory=list)
    counted: Counter[str] = field(default_factory=Counter)
    end: float = 0.0

    def ask(self, session: requests.Session, path: Path) -> dict | None:
        """What is said of it; None where the server is busy."""
        answer = session.post(
            f"{self.address}/v1/predictions", files={"images": (path.name, self.images[path])},
            headers={"Authorization": f"Bearer {self.token}"}, timeout=120,
        )  # fmt: skip
        if answer.status_code == 503:
            return None
        if answer.status_code not in {200, 422}:
            self.counted[f"status {answer.status_code}"] += 1
            return {}
        return answer.json()["predictions"][0]

    def client(self, seed: int) -> None:
        draw, session = random.Random(seed), requests.Session()  # noqa: S311  # no secret
        while time.monotonic() < self.end:
            path, started = draw.choice(list(self.images)), time.monotonic()
            answer = self.ask(session, path)
            if answer is None:
                self.counted["busy"] += 1
                time.sleep(1)
            else:
                self.waited.append(time.monotonic() - started)
                self.counted["wrong"] += not _same(answer, self.wanted[path])

    def run(self, clients: int, seconds: float) -> str:
        self.waited, self.counted, self.end = [], Counter(), time.monotonic() + seconds
        threads = [threading.Thread(target=self.client, args=(n,)) for n in range(clients)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        p50, p99 = np.percentile(self.waited, [50, 99])
        told = f"{self.counted['wrong']} of {len(self.waited)}"
        return f"| {clients} | {len(self.waited) / seconds:.1f} | {p50:.2f} | {p99:.2f} | {self.counted['busy']} | {told} |"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("recipe")
    parser.add_argument("folder", type=Path)
    parser.add_argument("--clients", type=int, nargs="+", default=[1, 4, 16, 32])
    parser.add_argument("--minutes", type=float, default=1.0, help="for each number of clients")
    given = parser.parse_args()
    paths = sorted(path for path in given.folder.rglob("*") if path.suffix in {".jpg", ".png"})[:64]
    if not paths:
        sys.exit(f"{given.folder} holds no .jpg and no .png")
    command = [str(Path(sys.executable).parent / "dysfw"), "serve", given.recipe, "--port", "0"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as server:
        address, token = re.search(r"at (\S+)/\?token=(\S+)", server.stdout.readline()).groups()
        try:
            load = Load(address, token, {path: path.read_bytes() for path in paths})
            load.wanted = {path: load.ask(requests.Session(), path) for path in paths}
            print("| clients | answers/s | p50, s | p99, s | told to come back | wrong | memory, MiB |\n" + "| --- " * 7 + "|")
            for clients in given.clients:
                before = _memory(server.pid)
                print(f"{load.run(clients, given.minutes * 60)} {before} → {_memory(server.pid)} |", flush=True)
        finally:
            server.terminate()


def _same(one: dict, other: dict) -> bool:
    if one.get("image") != other["image"] or ("error" in one) != ("error" in other):
        return False
    if "error" in one:
        return one["error"] == other["error"]
    return all(abs(one["probabilities"][label] - p) <= TOLERANCE for label, p in other["probabilities"].items())


def _memory(pid: int) -> int:
    """Resident, MiB."""
    return int(re.search(r"VmRSS:\s+(\d+)", Path(f"/proc/{pid}/status").read_text())[1]) // 1024


if __name__ == "__main__":
    main()
