"""Parses the text of a record: JSON or YAML, with nothing executed and no key lost."""

from __future__ import annotations

import codecs
import json
import re
from collections.abc import Hashable, Iterable
from contextlib import suppress
from typing import Any

import yaml

from ..errors import DysfwError

FORMS = "a record is a YAML or JSON file with the keys observed, excluded, age, sex and ancestry, or a Phenopacket of version 2"
MARKS = {  # longest first: a mark of UTF-32 begins with one of UTF-16
    codecs.BOM_UTF32_LE: "utf-32", codecs.BOM_UTF32_BE: "utf-32", codecs.BOM_UTF8: "utf-8-sig",
    codecs.BOM_UTF16_LE: "utf-16", codecs.BOM_UTF16_BE: "utf-16",
}  # fmt: skip
MAX_YAML = 1_000_000  # bytes; its parser needs a hundred times as much memory
NAMESPACE = "tag:yaml.org,2002:"


class _RepeatedKeyError(ValueError):
    """A key is there twice, so that one of the values would be lost."""


class _Loader(getattr(yaml, "CSafeLoader", yaml.SafeLoader)):  # type: ignore[misc]  # the same rules, ten times faster
    """The safe loader of PyYAML, which keeps numbers and dates as they are written and refuses repeated keys."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Hashable, Any]:
        keys = [key.value for key, _ in node.value if isinstance(key, yaml.ScalarNode)]
        _refuse_repeated(keys)
        mapping: dict[Hashable, Any] = super().construct_mapping(node, deep)
        return mapping


# Only null, true and false are no text: YAML 1.1 reads 1:30 as 90, 010 as 8 and "no" as false.
_Loader.yaml_implicit_resolvers = {}
_Loader.add_implicit_resolver(f"{NAMESPACE}null", re.compile("^(?:~|null|Null|NULL|)$"), ["~", "n", "N", ""])
_Loader.add_implicit_resolver(f"{NAMESPACE}bool", re.compile("^(?:true|True|TRUE|false|False|FALSE)$"), list("tTfF"))


def parse_text(content: bytes, name: str) -> object:
    """Parse JSON or YAML.

    Args:
        content: Bytes of the file.
        name: What messages call the file.

    Returns:
        Mappings, lists, texts, booleans and None; numbers of YAML as they are written, those of JSON as numbers.

    Raises:
        DysfwError: The bytes are neither; the message does not quote them.
    """
    text = _decoded(content, name)
    if not text.strip():
        raise DysfwError(f"{name} is empty", hint=FORMS)
    try:
        if text.lstrip().startswith("{"):
            return _json(text, name)
        return _yaml(text, name)
    except _RepeatedKeyError as error:
        raise DysfwError(f"{name}: {error}", hint="keep one of them") from None
    except yaml.composer.ComposerError as error:
        if "single document" in str(error.context):
            raise DysfwError(f"{name} holds several documents; a record is one", hint="give one patient's record") from None
        raise _invalid(name, "YAML", error.problem_mark) from None
    except yaml.MarkedYAMLError as error:
        raise _invalid(name, "YAML", error.problem_mark or error.context_mark) from None
    except (yaml.YAMLError, ValueError, OverflowError):
        raise _invalid(name, "YAML", None) from None
    except RecursionError:
        raise DysfwError(f"{name} is nested too deeply", hint=FORMS) from None


def _decoded(content: bytes, name: str) -> str:
    encoding = next((encoding for mark, encoding in MARKS.items() if content.startswith(mark)), "utf-8")
    try:
        text = content.decode(encoding)
    except UnicodeDecodeError:
        raise DysfwError(f"{name} is not text in UTF-8", hint=FORMS) from None
    if "\0" in text:
        raise DysfwError(f"{name} is binary, not text", hint=FORMS)
    return text


def _json(text: str, name: str) -> object:
    try:
        return json.loads(text, object_pairs_hook=_without_repeated)
    except json.JSONDecodeError as error:
        if error.msg == "Extra data" and text[error.pos :].lstrip().startswith("{"):
            raise DysfwError(
                f"{name} holds several JSON objects; a record is one", hint="give one patient's record, such as one line"
            ) from None
        if len(text) <= MAX_YAML:  # a mapping of YAML may begin with a brace, too
            with suppress(yaml.YAMLError):
                return _yaml(text, name)
        place = f"line {error.lineno}, column {error.colno}"
        raise DysfwError(f"{name} is not valid JSON: {error.msg} ({place})", hint=FORMS) from None


def _yaml(text: str, name: str) -> object:
    if len(text) > MAX_YAML:
        raise DysfwError(f"{name} is larger than {MAX_YAML // 1_000_000} MB, which is read as JSON only", hint=FORMS)
    return yaml.load(text, _Loader)  # noqa: S506  # a subclass of the safe loader


def _without_repeated(pairs: list[tuple[str, object]]) -> dict[str, object]:
    _refuse_repeated([key for key, _ in pairs])
    return dict(pairs)


def _refuse_repeated(keys: Iterable[str]) -> None:
    seen: set[str] = set()
    for key in keys:
        if key in seen:
            raise _RepeatedKeyError(f"the key {key[:40]!r} is there twice")
        seen.add(key)


def _invalid(name: str, form: str, mark: yaml.Mark | None) -> DysfwError:
    place = f" (line {mark.line + 1}, column {mark.column + 1})" if mark else ""
    return DysfwError(f"{name} is not valid {form}{place}", hint=FORMS)
