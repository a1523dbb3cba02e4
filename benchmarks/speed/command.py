"""The command: which measurements, in which processes, and what becomes of their rows."""

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
from .timing import Settings, busy, machine, progress, told

FOLDER = Path(__file__).parent
NAMES = (
    "backbone", "compiled", "precision", "tax", "dlib_trunk", "pipeline", "cache", "startup", "memory", "ray_runner", "stages",
)  # fmt: skip
QUIET = 0.1  # of the cores: what other programs may take


def main(description: str | None = None) -> int:
    """Exit code 1 where a measurement failed; one that is missing something is only a row that says so."""
    arguments = _parser(description).parse_args()
    settings = Settings(arguments.quick, arguments.data.absolute() if arguments.data else None)
    names, where = arguments.names or list(NAMES), machine()
    rows: dict[str, list[Row]] = {}
    others: dict[str, float] = {}
    for name in names:
        if arguments.here:
            rows[name] = measured(name, settings)
        else:
            rows[name], others[name] = apart(name, settings)
    print(markdown([row for own in rows.values() for row in own]))
    if others:
        print(f"\nCores that other programs took meanwhile: {', '.join(f'{name} {o:.1f}' for name, o in others.items())}")
    print(f"\n{'Quick' if settings.quick else 'Full'}; {told(where)}")
    if arguments.json:
        records = [row.record() | {"measurement": name} for name, own in rows.items() for row in own]
        content = {"quick": settings.quick, "machine": where, "others": others, "rows": records}
        arguments.json.write_text(json.dumps(content, indent=1, ensure_ascii=False) + "\n", "utf-8")
    return int(any(row.failed for own in rows.values() for row in own))


def measured(name: str, settings: Settings) -> list[Row]:
    """The rows of one measurement, made in this process."""
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


def apart(name: str, settings: Settings) -> tuple[list[Row], float]:
    """The same in a process of its own, so that nothing that one measurement leaves behind weighs on the next; and how many
    cores other programs took meanwhile."""
    with tempfile.TemporaryDirectory() as scratch:
        file = Path(scratch) / "rows.json"
        command = [sys.executable, str(FOLDER), name, "--here", "--json", str(file), *(["--quick"] if settings.quick else [])]
        command += ["--data", str(settings.data)] if settings.data else []
        started, total, own = time.perf_counter(), busy(), _own()
        code = subprocess.run(command, stdout=subprocess.DEVNULL, check=False).returncode
        others = max(0.0, (busy() - total - (_own() - own)) / (time.perf_counter() - started))
        if not file.exists():
            return [Row(what=name, problem=f"failed: its process ended with code {code}", failed=True)], others
        records = json.loads(file.read_text("utf-8"))["rows"]
    seen = {"busy": others > QUIET * (os.cpu_count() or 1)}
    return [Row.model_validate({key: record[key] for key in Row.model_fields} | seen) for record in records], others


def _own() -> float:
    """s of a core that our processes took, those that have ended."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def _parser(description: str | None) -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python benchmarks/speed", description=description, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("names", nargs="*", metavar="NAME", type=_name, help=", ".join(NAMES))
    parser.add_argument("--quick", action="store_true", help="small sizes")
    parser.add_argument("--json", type=Path, metavar="FILE", help="the table to this file too")
    parser.add_argument("--data", type=Path, metavar="DIR", help="a folder of phantoms")
    parser.add_argument("--here", action="store_true", help=argparse.SUPPRESS)  # the one measurement, in this process
    return parser


def _name(text: str) -> str:
    if text not in NAMES:
        raise argparse.ArgumentTypeError(f"{text!r} is none of {', '.join(NAMES)}")
    return text
