"""Checks recipes against the installed components and reports all problems at once."""

from __future__ import annotations

import json
import pathlib
import typing
from collections.abc import Mapping, Sequence
from typing import Annotated, Any, Literal

import pydantic
from pydantic import Field

from ..contracts.kinds import KINDS, PIPELINE_KINDS, PLURALS, Kind
from ..errors import DysfwError, NotInstalledError
from ..imaging.harmonise import HarmonisationConfig
from ..registry.registry import Registry
from ..runtime.choose import AUTO, TORCH, find_runtime, has_torch
from ..types import Align, Crop
from ..util.text import closest, listed
from .compose import compose
from .document import Document
from .model import FORMAT, Node, Recipe, Registered
from .problems import Path, Position, Problem, RecipeError, locate
from .sections import UNIFORM, Harmonise, Pretrain, Prior, Reliability, Tune
from .signature import SUPPLIED, signature_of

DEVICE_PATTERN = r"^(auto|cpu|mps|cuda(:\d+)?)$"
RUNTIME_PATTERN = r"^([a-z0-9][a-z0-9_-]*:)?[a-z0-9][a-z0-9_-]*$"
NAME_PATTERN = r"^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$"
# What messages say of a text that must match a pattern.
PATTERN_TEXTS = {
    DEVICE_PATTERN: "auto, cpu, cuda, cuda:1 … or mps",
    RUNTIME_PATTERN: "auto, torch, onnxruntime, openvino or another runtime that is installed",
    NAME_PATTERN: "letters, digits and . _ -",
}
Device = Annotated[str, Field(pattern=DEVICE_PATTERN)]
Precision = Literal["auto", "float32", "bfloat16"]


class CropKeys(pydantic.BaseModel):
    """The section ``crop``; its documentation is that of ``dysfw.types.Crop``."""

    __doc__ = Crop.__doc__

    model_config = pydantic.ConfigDict(extra="forbid")
    align: Align = Crop().align
    margin: Annotated[float, Field(ge=0, le=1)] = Crop().margin
    min_side: Annotated[float, Field(ge=0, le=2)] = Crop().min_side
    size: Annotated[int, Field(ge=16, le=2048)] | None = None


class TopKeys(pydantic.BaseModel):
    """The keys of a recipe, except its components.

    Attributes:
        version: Version of the recipe format: 1.
        name: Name of the recipe: letters, digits and . _ -
        device: Device to compute on: auto, cpu, cuda, cuda:1 … or mps. auto uses a GPU if there is one.
        precision: Numeric precision of the backbone. auto uses bfloat16 if the device supports it in hardware, else float32.
        runtime: What executes the networks: torch, onnxruntime, openvino or another that is installed. auto uses the fastest
            that supports network, device and precision.
        seed: Random seed.
        crop: How regions are cropped from the image.
        tune: How the backbone is fine-tuned for each region.
        reliability: When a prediction is flagged as unreliable.
        harmonise: How differences between images that do not come from the face are reduced. null disables it.
        prior: Prior probability of each condition: uniform, data (as in the training data), or probabilities by label.
        pretrain: How ``dysfw pretrain`` trains the backbone.
        bundle: Trained state: name of a registered bundle, or path of a bundle's folder. Without it the recipe is untrained.
    """

    model_config = pydantic.ConfigDict(extra="forbid")
    version: Literal[1]
    name: Annotated[str, Field(pattern=NAME_PATTERN)]
    device: Device = "auto"
    precision: Precision = "auto"
    runtime: Annotated[str, Field(pattern=RUNTIME_PATTERN)] = "auto"
    seed: Annotated[int, Field(ge=0, lt=2**32)] = 0
    crop: CropKeys = CropKeys()
    tune: Tune = Tune()
    reliability: Reliability = Reliability()
    harmonise: Harmonise | None = None
    prior: Prior = UNIFORM
    pretrain: Pretrain | None = None
    bundle: str | None = None


def load_recipe(file: pathlib.Path, registry: Registry, overrides: Sequence[str] = ()) -> Recipe:
    """Read, compose and check a recipe.

    Args:
        file: The recipe's file.
        registry: Installed components.
        overrides: Changes, "key.key=value"; see ``dysfw.recipe.compose.compose``.

    Returns:
        The checked recipe.

    Raises:
        RecipeError: The recipe has problems; the error lists all of them.
        DysfwError: A file cannot be read.
    """
    return check(compose(file, overrides), registry)


def check(document: Document, registry: Registry) -> Recipe:
    """Check a document.

    Args:
        document: The composed document.
        registry: Installed components.

    Returns:
        The checked recipe.

    Raises:
        RecipeError: The recipe has problems; the error lists all of them.
    """
    checker = _Checker(document.positions, registry)
    recipe = checker.recipe(document.value)
    if checker.problems or recipe is None:
        raise RecipeError(checker.problems)
    return recipe


