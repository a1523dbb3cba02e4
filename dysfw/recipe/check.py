"""Checks a document against the components that it names, and collects everything that is wrong before it speaks."""

from __future__ import annotations

import json
import pathlib
import typing
from collections.abc import Mapping, Sequence
from typing import Annotated, Any, Literal

import pydantic
from pydantic import Field

from ..contracts.kinds import KINDS, Kind
from ..errors import DysfwError
from ..imaging.harmonise import Harmony
from ..registry.registry import Registry
from ..types import Align, Crop
from ..util.text import closest, listed
from .compose import compose
from .document import Document
from .model import FORMAT, Node, Recipe, Registered
from .problems import Path, Position, Problem, RecipeError, locate
from .sections import UNIFORM, Harmonise, Pretrain, Prior, Reliability, Tune
from .signature import SUPPLIED, signature_of

Device = Annotated[str, Field(pattern=r"^(auto|cpu|mps|cuda(:\d+)?)$", description="auto, cpu, cuda, cuda:1 … or mps")]
Precision = Literal["auto", "float32", "bfloat16"]


class CropKeys(pydantic.BaseModel):
    __doc__ = Crop.__doc__

    model_config = pydantic.ConfigDict(extra="forbid")
    align: Align = Crop().align
    margin: Annotated[float, Field(ge=0, le=1)] = Crop().margin
    min_side: Annotated[float, Field(ge=0, le=2)] = Crop().min_side
    size: Annotated[int, Field(ge=16, le=2048)] | None = None


class TopKeys(pydantic.BaseModel):
    """The keys of a recipe that are not components.

    version: of the recipe format, 1. name: of the recipe. device: where to compute: auto takes a GPU where there is one.
    precision: of the trunk's numbers; auto takes bfloat16 where the device computes it fast. seed: of everything random. crop:
    how regions are cut from the photograph. tune: how the trunk is fitted to each region. reliability: when a prediction is to
    be believed. harmonise: how photographs are made alike before they are judged. prior: how common each condition is among
    those who will be judged: uniform, data (as in the training), or shares by label. pretrain: how ``dysfw pretrain`` trains
    the trunk. bundle: trained state, by its registered name or folder; without one the recipe is untrained.
    """

    model_config = pydantic.ConfigDict(extra="forbid")
    version: Annotated[Literal[1], Field(description="of the format of recipes")]
    name: Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$", description="letters, digits and . _ -")]
    device: Device = "auto"
    precision: Annotated[
        Precision, Field(description="of the networks; auto is bfloat16 where the device is made for it, else float32")
    ] = "auto"
    seed: Annotated[int, Field(ge=0, lt=2**32, description="of everything random")] = 0
    crop: Annotated[CropKeys, Field(description="how regions are cut from the photograph")] = CropKeys()
    tune: Annotated[Tune, Field(description="how the trunk is fitted to each region")] = Tune()
    reliability: Annotated[Reliability, Field(description="when a prediction is to be believed")] = Reliability()
    harmonise: Annotated[Harmonise | None, Field(description="how photographs are made alike")] = None
    prior: Annotated[Prior, Field(description="how common each condition is among those who will be judged")] = UNIFORM
    pretrain: Annotated[Pretrain | None, Field(description="how `dysfw pretrain` trains the trunk")] = None
    bundle: Annotated[str | None, Field(description="the trained state: a bundle's name, or its folder by path")] = None


def load_recipe(file: pathlib.Path, registry: Registry, overrides: Sequence[str] = ()) -> Recipe:
    """Read, compose and check a recipe. Raises RecipeError with every problem found, or DysfwError."""
    return check(compose(file, overrides), registry)


def check(document: Document, registry: Registry) -> Recipe:
    """The recipe that a document describes. Raises RecipeError with every problem found."""
    checker = _Checker(document.positions, registry)
    recipe = checker.recipe(document.value)
    if checker.problems or recipe is None:
        raise RecipeError(checker.problems)
    return recipe


