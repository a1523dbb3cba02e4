"""A plugin with backbones that take every kind of parameter, including other backbones."""

from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field

from dysfw.contracts.components import Backbone
from dysfw.registry.hookspecs import ComponentSpec, WeightsSpec, hookimpl
from dysfw.types import Float32, UInt8


@hookimpl
def dysfw_components() -> list[ComponentSpec]:
    return [
        ComponentSpec("backbone", "files", "sample_components:Files", "every kind of plain parameter"),
        ComponentSpec("backbone", "joined", "sample_components:Joined", "several backbones side by side"),
        ComponentSpec("backbone", "wrap", "sample_components:Wrap", "one backbone, or two"),
    ]


@hookimpl
def dysfw_weights() -> list[WeightsSpec]:
    return [WeightsSpec("shipped", "dysfw:py.typed", "a file that is there")]


class Plain(Backbone):
    @property
    def input_size(self) -> int:
        return 32

    @property
    def dim(self) -> int:
        return 1

    def embed(self, crops: UInt8) -> Float32:
        return crops.mean(axis=(1, 2, 3), keepdims=False)[:, None].astype("float32")


class Files(Plain):
    """Takes one parameter of each kind."""

    def __init__(  # noqa: PLR0917
        self,
        weights: Path,
        more: list[Path] | None = None,
        named: dict[str, Path] | None = None,
        kind: Literal["small", "large"] = "small",
        layers: Annotated[int, Field(le=99)] = 3,
        rate: float = 1,
        flag: bool = False,
        text: str = "",
        size: int | Literal["auto"] = "auto",
        shares: dict[str, float] | None = None,
        *,
        device: str,
        seed: int = 7,
    ) -> None:
        if layers < 1:
            raise ValueError(f"layers must be 1 or more, found {layers}")
        self.weight_files = (weights, more, named)
        self.device = device
        self.seed = seed


class Joined(Plain):
    def __init__(self, of: list[Backbone], scale: float = 1.0) -> None:
        self.of = of
        self.scale = scale


class Wrap(Plain):
    def __init__(self, inner: Backbone, other: Backbone | None = None) -> None:
        self.inner = inner
        self.other = other
