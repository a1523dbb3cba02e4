"""The pages of the public Python API: what each public module defines, with signatures and docstrings."""

from __future__ import annotations

import ast
import dataclasses
import importlib
import inspect
import pkgutil
import re
from collections.abc import Iterator, Sequence
from types import ModuleType

from docstrings import docstring_of, markdown_of, table

import dysfw.testing
from dysfw.plugin import EXPORTS

# Page: the module it documents, and what it is for. All of its public names stand on the page.
MODULES = {
    "model.md": ("dysfw.model", "load a trained recipe and predict"),
    "client.md": ("dysfw.serve.client", "a client of `dysfw serve`"),
    "types.md": ("dysfw.types", "records: images, faces, regions, predictions"),
    "errors.md": ("dysfw.errors", "errors"),
}
INDEX = """\
# Python

You can use everything on these pages in programs and plugins. What is not here may change without notice.
`python tools/docs reference` generates the pages from the docstrings.

```python
import dysfw

model = dysfw.load("recipes/dlib.yaml")
result = model.predict("docs/images/phantom.jpg")
print(result.ranking[0])
```

| page | module | for |
| --- | --- | --- |
"""
PLUGIN = """\
# dysfw.plugin

Everything a plugin author imports, under one name. [Write a plugin](../../how-to/write-a-plugin.md) shows how to use it.

```python
from dysfw.plugin import ComponentSpec, Segmenter, hookimpl
```

Importing this module is cheap: each name is imported from its home on first use.
"""
TESTING = """\
# dysfw.testing

The conformance kit for authors of plugins. pytest finds the fixtures wherever dysfw is installed.

```python
from dysfw.testing import conformance


@conformance("dysfw")
def test_conformance(case):
    case()
```
"""
MAX_CONSTANT = 120  # characters of a constant that are shown


def python_pages() -> dict[str, str]:
    """The pages by the name of their file, in the folder ``python``."""
    rows = [(f"[{name}]({file})", f"`{name}`", purpose) for file, (name, purpose) in MODULES.items()]
    rows.insert(0, ("[dysfw.plugin](plugin.md)", "`dysfw.plugin`", "the one import for authors of plugins"))
    rows.append(("[dysfw.testing](testing.md)", "`dysfw.testing`", "test a plugin"))
    index = INDEX + "\n".join("| " + " | ".join(row) + " |" for row in rows) + "\n"
    pages = {file: _module_page(name) for file, (name, _) in MODULES.items()}
    pages |= {"index.md": index, "plugin.md": _plugin_page(), "testing.md": _testing_page()}
    return {f"python/{file}": text for file, text in pages.items()}


def _module_page(name: str) -> str:
    module = importlib.import_module(name)
    parts = [f"# {name}", "", markdown_of(docstring_of(module)), ""]
    for one, lines in members(module):
        parts += [f"## {one}", "", *lines]
    return "\n".join(parts).rstrip() + "\n"


def _plugin_page() -> str:
    parts = [PLUGIN]
    documented = {name: file for file, (name, _) in MODULES.items()}
    for home, names in EXPORTS.items():
        module = importlib.import_module(f"dysfw.{home}")
        title = (docstring_of(module).partition("\n")[0] or home).rstrip(".")
        parts += [f"## {title}", ""]
        if file := documented.get(f"dysfw.{home}"):
            parts += [f"Documented in [dysfw.{home}]({file}): {', '.join(f'`{name}`' for name in names)}.", ""]
            continue
        if home == "registry.hookspecs":
            parts += [f"Documented in [Hooks](../hooks.md): {', '.join(f'`{name}`' for name in names)}.", ""]
            continue
        for one, lines in members(module, names):
            parts += [f"### {one}", "", *lines]
    return "\n".join(parts).rstrip() + "\n"


def _testing_page() -> str:
    parts = [TESTING]
    for name in dysfw.testing.__all__:
        home = importlib.import_module(getattr(dysfw.testing, name).__module__)
        for one, lines in members(home, [name]):
            parts += [f"## {one}", "", *lines]
    fixtures = importlib.import_module("dysfw.testing.pytest_plugin")
    functions = [(name, thing) for name, thing in vars(fixtures).items() if name.startswith("dysfw_")]
    rows = [(f"`{name}`", docstring_of(thing).partition("\n")[0]) for name, thing in functions]
    return "\n".join([*parts, "## Fixtures", "", table(("fixture", "is"), rows)]) + "\n"


