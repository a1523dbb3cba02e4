"""Explanations of a prediction: contributions of the regions, their agreement, and saliency maps."""

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
    """Why a prediction has the probabilities that it has.

    Attributes:
        condition: Index of the label that is explained; contributions and maps hold all labels.
        contributions: What each region adds to each probability.
        agreement: How far the regions agree.
        maps: Saliency maps of the present regions, if requested.
    """

    condition: int
    contributions: Contributions
    agreement: Agreement
    maps: tuple[SaliencyMap, ...] = ()

    def ordered(self, result: BasePrediction) -> list[tuple[str, float]]:
        """Sort the present regions and the evidence by their contribution to the condition, largest first.

        Args:
            result: The prediction that is explained.

        Returns:
            Names of regions and evidence with their contributions.
        """
        of_regions = zip(result.regions, self.contributions.values[:, self.condition], result.present, strict=True)
        pairs = [(name, float(value)) for name, value, present in of_regions if present]
        of_evidence = zip(result.evidence, self.contributions.evidence[:, self.condition], strict=True)
        pairs += [(one.name, float(value)) for one, value in of_evidence]
        return sorted(pairs, key=lambda pair: -pair[1])


def explain(pipeline: Pipeline, result: BasePrediction, *, label: str | None = None, maps: Method | None = None) -> Explanation:
    """Explain a prediction.

    Args:
        pipeline: The pipeline that made the prediction.
        result: The prediction.
        label: The condition to explain; None for the prediction's first.
        maps: Method of the saliency maps; None for no maps. Maps take time, and need the prediction of one face, made with
            ``pixels=True``.

    Returns:
        The explanation.

    Raises:
        ValueError: Maps are requested, and the pixels of the image were not kept.
        DysfwError: Maps by gradient are requested, and the backbone does not support them.
    """
    assert pipeline.classifier  # noqa: S101  # or there would be no prediction
    condition = result.ranking[0] if label is None else result.labels.index(label)
    saliency_maps = maps_of(pipeline, result, condition, maps) if maps and isinstance(result, Prediction) else ()
    return Explanation(
        condition=condition,
        contributions=contributions_of(pipeline.classifier, result, pipeline.recipe.seed),
        agreement=agreement_of(result),
        maps=tuple(saliency_maps),
    )


def maps_of(pipeline: Pipeline, result: Prediction, condition: int, method: Method) -> Iterator[SaliencyMap]:
    """Compute a saliency map for each present region, each when it is requested.

    Args:
        pipeline: The pipeline that made the prediction.
        result: The prediction of one face, with the pixels of its image.
        condition: Index of the label that is explained.
        method: How maps are computed.

    Returns:
        The maps, in the order of the prediction's regions.

    Raises:
        ValueError: The pixels of the image were not kept.
        DysfwError: The method is ``gradient``, and the backbone does not support it.
    """
    assert pipeline.classifier  # noqa: S101  # or there would be no prediction
    if method == "gradient":
        from .gradient import gradient_maps  # imports torch and captum

        return gradient_maps(pipeline.embedder, pipeline.classifier, result, condition)
    return occlusion_maps(pipeline.embedder, pipeline.classifier, result)


def condition_called(wanted: str, labels: Sequence[str], option: str) -> str:
    """Check that a label exists.

    Args:
        wanted: The label.
        labels: All labels.
        option: The option that was used, for the error.

    Returns:
        The label.

    Raises:
        DysfwError: There is no such label.
    """
    if wanted in labels:
        return wanted
    message = f"{option} {wanted}: the bundle has no such condition{closest(wanted, labels)}"
    raise DysfwError(message, hint=f"its conditions are: {listed(labels, 30)}")
