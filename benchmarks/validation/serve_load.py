"""`dysfw serve` with many clients: throughput, latency, memory, and correctness of every response.

    dysfw phantom dataset demo -o out/demo
    python benchmarks/validation/serve_load.py recipes/dlib.yaml out/demo --clients 1 4 16 32 --minutes 2

Starts the server, requests the prediction of each image once, then lets clients request random images without a pause, and
compares each response with the first one. Prints a row for each number of clients.
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

TOLERANCE = 2e-6  # probabilities are written with six digits; those of images in one batch differ by 1.5e-7


@dataclass
class Load:
    address: str
    token: str
    images: dict[Path, bytes]
    expected: dict[Path, dict] = field(default_factory=dict)
    latencies: list[float] = field(default_factory=list)
    counts: Counter[str] = field(default_factory=Counter)
    end: float = 0.0

    def request(self, session: requests.Session, path: Path) -> dict | None:
        """The prediction for an image; None if the server is busy."""
        response = session.post(
            f"{self.address}/v1/predictions", files={"images": (path.name, self.images[path])},
            headers={"Authorization": f"Bearer {self.token}"}, timeout=120,
        )  # fmt: skip
        if response.status_code == 503:
            return None
        if response.status_code not in {200, 422}:
            self.counts[f"status {response.status_code}"] += 1
            return {}
        return response.json()["predictions"][0]

    def client(self, seed: int) -> None:
        """Request random images until the end."""
        draw, session = random.Random(seed), requests.Session()  # noqa: S311  # no secret
        while time.monotonic() < self.end:
            path, started = draw.choice(list(self.images)), time.monotonic()
            prediction = self.request(session, path)
            if prediction is None:
                self.counts["busy"] += 1
                time.sleep(1)
            else:
                self.latencies.append(time.monotonic() - started)
                self.counts["wrong"] += not _same(prediction, self.expected[path])

    def run(self, clients: int, seconds: float) -> str:
        """Run the clients, and return the start of their table row."""
        self.latencies, self.counts, self.end = [], Counter(), time.monotonic() + seconds
        threads = [threading.Thread(target=self.client, args=(n,)) for n in range(clients)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        p50, p99 = np.percentile(self.latencies, [50, 99])
        wrong = f"{self.counts['wrong']} of {len(self.latencies)}"
        return f"| {clients} | {len(self.latencies) / seconds:.1f} | {p50:.2f} | {p99:.2f} | {self.counts['busy']} | {wrong} |"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("recipe")
    parser.add_argument("folder", type=Path)
    parser.add_argument("--clients", type=int, nargs="+", default=[1, 4, 16, 32])
    parser.add_argument("--minutes", type=float, default=1.0, help="for each number of clients")
    arguments = parser.parse_args()
    paths = sorted(path for path in arguments.folder.rglob("*") if path.suffix in {".jpg", ".png"})[:64]
    if not paths:
        sys.exit(f"{arguments.folder} contains no .jpg or .png files")
    command = [str(Path(sys.executable).parent / "dysfw"), "serve", arguments.recipe, "--port", "0"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as server:  # noqa: S603
        address, token = re.search(r"at (\S+)/\?token=(\S+)", server.stdout.readline()).groups()
        try:
            load = Load(address, token, {path: path.read_bytes() for path in paths})
            load.expected = {path: load.request(requests.Session(), path) for path in paths}
            print("| clients | responses/s | p50, s | p99, s | busy (503) | wrong | memory, MiB |\n" + "| --- " * 7 + "|")
            for clients in arguments.clients:
                before = _memory(server.pid)
                print(f"{load.run(clients, arguments.minutes * 60)} {before} → {_memory(server.pid)} |", flush=True)
        finally:
            server.terminate()


def _same(one: dict, other: dict) -> bool:
    if one.get("image") != other["image"] or ("error" in one) != ("error" in other):
        return False
    if "error" in one:
        return one["error"] == other["error"]
    return all(abs(one["probabilities"][label] - p) <= TOLERANCE for label, p in other["probabilities"].items())


def _memory(pid: int) -> int:
    """Resident memory of a process, MiB."""
    return int(re.search(r"VmRSS:\s+(\d+)", Path(f"/proc/{pid}/status").read_text("utf-8"))[1]) // 1024


if __name__ == "__main__":
    main()
