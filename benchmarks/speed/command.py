"""The command line: selects measurements, runs each in a process, and prints their rows."""

from __future__ import annotations

import argparse
import importlib
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
import traceback
from pathlib import Path

from .table import Row, markdown
from .timing import Settings, busy, describe_machine, machine, progress

FOLDER = Path(__file__).parent
NAMES = (
    "runtimes", "backbone", "compiled", "precision", "overhead", "dlib_backbone", "pipeline", "cache", "startup", "memory",
    "ray_runner", "stages", "detector", "busy",
)  # fmt: skip
MAX_OTHERS = 0.1  # fraction of the cores that other programs may use


def main(description: str | None = None) -> int:
    """Run the command. Exit code 1 if a measurement failed; a missing package is not a failure."""
    arguments = _parser(description).parse_args()
    settings = Settings(arguments.quick, arguments.data.absolute() if arguments.data else None)
    names, this_machine = arguments.names or list(NAMES), machine()
    rows: dict[str, list[Row]] = {}
    others: dict[str, float] = {}
    for name in names:
        if arguments.here:
            rows[name] = measure(name, settings)
        else:
            rows[name], others[name] = measure_in_process(name, settings)
    print(markdown([row for group in rows.values() for row in group]))
    if others:
        print(f"\nCores used by other programs: {', '.join(f'{name} {o:.1f}' for name, o in others.items())}")
    print(f"\n{'Quick' if settings.quick else 'Full'}; {describe_machine(this_machine)}")
    if arguments.json:
        records = [row.record() | {"measurement": name} for name, group in rows.items() for row in group]
        content = {"quick": settings.quick, "machine": this_machine, "others": others, "rows": records}
        arguments.json.write_text(json.dumps(content, indent=1, ensure_ascii=False) + "\n", "utf-8")
    return int(any(row.failed for group in rows.values() for row in group))


def measure(name: str, settings: Settings) -> list[Row]:
    """Run one measurement in this process."""
    progress(f"{name} …")
    started = time.perf_counter()
    try:
        rows: list[Row] = importlib.import_module(f"{__package__}.{name}").rows(settings)
    except ModuleNotFoundError as error:
        return [Row(what=name, problem=f"not installed: {error.name}")]
    except Exception as error:
        traceback.print_exc()
        return [Row(what=name, problem=f"failed: {type(error).__name__}: {error}".splitlines()[0], failed=True)]
    progress(f"{name}: {time.perf_counter() - started:.0f} s")
    return rows


def measure_in_process(name: str, settings: Settings) -> tuple[list[Row], float]:
    """Run one measurement in a new process, so that it does not influence the next one.

    Returns:
        The rows, and the number of cores that other programs used.
    """
    with tempfile.TemporaryDirectory() as scratch:
        file = Path(scratch) / "rows.json"
        command = [sys.executable, str(FOLDER), name, "--here", "--json", str(file), *(["--quick"] if settings.quick else [])]
        command += ["--data", str(settings.data)] if settings.data else []
        started, total, children = time.perf_counter(), busy(), _child_seconds()
        code = subprocess.run(command, stdout=subprocess.DEVNULL, check=False).returncode  # noqa: S603
        others = max(0.0, (busy() - total - (_child_seconds() - children)) / (time.perf_counter() - started))
        if not file.exists():
            return [Row(what=name, problem=f"failed: its process ended with code {code}", failed=True)], others
        records = json.loads(file.read_text("utf-8"))["rows"]
    others_busy = {"busy": others > MAX_OTHERS * (os.cpu_count() or 1)}
    return [Row.model_validate({key: record[key] for key in Row.model_fields} | others_busy) for record in records], others


def _child_seconds() -> float:
    """Processor time of all child processes that have ended, s."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def _parser(description: str | None) -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python benchmarks/speed", description=description, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("names", nargs="*", metavar="NAME", type=_name, help=", ".join(NAMES))
    parser.add_argument("--quick", action="store_true", help="small sizes")
    parser.add_argument("--json", type=Path, metavar="FILE", help="also write the table to this file")
    parser.add_argument("--data", type=Path, metavar="DIR", help="a folder of phantoms")
    parser.add_argument("--here", action="store_true", help=argparse.SUPPRESS)  # run in this process
    return parser


def _name(text: str) -> str:
    if text not in NAMES:
        raise argparse.ArgumentTypeError(f"{text!r} is not one of {', '.join(NAMES)}")
    return text
