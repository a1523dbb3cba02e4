"""The ranking for the terminal."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from dysfw import RESEARCH_USE
from dysfw.plugin import Column, FittedTable, Sign, count, listed, ratio_text

from .explanation import AnnotatedSign, ExplainedSign, Explanation, explain
from .face import FACE
from .next_signs import NextSign
from .patient import RankedPatient
from .ranking import posterior_text

if TYPE_CHECKING:
    from rich.console import Console

    from .catalog import CatalogDisease

MAX_GENES = 3
MAX_SIGNS = 12  # of the record
MAX_MISSING = 15
RELATIONS = {"same": "", "below": "as ", "above": "only as ", "none": "not annotated"}


def print_result(console: Console, result: RankedPatient) -> None:
    """Print the ranking, an explanation if one was asked for, and the signs to examine next.

    The notice and what is said of phantoms stand in the text itself, since people write it to files.

    Args:
        console: Where to print.
        result: The result.
    """
    _line(console, RESEARCH_USE, "dim")
    if result.interpreted.signs:
        _line(console, f"signs: {listed(map(_with_id, result.interpreted.signs), MAX_SIGNS)}")
    _line(console, _basis(result))
    console.print()
    console.print(_table(result))
    _print_hidden(console, result)
    if result.explanation:
        _print_explanation(console, result, result.explanation)
    _print_next(console, result)


def _line(console: Console, text: str, style: str = "") -> None:
    console.print(text, style=style, markup=False)


def _with_id(sign: Sign) -> str:
    return f"{'no ' if sign.status == 'excluded' else ''}{sign.name} ({sign.id})"


def _basis(result: RankedPatient) -> str:
    """What was ranked, by what."""
    ranking, recipe = result.ranking, result.recipe
    text = f"{len(ranking.order):,} diseases of OMIM and Orphanet, HPO {result.catalog.data.release.version}"
    if ranking.panel:
        text += f"; {len(ranking.panel_order):,} of them have one of {count(len(ranking.panel.genes), 'gene')} of the panel"
        text += f" ({ranking.panel.source})" if ranking.panel.source else ""
    if recipe:
        counts = any(part.name == FACE for part in recipe.parts)
        others = "; for others its ratio is 1" if counts else ", but no image could be used, so that the face does not count"
        trained = ", trained on PHANTOMS and meaningless for photos of people," if recipe.phantoms else ""
        text += f"; the bundle {recipe.name}{trained} knows {recipe.known} of them by face{others}"
        weights = ", ".join(f"{part.name} {part.weight:.2g}" for part in ranking.parts)
        learned = f"learned from {count(recipe.learned_from, 'patient')}" if recipe.learned_from else "not learned"
        text += f"; weights: {weights} ({learned})"
    if ranking.prior:
        text += f"; probabilities are for this prior: {ranking.prior.name}"
    return text


def _table(result: RankedPatient) -> FittedTable:
    ranking, several = result.ranking, len(result.ranking.parts) > 1
    columns = [Column(role="id", right=True), Column("disease"), Column("genes", role="more")]
    if ranking.panel:
        columns.insert(1, Column("overall", right=True))
    columns += [Column(part.name, right=True) for part in ranking.parts]
    columns += [Column("all", right=True)] if several else []
    columns += [Column("probability", right=True)] if ranking.posterior is not None else []
    columns += [Column("best sign", role="more"), Column("frequent signs", role="more", right=True)]
    table = FittedTable(*columns, below="lines")
    for number in result.shown:
        disease = result.catalog[number]
        cells = [str(ranking.panel_rank[number]), str(ranking.rank[number])] if ranking.panel else [str(ranking.rank[number])]
        cells += [f"{disease.name} ({disease.ids})", _genes(disease)]
        cells += [ratio_text(float(part.log_ratio[number])) for part in ranking.parts]
        cells += [ratio_text(float(ranking.log_ratio[number]))] if several else []
        cells += [posterior_text(float(ranking.posterior[number]), 2)] if ranking.posterior is not None else []
        table.add(*cells, *_of_signs(result, number))
    return table


def _genes(disease: CatalogDisease) -> str:
    return listed((gene.symbol for gene in disease.genes), MAX_GENES) if disease.genes else "–"


def _of_signs(result: RankedPatient, number: int) -> tuple[str, str]:
    """The best sign, and how many of the disease's frequent signs the record holds."""
    if not result.sign_parts:
        return "", ""
    sign, ratio = result.best_sign(number)
    explained = explain(result.catalog, number, result.interpreted.signs, result.sign_parts)
    best = f"{'no ' if sign.status == 'excluded' else ''}{sign.name} {ratio_text(ratio)}" if sign else "none"
    return best, f"{explained.found} of {explained.frequent}" if explained.frequent else "–"


def _print_hidden(console: Console, result: RankedPatient) -> None:
    ranking = result.ranking
    order = ranking.panel_order if ranking.panel else ranking.order
    hidden = len(order) - len(result.shown)
    if not len(order):
        _line(console, "no disease of the panel is annotated with signs")
    if hidden > 0:
        same = int((ranking.rank[order] == ranking.rank[result.shown[-1]]).sum())
        ties = f"; {same:,} share the last rank shown" if same > 1 else ""
        _line(console, f"and {hidden:,} more (--top N shows more){ties}", "dim")


def _print_next(console: Console, result: RankedPatient) -> None:
    given = result.ranking.prior.name if result.ranking.prior else "equal priors"
    console.print()
    if not result.next_signs:
        _line(console, "no other sign is expected to make the ranking clearer")
        return
    _line(console, f"most informative signs to examine next (expected bits, {given}):")
    separated = (Column("if present", role="more"), Column("if absent", role="more"))
    table = FittedTable(Column("sign"), Column("bits", right=True), *separated, below="lines")
    for one in result.next_signs:
        table.add(f"{one.name} ({one.id})", f"{one.information:.2f}", *_separated(result, one))
    console.print(table)


def _separated(result: RankedPatient, one: NextSign) -> tuple[str, str]:
    names = ([result.catalog.name(number) for number in numbers] for numbers in (one.if_present, one.if_absent))
    present, absent = ("; ".join(own) or "–" for own in names)
    return present, absent


def _print_explanation(console: Console, result: RankedPatient, explanation: Explanation) -> None:
    ranking, disease = result.ranking, result.catalog[explanation.number]
    rank = int(ranking.rank[explanation.number])
    console.print()
    place = f"rank {rank:,} of {len(ranking.order):,}" if rank else "not ranked: nothing is annotated"
    _line(console, f"{disease.name} ({disease.ids}): {place}", "bold")
    if explanation.signs:
        frequency = Column("annotated frequency", role="more")
        table = FittedTable(Column("sign"), Column("ratio", right=True), frequency, below="lines")
        for one in explanation.signs:
            table.add(_with_id(one.sign), ratio_text(one.log_ratio), _annotated(one))
        if not math.isnan(explanation.rest):
            table.add("its other signs, which the record does not mention", ratio_text(explanation.rest), "")
        console.print(table)
    _line(console, f"frequent signs: {explanation.found} of {explanation.frequent} in the record")
    if explanation.missing:
        missing = listed(map(_frequency, explanation.missing), MAX_MISSING)
        _line(console, f"frequent signs that the record does not mention: {missing}")


def _annotated(one: ExplainedSign) -> str:
    if one.annotated is None:
        return RELATIONS["none"]
    text = one.annotated.text
    return text if one.relation == "same" else f"{text}, {RELATIONS[one.relation]}{one.annotated.name}"


def _frequency(sign: AnnotatedSign) -> str:
    return f"{sign.name} ({sign.text})"
