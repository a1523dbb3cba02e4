"""Finds code that would not work on every system: Linux, macOS and Windows.

The core and the first-party plugins are written to run everywhere, but only Linux is tested. This check finds what is known
to be missing or different elsewhere, by name. Where such a name stands behind a test for the system, ALLOWED lists it, with the
reason. Text files without a stated encoding are ruff's business (PLW1514).

    python tools/lint/portable.py
"""

import ast
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]
FOLDERS = ("dysfw", "plugins/*/dysfw_*")
TEMPLATES = "scaffold/templates"  # what plugins start from; no Python yet

MODULES = {
    "fcntl", "resource", "termios", "tty", "pty", "pwd", "grp", "spwd", "syslog", "posix", "readline", "crypt", "nis", "curses",
    "msvcrt", "winreg", "nt", "_winapi", "winsound",
}  # fmt: skip
# Names of modules that some systems lack, or where they do something else.
NAMES = {
    "os": {
        "fork", "forkpty", "register_at_fork", "getuid", "geteuid", "getgid", "getegid", "getgroups", "getlogin",
        "getpgid", "getpgrp", "getsid", "setsid", "setuid", "setgid", "setpgid", "kill", "killpg", "nice", "wait",
        "wait3", "wait4", "waitid", "waitpid", "chmod", "chown", "lchown", "fchmod", "fchown", "mkfifo", "mknod",
        "symlink", "link", "pipe2", "pread", "pwrite", "readv", "writev", "sendfile", "posix_fadvise",
        "posix_fallocate", "sched_getaffinity", "sched_setaffinity", "sysconf", "confstr", "statvfs", "fstatvfs",
        "uname", "getloadavg", "sync", "fdatasync", "openpty", "ctermid", "memfd_create", "getrandom", "getxattr",
        "setxattr", "open", "rename", "system", "popen", "execv", "execvp", "spawnl", "umask", "chroot", "O_DIRECTORY",
        "O_NOFOLLOW", "O_CLOEXEC", "O_NONBLOCK", "O_SYNC", "O_DSYNC", "O_PATH", "O_TMPFILE", "environb", "EX_OK",
        "EX_USAGE", "EX_SOFTWARE", "EX_IOERR",
    },
    "signal": {
        "SIGALRM", "SIGHUP", "SIGKILL", "SIGUSR1", "SIGUSR2", "SIGCHLD", "SIGPIPE", "SIGQUIT", "SIGCONT", "SIGSTOP", "SIGTSTP",
        "SIGWINCH", "CTRL_C_EVENT", "CTRL_BREAK_EVENT", "setitimer", "getitimer", "ITIMER_REAL", "alarm", "pause", "sigwait",
        "pthread_kill", "pthread_sigmask", "siginterrupt", "set_wakeup_fd",
    },
    "socket": {"AF_UNIX", "socketpair", "send_fds", "recv_fds", "SO_REUSEPORT"},
    "select": {"select", "poll", "epoll", "kqueue", "devpoll"},  # on Windows sockets only, and no pipes
    "time": {"tzset", "clock_gettime", "clock_settime", "CLOCK_MONOTONIC"},
    "tempfile": {"NamedTemporaryFile"},  # Windows cannot open it again by its name
    "locale": {"nl_langinfo"},
    "multiprocessing": {"set_start_method", "Process", "Pool", "Queue", "Manager"},  # use get_context("spawn")
    "mmap": {"MAP_SHARED", "MAP_PRIVATE", "PROT_READ", "PROT_WRITE"},
    "ctypes": {"CDLL", "cdll"},
}  # fmt: skip
METHODS = {
    "chmod": "Windows knows no permissions but read-only",
    "symlink_to": "Windows needs a privilege for links",
    "hardlink_to": "not every file system has links",
    "rename": "Windows refuses if the target exists; use dysfw.util.atomic.replace_file, or list why there is none",
    "add_signal_handler": "Windows' event loops have none",
    "create_unix_server": "Windows has no such sockets",
    "owner": "Windows has no owners by name",
    "is_mount": "Windows has none",
}
ARGUMENTS = {"preexec_fn", "start_new_session", "process_group", "pass_fds", "umask", "user", "group"}  # of subprocess
PATHS = ("/dev/", "/proc/", "/sys/", "/tmp", "/etc/", "/usr/", "/var/", "/home/", "/root", "/bin/", "/opt/", "C:\\")  # noqa: S108