def members(module: ModuleType, names: Sequence[str] | None = None) -> Iterator[tuple[str, list[str]]]:
    """Public names that the module defines itself, or a package in its modules, in their order; or those given."""
    if hasattr(module, "__path__") and not names:
        for one in pkgutil.iter_modules(module.__path__, f"{module.__name__}."):
            yield from members(importlib.import_module(one.name))
    for node in ast.parse(inspect.getsource(module)).body:
        for name in _names_of(node):
            if not name.startswith("_") and (names is None or name in names):
                yield name, _member(node, getattr(module, name))


def _names_of(node: ast.stmt) -> list[str]:
    if isinstance(node, ast.FunctionDef | ast.ClassDef):
        return [node.name]
    if isinstance(node, ast.Assign):
        return [target.id for target in node.targets if isinstance(target, ast.Name)]
    return [node.target.id] if isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name) else []


def _member(node: ast.stmt, thing: object) -> list[str]:
    if isinstance(node, ast.FunctionDef):
        return [_code(_head(node)), "", markdown_of(docstring_of(thing)), ""]
    if isinstance(node, ast.ClassDef):
        return _class(node, thing)
    source = _source(node)
    return [_code(source if len(source) <= MAX_CONSTANT else source[: MAX_CONSTANT - 2] + " …"), ""]


def _class(node: ast.ClassDef, thing: object) -> list[str]:
    bases = ", ".join(_source(base) for base in node.bases)
    lines = [f"class {node.name}({bases}):" if bases else f"class {node.name}:"]
    if dataclasses.is_dataclass(thing):
        lines += [f"    {_source(field)}" for field in node.body if isinstance(field, ast.AnnAssign)]
    if len(lines) == 1:
        lines[0] += " ..."
    parts = [_code("\n".join(lines)), "", markdown_of(docstring_of(thing)), ""]
    for method in node.body:
        if isinstance(method, ast.FunctionDef) and (method.name == "__call__" or not method.name.startswith("_")):
            marks = "".join(f"@{_source(mark)}\n" for mark in method.decorator_list)
            words = markdown_of(inspect.cleandoc(ast.get_docstring(method) or ""))
            parts += [f"**{method.name}**", "", _code(marks + _head(method)), "", words, *([""] if words else [])]
    return parts


def _source(node: ast.AST) -> str:
    """Python's own spelling, with double quotes."""
    return re.sub(r"'([^'\"\\]*)'", r'"\1"', ast.unparse(node))


def _code(source: str) -> str:
    return f"```python\n{source}\n```"


def _head(node: ast.FunctionDef) -> str:
    """The line that defines a function, with one parameter a line if it is long."""
    returns = f" -> {_source(node.returns)}" if node.returns else ""
    parameters = _parameters(node.args)
    line = f"def {node.name}({', '.join(parameters)}){returns}: ..."
    if len(line) <= MAX_CONSTANT:
        return line
    return f"def {node.name}(\n    " + ",\n    ".join(parameters) + f",\n){returns}: ..."


def _parameters(given: ast.arguments) -> list[str]:
    positional = [*given.posonlyargs, *given.args]
    defaults = [None] * (len(positional) - len(given.defaults)) + list(given.defaults)
    words = [_parameter(one, default) for one, default in zip(positional, defaults, strict=True)]
    words += [f"*{_source(given.vararg)}"] if given.vararg else ["*"] if given.kwonlyargs else []
    words += [_parameter(one, default) for one, default in zip(given.kwonlyargs, given.kw_defaults, strict=True)]
    return words + ([f"**{_source(given.kwarg)}"] if given.kwarg else [])


def _parameter(given: ast.arg, default: ast.expr | None) -> str:
    separator = " = " if given.annotation else "="
    return _source(given) + (f"{separator}{_source(default)}" if default else "")
