"""Runs a program under strace, in a network of its own, and lists what it created, changed and contacted.

The network is a namespace with a card that leads nowhere, so that programs see a network and try to use it, and nothing leaves.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

TOOLS = ("strace", "unshare", "setpriv", "ip", "mount")
NETWORK = ("connect", "sendto", "sendmsg", "sendmmsg")
CHANGES = (
    *("open", "openat", "openat2", "creat", "mkdir", "mkdirat", "mknod", "mknodat", "truncate"),
    *("rename", "renameat", "renameat2", "link", "linkat", "symlink", "symlinkat", "unlink", "unlinkat", "rmdir"),
    *("chmod", "fchmodat", "chown", "lchown", "fchownat", "utimensat"),
)
WRITES = re.compile(r"O_(WR|RDWR|CREAT|TRUNC|APPEND)")
CALL = re.compile(r"^(?P<name>\w+)\((?P<arguments>.*)\)\s+= (?P<result>-?\d+|0x[0-9a-f]+|\?)(?P<rest>.*)$")
PATH = re.compile(r'(?:(?P<base>(?:AT_FDCWD|\d+)<(?P<folder>[^>]*)>), )?"(?P<path>(?:[^"\\]|\\.)*)"')
ADDRESS = re.compile(r'(?:inet_addr\(|inet_pton\(AF_INET6, )"([^"]+)"')
PORT = re.compile(r"sin6?_port=htons\((\d+)\)")
DNS = 53
NOBODY = "61234"  # a user that no system lists
# Reading what root owns is allowed, because Python itself may be in root's home; writing is not.
READING = (
    *("--inh-caps=+dac_read_search", "--ambient-caps=+dac_read_search", "--bounding-set=-all,+dac_read_search"),
    "--securebits=+no_setuid_fixup",  # otherwise access() ignores this right
)
TIME_LIMIT = 300  # s
# A network card that leads nowhere, of whichever kind the kernel has. Some libraries try nothing if they see only the loopback.
NETWORK_SETUP = (
    "ip link set lo up",
    "(ip link add card type dummy || ip link add card type veth peer name other || ip link add card type bridge) 2>/dev/null",
    "ip addr add 192.0.2.7/24 dev card",
    "ip link set card up",
    "ip route add default via 192.0.2.1",
)


@dataclass(frozen=True)
class Home:
    """A state of the home folder.

    Attributes:
        name: Its name.
        folder: What HOME says; None removes HOME.
        read_only: Whether the folder is mounted read-only.
        listed: Whether the user is root; otherwise one that is not in the list of users, and has no rights to write.
    """

    name: str
    folder: Path | None
    read_only: bool = False
    listed: bool = True


@dataclass
class Seen:
    """What a program did.

    Attributes:
        code: Its exit code.
        output: What it printed.
        changed: Paths that it created, opened for writing, renamed or deleted.
        contacted: Addresses and look-ups outside this machine, one line each.
        programs: Programs that it started.
        shared_memory: What it left in the shared memory.
    """

    code: int
    output: str
    changed: set[Path] = field(default_factory=set)
    contacted: list[str] = field(default_factory=list)
    programs: set[str] = field(default_factory=set)
    shared_memory: list[str] = field(default_factory=list)

    def outside(self, *allowed: Path) -> list[Path]:
        """The changed paths that are in none of these folders, nor devices or entries of /proc."""
        folders = [*map(os.path.realpath, allowed), "/dev", "/proc"]
        return sorted(p for p in self.changed if not any(p.is_relative_to(f) for f in folders))


def require_tools() -> None:
    """Fail, rather than skip, if something that watches is missing."""
    missing = [tool for tool in TOOLS if shutil.which(tool) is None]
    assert not missing, f"this test needs {', '.join(missing)}: apt-get install strace util-linux iproute2 mount"


def watched(command: list[str], home: Home, cwd: Path, logs: Path, environment: Mapping[str, str]) -> Seen:
    """Run a program and watch it and all its children.

    Args:
        command: The program and its arguments.
        home: The state of the home folder.
        cwd: The folder to start in.
        logs: A folder for strace's files.
        environment: The program's environment, without HOME.

    Returns:
        What it did.
    """
    variables = dict(environment) | ({} if home.folder is None else {"HOME": str(home.folder)})
    script = [*NETWORK_SETUP, "mount -t tmpfs -o mode=1777 none /dev/shm"]
    if home.read_only:
        script.append('mount --bind "$HOME_FOLDER" "$HOME_FOLDER" && mount -o remount,bind,ro "$HOME_FOLDER"')
    ending = 'code=$?; ls -A /dev/shm > "$LOGS/shared-memory"; exit $code'
    calls = ",".join((*NETWORK, *CHANGES, "execve"))
    tracer = ["strace", "-ff", "--seccomp-bpf", "-qqq", "-y", "-s", "300", "-o", str(logs / "trace"), "-e", f"trace={calls}"]
    user = [] if home.listed else ["setpriv", f"--reuid={NOBODY}", f"--regid={NOBODY}", "--clear-groups", *READING]
    whole = ["env", "-i", *(f"{name}={value}" for name, value in variables.items()), *command]
    unshare = ["unshare", "--net", "--mount", *([] if os.geteuid() == 0 else ["--map-root-user"])]
    words = [*unshare, "sh", "-c", f'{" && ".join(script)} || exit 99; "$@"; {ending}', "sh", *tracer, *user, *whole]
    ran = subprocess.run(
        words, cwd=cwd, env=os.environ | {"HOME_FOLDER": str(home.folder), "LOGS": str(logs)}, stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=TIME_LIMIT, text=True, errors="replace", check=False,
    )  # fmt: skip
    files = sorted(logs.glob("trace.*"))
    assert files, f"strace could not watch: {ran.stdout}"
    seen = Seen(ran.returncode, ran.stdout, shared_memory=(logs / "shared-memory").read_text().split())
    for file in files:
        for line in file.read_text(errors="replace").splitlines():
            _note(line, cwd, seen)
    return seen


def _note(line: str, cwd: Path, seen: Seen) -> None:
    call = CALL.match(line)
    if call is None:  # a signal, or a call that the end of the process cut off
        return
    name, arguments, succeeded = call["name"], call["arguments"], not call["result"].startswith("-")
    if name in NETWORK:
        if outside := _outside_address(arguments):
            seen.contacted.append(f"{name} {outside}")
    elif name == "execve":
        if succeeded and (path := PATH.search(arguments)):
            seen.programs.add(Path(path["path"]).name)
    elif name in CHANGES and succeeded and (not name.startswith("open") or WRITES.search(arguments)):
        paths = list(_paths(arguments, cwd))
        seen.changed |= set(paths[-1:] if "link" in name else paths)  # of a link only its own path, not that of its target


def _paths(arguments: str, cwd: Path) -> Iterator[Path]:
    for match in PATH.finditer(arguments):
        folder = match["folder"] or str(cwd)
        text = match["path"].encode().decode("unicode_escape").encode("latin-1").decode(errors="replace")
        yield Path(os.path.normpath(Path(folder.removesuffix(" (deleted)")) / text))


def _outside_address(arguments: str) -> str:
    """The address, if it is neither on this machine nor a way to the name server; "" otherwise."""
    if "AF_UNIX" in arguments:
        return "name server of systemd" if "systemd/resolve" in arguments or "nss-resolve" in arguments else ""
    if "AF_INET" not in arguments or "AF_UNSPEC" in arguments:
        return ""
    address, port = ADDRESS.search(arguments), PORT.search(arguments)
    text = address[1] if address else "?"
    local = text.startswith(("127.", "::ffff:127.")) or text in ("::1", "0.0.0.0", "::")  # noqa: S104
    if local and (port is None or int(port[1]) != DNS):
        return ""
    return f"{text} port {port[1] if port else '?'}"
