"""Why a prediction is what it is."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from ..errors import DysfwError
from ..inference.pipeline import Pipeline
from ..types import BasePrediction, Prediction
from ..util.text import closest, listed
from .contributions import Agreement, Contributions, agreement_of, contributions_of
from .occlusion import occlusion_maps
from .saliency_map import Method, SaliencyMap


@dataclass(frozen=True, slots=True, eq=False)
class Explanation:
    """condition: index of the label that is asked about; contributions and maps hold all. maps: of the regions that are
    present, where they were asked for."""

    condition: int
    contributions: Contributions
    agreement: Agreement
    maps: tuple[SaliencyMap, ...] = ()

    def ordered(self, result: BasePrediction) -> list[tuple[str, float]]:
        """Regions that are present, each with what it adds to the condition's probability; the one that adds most first."""
        own = zip(result.regions, self.contributions.values[:, self.condition], result.present, strict=True)
        return sorted(((name, float(value)) for name, value, here in own if here), key=lambda one: -one[1])


def explain(pipeline: Pipeline, result: BasePrediction, *, label: str | None = None, maps: Method | None = None) -> Explanation:
    """label: the condition to ask about; the prediction's first by default, see ``condition_called``. maps: also which part of
    each region's crop it hangs on, by the method that is named, which takes time and needs a prediction of one face that was
    made with ``pixels``. Raises ValueError where those are missing."""
    assert pipeline.classifier  # noqa: S101  # or there would be no prediction
    condition = result.ranking[0] if label is None else result.labels.index(label)
    looked = maps_of(pipeline, result, condition, maps) if maps and isinstance(result, Prediction) else ()
    return Explanation(
        condition=condition,
        contributions=contributions_of(pipeline.classifier, result, pipeline.recipe.seed),
        agreement=agreement_of(result),
        maps=tuple(looked),
    )


def maps_of(pipeline: Pipeline, result: Prediction, condition: int, method: Method) -> Iterator[SaliencyMap]:
    """A map of each region that is present, each made when it is asked for. Raises as ``explain`` does."""
    assert pipeline.classifier  # noqa: S101  # or there would be no prediction
    if method == "gradient":
        from .gradient import gradient_maps  # torch, and captum

        return gradient_maps(pipeline.embedder, pipeline.classifier, result, condition)
    return occlusion_maps(pipeline.embedder, pipeline.classifier, result)


def condition_called(wanted: str, labels: Sequence[str], option: str) -> str:
    """The label that people mean. option: that they wrote it to. Raises DysfwError where there is none."""
    if wanted in labels:
        return wanted
    message = f"{option} {wanted}: the bundle knows no such condition{closest(wanted, labels)}"
    raise DysfwError(message, hint=f"it knows: {listed(labels, 30)}")