# (file, name): why it is right there.
ALLOWED = {
    ("dysfw/builtin/decoders/libtiff.py", "ctypes.CDLL"): "only files that exist on Linux and macOS",
    ("dysfw/cache/store.py", ".chmod"): "keeps others out where permissions exist, and does no harm elsewhere",
    ("dysfw/cli/main.py", "os.open"): "opens os.devnull, which every system has",
    ("dysfw/cli/utf8.py", "os.execv"): "not on Windows, where the new process would run beside the caller",
    ("dysfw/inference/batches.py", "ctypes.CDLL"): "on Linux only",
    ("dysfw/inference/devices.py", "ctypes.CDLL"): "whether NVIDIA's driver is there, by its name on each system",
    ("dysfw/inference/devices.py", "/dev/kfd"): "whether AMD's driver is there; elsewhere it does not exist",
    ("dysfw/inference/devices.py", "/dev/dxg"): "whether Windows lends a GPU; elsewhere it does not exist",
    ("dysfw/inference/devices.py", "/proc/cpuinfo"): "if it is missing, no features of the processor are assumed",
    ("dysfw/registry/time_limit.py", "signal.SIGALRM"): "behind hasattr(signal, 'setitimer')",
    ("dysfw/registry/time_limit.py", "signal.setitimer"): "behind hasattr(signal, 'setitimer')",
    ("dysfw/registry/time_limit.py", "signal.ITIMER_REAL"): "behind hasattr(signal, 'setitimer')",
    ("dysfw/scaffold/write.py", ".rename"): "the target does not exist",
    ("dysfw/training/composite_ledger.py", "os.open"): "the flags exist on every system; Windows ignores the mode",
    ("dysfw/training/gallery.py", ".rename"): "the target was moved away",
    ("dysfw/util/atomic.py", ".replace"): "in replace_file itself",
    ("dysfw/util/atomic.py", ".rename"): "the target was removed",
    ("dysfw/util/atomic.py", "os.open"): "opens a folder, not on Windows",
    ("dysfw/util/processors.py", "os.sched_getaffinity"): "behind hasattr",
    ("plugins/dysfw-phantom/dysfw_phantom/dataset.py", "os.sync"): "behind hasattr",
    ("plugins/dysfw-phantom/dysfw_phantom/dataset.py", ".rename"): "the target was removed",
    ("plugins/dysfw-ray/dysfw_ray/local_cluster.py", "/tmp"): "only where it exists; Ray's sockets need a short path",  # noqa: S108
}


@dataclass(frozen=True)
class Found:
    """A name that is not portable.

    Attributes:
        file: Path in the repository.
        line: Line, from 1.
        name: The name, as ALLOWED lists it.
        reason: What is wrong.
    """

    file: str
    line: int
    name: str
    reason: str


