"""Reads YAML into plain values and records where each value was written.

Scalars follow the YAML 1.2 core schema with decimal numbers only: ``no`` is a text, ``1e-3`` a number, ``1:30`` a text. Tags
are refused, so a recipe is only data. Aliases are expanded within the limits below.
"""

from __future__ import annotations

import pathlib
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import yaml

from ..errors import DysfwError
from .problems import Path, Position, Problem, RecipeError

MAX_BYTES = 100_000
MAX_VALUES = 10_000
MAX_DEPTH = 40


@dataclass(frozen=True, slots=True)
class Document:
    """A parsed YAML document.

    Attributes:
        value: Mappings, lists, strings, numbers, booleans and None.
        positions: Position of every path in it; () is the whole document.
    """

    value: object
    positions: Mapping[Path, Position]


def _float(text: str) -> float:
    return float(text.lower().replace(".inf", "inf").replace(".nan", "nan"))


NAMESPACE = "tag:yaml.org,2002:"
SCALARS: dict[str, Callable[[str], object]] = {
    "null": lambda text: None,
    "bool": lambda text: text.lower() == "true",
    "int": int,
    "float": _float,
    "str": str,
}
PATTERNS = {
    "null": (r"~|null|Null|NULL|", ["~", "n", "N", ""]),
    "bool": (r"true|True|TRUE|false|False|FALSE", list("tTfF")),
    "int": (r"[-+]?[0-9]+", list("-+0123456789")),
    "float": (
        r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?|[-+]?\.(inf|Inf|INF)|\.(nan|NaN|NAN)",
        list("-+0123456789."),
    ),
}


class _CoreSchema(yaml.SafeLoader):
    """PyYAML's safe loader with the rules of the core schema instead of YAML 1.1.

    An explicit tag is kept as written, so that the reader can distinguish it from an implicit one.
    """

    def compose_node(self, parent: yaml.Node | None, index: int) -> yaml.Node | None:
        event = self.peek_event()  # type: ignore[no-untyped-call]
        tag = getattr(event, "tag", None)
        if isinstance(event, yaml.ScalarEvent):
            event.value.encode()  # raises for half a surrogate pair, which cannot be encoded
        node = super().compose_node(parent, index)
        if node and tag:
            node.tag = tag.replace(NAMESPACE, "!!")
        return node


_CoreSchema.yaml_implicit_resolvers = {}
for _name, (_pattern, _first) in PATTERNS.items():
    _CoreSchema.add_implicit_resolver(NAMESPACE + _name, re.compile(f"^(?:{_pattern})$"), _first)


class _Dumper(yaml.SafeDumper):
    """PyYAML's safe dumper; also quotes text that the core schema, but not YAML 1.1, reads as a number: "1e3", "010"."""

    def ignore_aliases(self, data: object) -> bool:
        return True


for _name, (_pattern, _first) in PATTERNS.items():
    _Dumper.add_implicit_resolver(NAMESPACE + _name, re.compile(f"^(?:{_pattern})$"), _first)


def dump_document(value: Mapping[str, object]) -> str:
    """Write YAML that ``parse_document`` reads as ``value``.

    Args:
        value: Plain values; the order of keys is kept.

    Returns:
        The YAML text.
    """
    return yaml.dump(dict(value), Dumper=_Dumper, sort_keys=False, allow_unicode=True)


def read_document(path: pathlib.Path) -> Document:
    """Read a document.

    Args:
        path: A YAML file.

    Returns:
        The document.

    Raises:
        RecipeError: The file is not valid YAML.
        DysfwError: The file cannot be read.
    """
    what = "recipe" if path.suffix else "recipe or bundle"  # names of folders rarely have one
    return parse_document(read_text(path, what), str(path))


