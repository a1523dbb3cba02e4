"""Everything that ``dysfw rank`` knows of one patient, with the ranking."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from importlib.metadata import version

import numpy as np

from dysfw.plugin import DysfwError, Evidence, EvidencePart, InterpretedRecord, PatientRecord, Sign, Weights

from ..evidence import Hpo
from .catalog import Catalog
from .explanation import Explanation, explain
from .face import FACE, SIGNS, RecipeResult
from .next_signs import NextSign, next_signs
from .panel import Panel
from .prior import Prior, uniform_prior
from .ranking import Float64, Part, Ranking, posterior_of, rank_diseases
from .warnings import nothing_to_rank


@dataclass(frozen=True, slots=True, eq=False)
class RankedPatient:
    """The result of ``dysfw rank``, as all formats take it.

    Attributes:
        catalog: The C diseases.
        record: The patient's record.
        interpreted: The signs of the record, and what of it is not used.
        sign_parts: What the log ratio of the signs adds up, before weighting; each with an array [C].
        ranking: The ranking.
        next_signs: The most informative signs that were not assessed.
        top: Maximum number of diseases to show; None for all.
        explanation: Of the disease that the user asked for.
        recipe: What a recipe adds; None without one.
        options: The command's options by name, without anything of the record.
        unused: Parts of the record that the ranking does not use, such as "age".
    """

    catalog: Catalog
    record: PatientRecord
    interpreted: InterpretedRecord
    sign_parts: Sequence[EvidencePart]
    ranking: Ranking
    next_signs: Sequence[NextSign]
    top: int | None
    explanation: Explanation | None = None
    recipe: RecipeResult | None = None
    options: Mapping[str, str] = field(default_factory=dict)
    unused: tuple[str, ...] = ()

    @property
    def shown(self) -> list[int]:
        """Numbers of the diseases to show, in their order: of the panel if there is one."""
        ranking = self.ranking
        order = ranking.panel_order if ranking.panel else ranking.order
        return [int(number) for number in order[: self.top]]

    @property
    def version(self) -> str:
        """The version of dysfw."""
        return version("dysfw")

    @property
    def data(self) -> Weights:
        """The release, as results name it."""
        return self.catalog.data.weights

    def best_sign(self, number: int) -> tuple[Sign | None, float]:
        """Return the sign that speaks most for a disease.

        Args:
            number: The disease.

        Returns:
            The sign and the natural logarithm of its ratio; None and NaN if no sign speaks for it.
        """
        own = [(part.sign, float(part.log_ratio[number])) for part in self.sign_parts if part.sign]
        known = [(sign, ratio) for sign, ratio in own if not np.isnan(ratio) and ratio > 0]
        return max(known, key=lambda pair: pair[1], default=(None, np.nan))


def rank_patient(
    catalog: Catalog,
    record: PatientRecord,
    interpreted: InterpretedRecord,
    recipe: RecipeResult | None = None,
    *,
    panel: Panel | None = None,
    prior: Prior | None = None,
    explained: int | None = None,
    top: int | None = None,
    options: Mapping[str, str] | None = None,
) -> RankedPatient:
    """Rank all diseases for a patient.

    Args:
        catalog: The C diseases.
        record: The patient's record.
        interpreted: Its signs.
        recipe: What a recipe says of the face.
        panel: A gene panel.
        prior: Prior probabilities, if posterior probabilities are wanted.
        explained: Number of a disease to explain.
        top: Maximum number of diseases to show; None for all.
        options: The command's options, for the results.

    Returns:
        The result.

    Raises:
        DysfwError: Neither a sign nor an image counts.
    """
    evidence = recipe.evidence if recipe else Hpo()
    sign_parts = evidence.parts(record, catalog.conditions) if interpreted.signs else ()
    parts = [Part(SIGNS, _sum(sign_parts), recipe.sign_weight if recipe else 1.0)] if sign_parts else []
    parts += recipe.parts if recipe else ()
    if not parts and not interpreted.signs:
        raise DysfwError(nothing_to_rank(record, with_images=recipe is not None))
    if not parts:
        raise DysfwError("there is nothing to rank by: excluded signs have no weight, and nothing else is known")
    ranking = rank_diseases(catalog, parts, prior, panel)
    explanation = None if explained is None else explain(catalog, explained, interpreted.signs, sign_parts)
    others = [part.name for part in parts if part.name not in {SIGNS, FACE}]
    unused = () if others else tuple(name for name in ("age", "sex", "ancestry") if getattr(record, name) is not None)
    sign_weight = recipe.sign_weight if recipe else 1.0
    proposed = _next_signs(catalog, evidence, sign_weight, ranking, record=record, signs=interpreted.signs)
    return RankedPatient(
        catalog, record, interpreted, sign_parts, ranking, proposed, top, explanation, recipe, options or {}, unused
    )


def _next_signs(
    catalog: Catalog, evidence: Evidence, sign_weight: float, ranking: Ranking, *, record: PatientRecord, signs: Sequence[Sign]
) -> list[NextSign]:
    """The signs to examine next, for the prior of the ranking; equal priors without one."""
    prior = ranking.prior or uniform_prior(catalog)
    posterior = posterior_of(ranking.log_ratio, prior) if ranking.posterior is None else ranking.posterior
    of_signs = next((part.weight * np.nan_to_num(part.log_ratio) for part in ranking.parts if part.name == SIGNS), 0.0)
    rest = ranking.log_ratio - of_signs

    def rerank(records: Sequence[PatientRecord]) -> Float64:
        log_ratio = evidence.log_likelihood(records, catalog.conditions).astype(np.float64)
        return posterior_of(rest + sign_weight * np.nan_to_num(log_ratio), prior)

    return next_signs(catalog, posterior, signs, rerank, sex=record.sex)


def _sum(parts: Sequence[EvidencePart]) -> Float64:
    """The log ratios of all signs together, float64 [C]; NaN for diseases that are not known."""
    return np.asarray(np.sum([part.log_ratio for part in parts], axis=0, dtype=np.float64))