class Visitor(ast.NodeVisitor):
    """Collects what is not portable in one file."""

    def __init__(self, file: str) -> None:
        self.file = file
        self.found: list[Found] = []
        self._imported: dict[str, str] = {}  # names of this file: the module's name that they stand for
        self._docstrings: set[int] = set()

    def add(self, node: ast.AST, name: str, reason: str) -> None:
        self.found.append(Found(self.file, getattr(node, "lineno", 0), name, reason))

    def visit(self, node: ast.AST) -> None:
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef) and node.body:
            first = node.body[0]
            if isinstance(first, ast.Expr) and isinstance(first.value, ast.Constant):
                self._docstrings.add(id(first.value))
        super().visit(node)

    def visit_Import(self, node: ast.Import) -> None:
        for alias in node.names:
            top = alias.name.partition(".")[0]
            self._imported[alias.asname or top] = alias.name if alias.asname else top
            if top in MODULES:
                self.add(node, top, "not every system has this module")

    def visit_ImportFrom(self, node: ast.ImportFrom) -> None:
        module = node.module or ""
        if not node.level and module.partition(".")[0] in MODULES:
            self.add(node, module, "not every system has this module")
        for alias in node.names:
            if not node.level and alias.name in NAMES.get(module, ()):
                self.add(node, f"{module}.{alias.name}", "not every system has this, or it does something else there")

    def visit_Attribute(self, node: ast.Attribute) -> None:
        if isinstance(node.value, ast.Name):
            module = self._imported.get(node.value.id, "")
            if node.attr in NAMES.get(module, ()):
                self.add(node, f"{module}.{node.attr}", "not every system has this, or it does something else there")
        self.generic_visit(node)

    def visit_Call(self, node: ast.Call) -> None:
        called = node.func
        if isinstance(called, ast.Attribute) and not (isinstance(called.value, ast.Name) and called.value.id in self._imported):
            if called.attr in METHODS:
                self.add(node, f".{called.attr}", METHODS[called.attr])
            if called.attr == "replace" and len(node.args) == 1 and not node.keywords:
                self.add(node, ".replace", "Windows refuses while the target is open; use dysfw.util.atomic.replace_file")
            if called.attr == "strftime" and any(isinstance(a, ast.Constant) and "%-" in str(a.value) for a in node.args):
                self.add(node, ".strftime", "%- works with some C libraries only")
        name = called.attr if isinstance(called, ast.Attribute) else getattr(called, "id", "")
        if name == "get_context" and not (node.args and getattr(node.args[0], "value", "") in ("spawn", "loky")):
            self.add(node, "get_context", "spawn is the only start method that every system has")
        if name == "ProcessPoolExecutor" and len(node.args) < 2 and "mp_context" not in {k.arg for k in node.keywords}:
            self.add(node, "ProcessPoolExecutor", "state the context: the default differs between systems")
        for keyword in node.keywords:
            if keyword.arg in ARGUMENTS and name in {"Popen", "run", "check_call", "check_output", "call"}:
                self.add(node, f"{keyword.arg}=", "not every system has this argument")
            if keyword.arg in ("text", "universal_newlines") and "encoding" not in {k.arg for k in node.keywords}:
                self.add(node, "text=", "state the encoding: the default differs between systems")
            if keyword.arg == "shell" and getattr(keyword.value, "value", None) is True:
                self.add(node, "shell=", "shells differ between systems")
        self.generic_visit(node)

    def visit_Constant(self, node: ast.Constant) -> None:
        if isinstance(node.value, str) and node.value.startswith(PATHS) and id(node) not in self._docstrings:
            self.add(node, node.value, "a path of one system")


def python_files() -> Iterator[Path]:
    """The Python files of the core and the first-party plugins, without their tests."""
    for pattern in FOLDERS:
        for folder in sorted(ROOT.glob(pattern)):
            yield from (file for file in sorted(folder.rglob("*.py")) if TEMPLATES not in file.as_posix())


def check_text(file: str, text: str) -> list[Found]:
    """What is not portable in a file.

    Args:
        file: Its path in the repository.
        text: Its content.
    """
    visitor = Visitor(file)
    visitor.visit(ast.parse(text, file))
    return visitor.found


def main() -> int:
    """Print what is not portable; the exit code is 1 if there is anything, or if ALLOWED lists what is gone."""
    files = list(python_files())
    found = [one for file in files for one in check_text(file.relative_to(ROOT).as_posix(), file.read_text("utf-8"))]
    problems = [one for one in found if (one.file, one.name) not in ALLOWED]
    for one in problems:
        print(f"{one.file}:{one.line}: {one.name}: {one.reason}")
    unused = ALLOWED.keys() - {(one.file, one.name) for one in found}
    for file, name in sorted(unused):
        print(f"tools/lint/portable.py: ALLOWED: {file} has no {name} any more")
    allowed = len(found) - len(problems)
    print(f"{len(files)} files, {allowed} allowed places, {len(problems)} problems", file=sys.stderr)
    return 1 if problems or unused else 0


if __name__ == "__main__":
    sys.exit(main())