def read_text(path: pathlib.Path, what: str) -> str:
    """Read a text file of limited size.

    Args:
        path: The file.
        what: What messages call the file, such as "recipe".

    Returns:
        Its text.

    Raises:
        DysfwError: The file cannot be read, is too large or is not UTF-8.
    """
    try:
        with path.open("rb") as file:
            content = file.read(MAX_BYTES + 1)
    except FileNotFoundError:
        raise DysfwError(f"no such {what}: {path}") from None
    except OSError as error:
        raise DysfwError(f"cannot read the {what} {path}: {error.strerror or error}") from None
    if len(content) > MAX_BYTES:
        raise DysfwError(f"{path} is not a {what}: it is larger than {MAX_BYTES:,} bytes")
    try:
        return content.decode("utf-8")
    except UnicodeDecodeError:
        raise DysfwError(f"{path} is not a {what}: it is not UTF-8 text") from None


def parse_document(text: str, name: str) -> Document:
    """Parse a document.

    Args:
        text: YAML text.
        name: What positions call the file.

    Returns:
        The document.

    Raises:
        RecipeError: The text is not valid YAML, or exceeds a limit.
    """
    try:
        node = yaml.compose(text, _CoreSchema)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        position = Position(name, mark.line + 1, mark.column + 1) if mark else Position(name)
        raise RecipeError([Problem(position, (), f"not valid YAML: {error.problem or error.context}")]) from None
    except (yaml.YAMLError, UnicodeError) as error:
        raise RecipeError([Problem(Position(name), (), f"not valid YAML: {error}")]) from None
    except (ValueError, OverflowError):  # from chr, whose words and error depend on the version of Python
        problem = "not valid YAML: an escape such as \\UFFFFFFFF stands for no character"
        raise RecipeError([Problem(Position(name), (), problem)]) from None
    except RecursionError:
        raise RecipeError([Problem(Position(name), (), "nested too deeply")]) from None
    reader = _Reader(name)
    value = reader.read(node, ()) if node else None
    reader.positions.setdefault((), Position(name, 1, 1))
    if reader.problems:
        raise RecipeError(reader.problems)
    return Document(value, reader.positions)


class _Reader:
    """Converts YAML nodes to values and collects positions and problems."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.positions: dict[Path, Position] = {}
        self.problems: list[Problem] = []
        self.values = 0

    def read(self, node: yaml.Node, path: Path) -> object:
        """Convert a node."""
        position = self.positions[path] = self._position(node)
        self.values += 1
        if self.values > MAX_VALUES or len(path) > MAX_DEPTH:
            raise RecipeError([Problem(position, path[:4], f"more than {MAX_VALUES:,} values or {MAX_DEPTH} levels")])
        if isinstance(node, yaml.MappingNode) and node.tag == NAMESPACE + "map":
            return self._mapping(node, path)
        if isinstance(node, yaml.SequenceNode) and node.tag == NAMESPACE + "seq":
            return [self.read(item, (*path, index)) for index, item in enumerate(node.value)]
        construct = SCALARS.get(node.tag.removeprefix(NAMESPACE))
        if construct is None or not isinstance(node, yaml.ScalarNode):
            self.problems.append(Problem(position, path, f"the tag {node.tag!r} is not allowed in a recipe"))
            return None
        try:
            return construct(node.value)
        except ValueError as error:
            self.problems.append(Problem(position, path, str(error)))
            return None

    def _mapping(self, node: yaml.MappingNode, path: Path) -> dict[str, object]:
        result: dict[str, object] = {}
        for key_node, value_node in node.value:
            key = key_node.value if isinstance(key_node, yaml.ScalarNode) else ""
            if not (key and key_node.tag.startswith(NAMESPACE)):
                self.problems.append(Problem(self._position(key_node), path, "a key must be plain text"))
            elif key in result:
                self.problems.append(Problem(self._position(key_node), (*path, key), "this key appears twice"))
            else:
                result[key] = self.read(value_node, (*path, key))
                self.positions[*path, key] = self._position(key_node)
        return result

    def _position(self, node: yaml.Node) -> Position:
        return Position(self.name, node.start_mark.line + 1, node.start_mark.column + 1)
