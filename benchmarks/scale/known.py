"""Keeps the result of each case, so that an interrupted run of the benchmark resumes with the same commit."""

from __future__ import annotations

import hashlib
import json
import subprocess
from dataclasses import astuple
from pathlib import Path
from typing import Any

from .case import Case

ROOT = Path(__file__).parents[2]


class Known:
    """Results of one state of the code, in a file of JSON lines.

    Attributes:
        state: The commit, and a hash of what was changed since, if anything was.
    """

    def __init__(self, folder: Path, threads: int) -> None:
        """Read the results that a folder holds of the present state of the code.

        Args:
            folder: Has a file for each state; it is created.
            threads: Threads for linear algebra, which change the results too.
        """
        self.state = _git("rev-parse", "--short=12", "HEAD") or "unknown"
        if changes := _git("diff", "HEAD", "--", "dysfw", "plugins", "benchmarks/scale", "recipes"):
            self.state += f"+{hashlib.sha256(changes.encode()).hexdigest()[:6]}"
        self._file = folder / f"{self.state}-{threads}.jsonl"
        folder.mkdir(parents=True, exist_ok=True)
        lines = self._file.read_text("utf-8").splitlines() if self._file.exists() else []
        self._results: dict[str, dict[str, Any]] = dict(json.loads(line) for line in lines)

    def get(self, case: Case) -> dict[str, Any] | None:
        """Return the result of a case; None if it is not known."""
        return self._results.get(_key(case))

    def put(self, case: Case, result: dict[str, Any]) -> None:
        """Keep the result of a case."""
        self._results[_key(case)] = result
        with self._file.open("a", encoding="utf-8") as file:
            file.write(json.dumps([_key(case), result]) + "\n")


def _key(case: Case) -> str:
    return " ".join(map(str, astuple(case)))


def _git(*arguments: str) -> str:
    ran = subprocess.run(["git", *arguments], cwd=ROOT, capture_output=True, text=True, check=False)  # noqa: S603, S607
    return ran.stdout.strip()