class _Checker:
    def __init__(self, positions: Mapping[Path, Position], registry: Registry) -> None:
        self.positions = dict(positions)
        self.registry = registry
        self.problems: list[Problem] = []

    def recipe(self, value: object) -> Recipe | None:
        assert isinstance(value, dict)  # noqa: S101  # compose() has refused anything else
        own = {key: item for key, item in value.items() if key not in KINDS}
        version = own.get("version")
        if isinstance(version, int) and version > FORMAT:
            self.problem(("version",), f"found {version}; this dysfw reads version {FORMAT}: the recipe needs a newer dysfw")
            own["version"] = FORMAT
        top = self.model(TopKeys, own, (), (*TopKeys.model_fields, *KINDS, "extends"))
        nodes: dict[Kind, Node] = {}
        for kind in KINDS:
            if kind not in value:
                self.problem((kind,), f"is missing; {self.choice(kind)}")
            elif node := self.node(kind, value[kind], (kind,)):
                nodes[kind] = node
        if top is None or len(nodes) < len(KINDS):
            return None
        folder = self.folder(("bundle",))
        return Recipe(
            top.name, top.device, top.precision, top.seed, nodes, Crop(**dict(top.crop)), top.bundle, folder, self.positions,
            top.pretrain, top.tune, top.reliability, prior=top.prior,
            harmonise=Harmony(**dict(top.harmonise)) if top.harmonise else None,
        )  # fmt: skip

    def node(self, kind: Kind, value: object, path: Path) -> Node | None:
        """One component, with those nested in it."""
        if not isinstance(value, dict) or not isinstance(value.get("use"), str):
            self.problem(path, f"found {_shown(value)}; a {kind} is written {{use: NAME, …}}; {self.choice(kind)}")
            return None
        use = value["use"]
        try:
            component = self.registry.load(kind, use)
            signature = signature_of(component)
        except DysfwError as error:
            self.problem((*path, "use"), error.message + (f"\n    {error.hint}" if error.hint else ""))
            return None
        given = {key: item for key, item in value.items() if key != "use"}
        nested = {
            name: self.nested(name, given.pop(name, None), (*path, name), signature.nested[name]) for name in signature.nested
        }
        plain = self.model(signature.plain, given, path, ("use", *signature.names))
        if plain is None:
            return None
        values = {
            name: self.anchored(getattr(plain, name), (*path, name))
            for name in type(plain).model_fields
            if name not in SUPPLIED or name in plain.model_fields_set
        }
        values = values | nested
        params = {name: values[name] for name in signature.names if name in values}
        return Node(kind, use, self.registry.component(kind, use).plugin.origin, component, params, path)

    def nested(self, name: str, value: object, path: Path, wanted: Any) -> Node | list[Node | None] | None:  # noqa: ANN401
        if value is None:
            if wanted.required:
                self.problem(path, f"is missing; {self.choice(wanted.kind)}")
            return None
        if not wanted.many:
            return self.node(wanted.kind, value, path)
        if not isinstance(value, list) or not value:
            self.problem(path, f"found {_shown(value)}; {name} is a list of {wanted.kind}s, each {{use: NAME, …}}")
            return None
        return [self.node(wanted.kind, item, (*path, index)) for index, item in enumerate(value)]

    def model(self, model: type[pydantic.BaseModel], value: dict[str, object], path: Path, allowed: Sequence[str]) -> Any:  # noqa: ANN401
        """Validate as JSON: paths may then be written as text, but "3" is no number."""
        try:
            return model.model_validate_json(json.dumps(value), strict=True)
        except pydantic.ValidationError as error:
            places: dict[Path, list[Any]] = {}
            for detail in error.errors():  # a union reports each of its members
                places.setdefault(self.known(path, detail["loc"]), []).append(detail)
            for place, details in places.items():
                key, *inside = details[0]["loc"]
                names = _keys_at(model, (key, *inside[:-1])) if inside else allowed
                field = model.model_fields.get(str(key))
                self.problem(place, _explain(details, names, field.description if field and not inside else None))
            return None

    def known(self, path: Path, loc: tuple[str | int, ...]) -> Path:
        """The place in the recipe that a pydantic location means: locations also name union members, recipes do not."""
        place = path
        for key in loc:
            if (*place, key) in self.positions or place == path:
                place = (*place, key)
        return place

    def anchored(self, value: object, path: Path) -> object:
        """The value, with each path in it made absolute, or, where it is the name of registered weights, that."""
        if isinstance(value, list):
            return [self.anchored(item, (*path, index)) for index, item in enumerate(value)]
        if isinstance(value, dict):
            return {key: self.anchored(item, (*path, key)) for key, item in value.items()}
        return self.located(value, path) if isinstance(value, pathlib.Path) else value

    def located(self, value: pathlib.Path, path: Path) -> object:
        """An absolute path, or the registered file that has this name."""
        try:
            registered = self.registry.named_weights(str(value))
            return Registered(registered) if registered else (self.folder(path) / value.expanduser()).absolute()
        except DysfwError as error:
            self.problem(path, error.message + (f"\n    {error.hint}" if error.hint else ""))
        except RuntimeError as error:  # "~nobody/": there is no such user
            self.problem(path, f"found {_shown(str(value))}; {error}")
        return value

    def folder(self, path: Path) -> pathlib.Path:
        """What a path written there is relative to: its file's folder, or the current one where ``--set`` wrote it."""
        file = locate(self.positions, path).file
        return pathlib.Path.cwd() if file.startswith("--set ") else pathlib.Path(file).parent

    def problem(self, path: Path, message: str) -> None:
        self.problems.append(Problem(locate(self.positions, path), path, message))

    def choice(self, kind: Kind) -> str:
        return f"installed: {listed(sorted({e.spec.name for e in self.registry.components[kind]}))}"