class _Checker:
    """Converts a document to a recipe and collects problems."""

    def __init__(self, positions: Mapping[Path, Position], registry: Registry) -> None:
        self.positions = dict(positions)
        self.registry = registry
        self.problems: list[Problem] = []

    def recipe(self, value: object) -> Recipe | None:
        assert isinstance(value, dict)  # noqa: S101  # compose() refuses anything else
        keys = {key: item for key, item in value.items() if key not in KINDS}
        version = keys.get("version")
        if isinstance(version, int) and version > FORMAT:
            self.problem(
                ("version",), f"found {version}; this version of dysfw reads recipes of version {FORMAT}: upgrade dysfw"
            )
            keys["version"] = FORMAT
        top = self.model(TopKeys, keys, (), (*TopKeys.model_fields, *KINDS, "extends"))
        nodes: dict[Kind, Node] = {}
        for kind in PIPELINE_KINDS:
            if kind not in value:
                self.problem((kind,), f"is missing; {self.choice(kind)}")
            elif node := self.node(kind, value[kind], (kind,)):
                nodes[kind] = node
        evidence = self.evidence(value.get("evidence"))
        if top is None or len(nodes) < len(PIPELINE_KINDS):
            return None
        self.check_runtime(top.runtime)
        folder = self.folder(("bundle",))
        return Recipe(
            top.name, top.device, top.precision, top.seed, nodes, Crop(**dict(top.crop)), top.bundle, folder, self.positions,
            top.pretrain, top.tune, top.reliability, prior=top.prior, runtime=top.runtime,
            harmonise=HarmonisationConfig(**dict(top.harmonise)) if top.harmonise else None, evidence=evidence,
        )  # fmt: skip

    def evidence(self, value: object) -> tuple[Node, ...]:
        """Check the list of evidence."""
        if value is None:
            return ()
        if not isinstance(value, list):
            message = f"found {_shortened(value)}; evidence must be a list, each {{use: NAME, …}}; {self.choice('evidence')}"
            self.problem(("evidence",), message)
            return ()
        nodes = [self.node("evidence", item, ("evidence", index)) for index, item in enumerate(value)]
        for index, node in enumerate(nodes):
            if node and node.full_name in {one.full_name for one in nodes[:index] if one}:
                self.problem(("evidence", index), f"{node.use} is listed twice; a sign would count twice")
        return tuple(node for node in nodes if node)

    def check_runtime(self, name: str) -> None:
        """Check that a runtime is installed."""
        if name == AUTO or (name == TORCH and has_torch()):
            return
        try:
            if name == TORCH:
                raise NotInstalledError("torch is not installed", hint=f"pip install torch, or use runtime: {AUTO}")
            find_runtime(name, self.registry)
        except DysfwError as error:
            self.problem(("runtime",), error.message + (f"\n    {error.hint}" if error.hint else ""))

    def node(self, kind: Kind, value: object, path: Path) -> Node | None:
        """Check a component and those nested in it."""
        if not isinstance(value, dict) or not isinstance(value.get("use"), str):
            article = "" if kind == "evidence" else "a "
            message = f"found {_shortened(value)}; write {article}{kind} as {{use: NAME, …}}; {self.choice(kind)}"
            self.problem(path, message)
            return None
        use = value["use"]
        try:
            component = self.registry.load(kind, use)
            signature = signature_of(component)
        except DysfwError as error:
            self.problem((*path, "use"), error.message + (f"\n    {error.hint}" if error.hint else ""), error)
            return None
        parameters = {key: item for key, item in value.items() if key != "use"}
        nested = {
            name: self.nested(name, parameters.pop(name, None), (*path, name), signature.nested[name])
            for name in signature.nested
        }
        plain = self.model(signature.plain, parameters, path, ("use", *signature.names))
        if plain is None:
            return None
        values = {
            name: self.resolve_paths(getattr(plain, name), (*path, name))
            for name in type(plain).model_fields
            if name not in SUPPLIED or name in plain.model_fields_set
        }
        values = values | nested
        params = {name: values[name] for name in signature.names if name in values}
        return Node(kind, use, self.registry.component(kind, use).plugin.origin, component, params, path)

    def nested(self, name: str, value: object, path: Path, nested: Any) -> Node | list[Node | None] | None:  # noqa: ANN401
        if value is None:
            if nested.required:
                self.problem(path, f"is missing; {self.choice(nested.kind)}")
            return None
        if not nested.many:
            return self.node(nested.kind, value, path)
        if not isinstance(value, list) or not value:
            self.problem(
                path, f"found {_shortened(value)}; {name} must be a list of {PLURALS[nested.kind]}, each {{use: NAME, …}}"
            )
            return None
        return [self.node(nested.kind, item, (*path, index)) for index, item in enumerate(value)]

    def model(self, model: type[pydantic.BaseModel], value: dict[str, object], path: Path, allowed: Sequence[str]) -> Any:  # noqa: ANN401
        """Validate as JSON, which accepts text for a path, but not "3" for a number."""
        try:
            return model.model_validate_json(json.dumps(value), strict=True)
        except pydantic.ValidationError as error:
            places: dict[Path, list[Any]] = {}
            for detail in error.errors():  # a union reports each of its members
                places.setdefault(self.place_of(path, detail["loc"]), []).append(detail)
            for place, details in places.items():
                key, *inside = details[0]["loc"]
                names = _keys_at(model, (key, *inside[:-1])) if inside else allowed
                field = model.model_fields.get(str(key))
                self.problem(place, _explain(details, names, field.description if field and not inside else None))
            return None

    def place_of(self, path: Path, loc: tuple[str | int, ...]) -> Path:
        """Place in the recipe of a pydantic location, which also names members of unions."""
        place = path
        for key in loc:
            if (*place, key) in self.positions or place == path:
                place = (*place, key)
        return place

    def resolve_paths(self, value: object, path: Path) -> object:
        """Replace paths inside a value by absolute paths or registered weights."""
        if isinstance(value, list):
            return [self.resolve_paths(item, (*path, index)) for index, item in enumerate(value)]
        if isinstance(value, dict):
            return {key: self.resolve_paths(item, (*path, key)) for key, item in value.items()}
        return self.resolve_path(value, path) if isinstance(value, pathlib.Path) else value

    def resolve_path(self, value: pathlib.Path, path: Path) -> object:
        """Resolve a path to registered weights of that name or an absolute path."""
        try:
            registered = self.registry.named_weights(str(value))
            return Registered(registered) if registered else (self.folder(path) / value.expanduser()).absolute()
        except DysfwError as error:
            self.problem(path, error.message + (f"\n    {error.hint}" if error.hint else ""))
        except RuntimeError as error:  # "~unknown/": there is no such user
            self.problem(path, f"found {_shortened(str(value))}; {error}")
        return value

    def folder(self, path: Path) -> pathlib.Path:
        """Folder that a path is relative to: that of its file, or the current one for ``--set``."""
        file = locate(self.positions, path).file
        return pathlib.Path.cwd() if file.startswith("--set ") else pathlib.Path(file).parent

    def problem(self, path: Path, message: str, cause: DysfwError | None = None) -> None:
        """Add a problem."""
        self.problems.append(Problem(locate(self.positions, path), path, message, cause))

    def choice(self, kind: Kind) -> str:
        """List the installed components of a kind."""
        return f"installed: {listed(sorted({e.spec.name for e in self.registry.components[kind]}))}"


