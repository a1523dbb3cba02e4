"""Composes a recipe from its file, the recipes it extends, and ``--set`` overrides. Later ones take precedence.

Mappings are merged key by key; all other values are replaced. If ``use`` changes, the parameters of the old component are
dropped, because they mean nothing to the new one.
"""

from __future__ import annotations

import copy
import pathlib
from collections.abc import Sequence
from typing import Any, cast

from ..errors import DysfwError
from ..util.paths import expand_home
from .document import Document, parse_document, read_document
from .problems import Path, Position, Problem, RecipeError, locate


def compose(file: pathlib.Path, overrides: Sequence[str] = ()) -> Document:
    """Compose a recipe.

    Args:
        file: The recipe's file.
        overrides: Changes, "key.key=value" with the value in YAML.

    Returns:
        The composed document.

    Raises:
        RecipeError: A file is not a valid recipe document.
        DysfwError: A file cannot be read, or an override is invalid.
    """
    return apply_overrides(_with_bases(file, ()), overrides)


def apply_overrides(document: Document, overrides: Sequence[str]) -> Document:
    """Replace values of a document.

    Args:
        document: The document; it is not changed.
        overrides: Changes, such as "crop.size=160" or "backbone.of.0.model=resnet18".

    Returns:
        The changed document.

    Raises:
        RecipeError: A value is not valid YAML.
        DysfwError: An override has no valid key.
    """
    for override in overrides:
        document = _override(document, override)
    return document


def _with_bases(file: pathlib.Path, descendants: tuple[pathlib.Path, ...]) -> Document:
    if file.resolve() in descendants:
        chain = " extends ".join(p.name for p in (*descendants, file.resolve()))
        raise DysfwError(f"recipes extend each other in a cycle: {chain}")
    document = read_document(file)
    if not isinstance(document.value, dict):
        kind = "nothing" if document.value is None else f"a {type(document.value).__name__}"
        raise RecipeError([Problem(document.positions[()], (), f"a recipe must be a mapping of keys to values, found {kind}")])
    if "extends" not in document.value:
        return document
    base = document.value.pop("extends")
    position = document.positions["extends",]
    if not isinstance(base, str):
        raise RecipeError([Problem(position, ("extends",), f"found {base!r}; must be the path of one recipe")])
    base_file = file.parent / expand_home(pathlib.Path(base))
    if not base_file.is_file():
        raise RecipeError([Problem(position, ("extends",), f"no such recipe: {base_file}")])
    return _overlay(_with_bases(base_file, (*descendants, file.resolve())), document)


def _overlay(below: Document, above: Document) -> Document:
    """Merge ``above`` into ``below``."""
    positions: dict[Path, Position] = {(): above.positions[()]}

    def keep(source: Document, path: Path) -> object:
        """Return the value at ``path`` and record the positions of everything in it."""
        positions.update({p: place for p, place in source.positions.items() if p[: len(path)] == path})
        return _at(source.value, path)

    def merge(low: object, high: object, path: Path) -> object:
        if not (isinstance(low, dict) and isinstance(high, dict)):
            return keep(above, path)
        if path and "use" in high and high["use"] != low.get("use"):
            return keep(above, path)
        if path:
            positions[path] = locate(above.positions, path)
        kept = {key: keep(below, (*path, key)) for key in low if key not in high}
        new = {key: merge(low[key], high[key], (*path, key)) if key in low else keep(above, (*path, key)) for key in high}
        return kept | new

    return Document(merge(below.value, above.value, ()), positions)


def _at(value: object, path: Path) -> object:
    for key in path:
        value = value[key]  # type: ignore[index]  # every path is one of the document's positions
    return value


def _override(document: Document, override: str) -> Document:
    name = f"--set {override}"
    keys, equals, text = override.partition("=")
    if not equals or not all(keys.split(".")):
        raise DysfwError(f"{name}: expected key=value, for example --set fusion.use=median or --set crop.size=160")
    *parents, last = keys.split(".")
    if "extends" in (last, *parents[:1]):
        raise DysfwError(f"{name}: extends can only be set in the recipe's file; --set changes the composed recipe")
    value: Any = copy.deepcopy(document.value)
    holder, path = value, cast(Path, ())
    for key in parents:
        step = _key(holder, key, name, path)
        if isinstance(holder, dict):
            holder.setdefault(step, {})
        holder, path = holder[step], (*path, step)
    step = _key(holder, last, name, path)
    new = parse_document(text, name)
    replaces_component = path and step == "use" and holder.get("use") != new.value
    if replaces_component:
        holder.clear()
    holder[step] = new.value
    changed = path if replaces_component else (*path, step)
    kept = {p: place for p, place in document.positions.items() if p[: len(changed)] != changed}
    around = [path[:length] for length in range(1, len(path) + 1)]  # may have been created by the override
    written = [(*path, step, *p) for p in new.positions]
    return Document(value, dict.fromkeys(around, Position(name)) | kept | dict.fromkeys(written, Position(name)))


def _key(holder: object, key: str, name: str, path: Path) -> str | int:
    """Convert one part of an override's key to a key or index of ``holder``."""
    where = ".".join(map(str, path)) or "the recipe"
    if isinstance(holder, dict):
        return key
    if isinstance(holder, list) and key.isdecimal() and int(key) < len(holder):
        return int(key)
    if isinstance(holder, list):
        raise DysfwError(f"{name}: {where} is a list of {len(holder)}; found {key!r}, must be an index from 0")
    raise DysfwError(f"{name}: {where} is {holder!r}, which has no key {key!r}")