def _keys_at(model: type[pydantic.BaseModel], path: Sequence[str | int]) -> list[str]:
    """The keys of the block that stands at ``path`` in a model's value; none where that is no block."""
    for key in path:
        field = model.model_fields.get(str(key))
        members = (field.annotation, *typing.get_args(field.annotation)) if field else ()
        blocks = [m for m in members if isinstance(m, type) and issubclass(m, pydantic.BaseModel)]
        if not blocks:
            return []
        model = blocks[0]
    return list(model.model_fields)


def _explain(details: Sequence[Any], names: Sequence[str], description: str | None) -> str:
    """What pydantic has against one value, in this project's words: what was found, what is allowed, the closest match."""
    key, found, kind = str(details[0]["loc"][-1]), details[0]["input"], details[0]["type"]
    if kind == "extra_forbidden":
        return f"unknown key{closest(key, names)} (allowed: {listed(names)})"
    if kind == "missing":
        return "is missing"
    return f"found {_shown(found)}; {', or '.join(_allowed(detail, description) for detail in details)}"


def _allowed(detail: Any, description: str | None) -> str:  # noqa: ANN401  # pydantic's error details
    context = detail.get("ctx", {})
    match detail["type"]:
        case "literal_error":
            words = [word.strip("'") for word in context["expected"].replace(" or ", ", ").split(", ")]
            return f"allowed: {listed(words)}{closest(str(detail['input']), words)}"
        case "string_pattern_mismatch":
            return f"allowed: {description or 'what matches ' + context['pattern']}"
        case "value_error":
            return str(context["error"])
        case "dict_type":
            return "allowed is a mapping of keys to values"
    return f"{detail['msg'][0].lower()}{detail['msg'][1:]}".replace("input should be", "allowed is")


def _shown(value: object) -> str:
    text = json.dumps(value, ensure_ascii=False)
    return text if len(text) <= 60 else f"{text[:57]}…"