def _keys_at(model: type[pydantic.BaseModel], path: Sequence[str | int]) -> list[str]:
    """Keys of the section at ``path`` in a model; empty if there is no section."""
    for key in path:
        field = model.model_fields.get(str(key))
        members = (field.annotation, *typing.get_args(field.annotation)) if field else ()
        sections = [m for m in members if isinstance(m, type) and issubclass(m, pydantic.BaseModel)]
        if not sections:
            return []
        model = sections[0]
    return list(model.model_fields)


def _explain(details: Sequence[Any], names: Sequence[str], description: str | None) -> str:
    """Message for one invalid value, from pydantic's error details."""
    key, value, kind = str(details[0]["loc"][-1]), details[0]["input"], details[0]["type"]
    if kind == "extra_forbidden":
        return f"unknown key{closest(key, names)} (allowed: {listed(names)})"
    if kind == "missing":
        return "is missing"
    return f"found {_shortened(value)}; {', or '.join(_allowed(detail, description) for detail in details)}"


def _allowed(detail: Any, description: str | None) -> str:  # noqa: ANN401  # pydantic's error details
    context = detail.get("ctx", {})
    match detail["type"]:
        case "literal_error":
            words = [word.strip("'") for word in context["expected"].replace(" or ", ", ").split(", ")]
            return f"{'must be' if len(words) == 1 else 'must be one of'} {listed(words)}{closest(str(detail['input']), words)}"
        case "string_pattern_mismatch":
            pattern = context["pattern"]
            return f"allowed: {PATTERN_TEXTS.get(pattern) or description or f'text that matches {pattern}'}"
        case "value_error":
            return str(context["error"])
        case "dict_type":
            return "must be a mapping of keys to values"
    return f"{detail['msg'][0].lower()}{detail['msg'][1:]}".replace("input should be", "must be")


def _shortened(value: object) -> str:
    text = json.dumps(value, ensure_ascii=False)
    return text if len(text) <= 60 else f"{text[:57]}…"
