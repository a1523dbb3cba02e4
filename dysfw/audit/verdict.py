"""Pass, caution or fail, with the reason and what to do."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from ..stats.estimate import Estimate
from ..util.text import listed
from .effects import Effects
from .permutation_null import LEVEL, SINGLE, PermutationNull, Statistic
from .predict import ALL
from .result import ShortcutFeature, Verdict

# An AUROC of 0.7 is where a test begins to be called acceptable (Hosmer, Lemeshow & Sturdivant, Applied Logistic Regression,
# 3rd ed. 2013, chapter 5): surely above it, the wallpaper alone makes a usable classifier. The balanced accuracy counts as
# large when it is surely a fifth of the way from chance to perfection; with two conditions that is 0.6.
LARGE_AUROC, LARGE_SHARE = 0.7, 0.2
# "Nothing was found" is worth something only where an AUROC of this size would have been beyond chance. It takes about a dozen
# patients of a condition.
NOTICED = 0.8
PARTS = {
    "file": "the file",
    "colour": "colour, sharpness and noise",
    "border": "the border",
    "background": "the background",
    "framing": "where the face is in the picture",
    ALL: "all of these together",
}
MASKED = "`harmonise: {background: mask}` in the recipe leaves nothing to be seen around the head."
REMEDIES = {
    "file": "Store all photographs alike, or put `harmonise:` into the recipe: one resolution and one encoding for all, with a "
    "`face` no larger than the smaller faces are, since enlarged ones stay blurred.",
    "colour": "`harmonise: {colour: normalise}` in the recipe brings colours together, its common resolution the sharpness.",
    "border": MASKED,
    "background": MASKED,
    "framing": "`harmonise:` in the recipe cuts every photograph around the face in the same way.",
}
HARMONISE_MORE = (
    "Harmonising did not remove it. In `harmonise:`, make `face` no larger than the smaller faces are, set `background: mask` "
    "and `colour: normalise`; what then remains needs other photographs."
)
NAME_PATIENTS = (
    "Say which photographs show the same patient (column `patient` of a manifest): where some do, patients were on both sides "
    "of the folds, and p is too small."
)


@dataclass(frozen=True, slots=True)
class VerdictWithReason:
    verdict: Verdict
    reason: str
    advice: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class _Finding:
    """Something beyond chance. low: the lower end of its interval on a scale where 0 is chance and 1 perfection."""

    statistic: Statistic
    words: str
    low: float
    large: bool


def decide_verdict(
    null_distribution: PermutationNull,
    effects: Effects,
    features: Sequence[ShortcutFeature],
    labels: Sequence[str],
    *,
    knows_patients: bool,
    harmonised: bool,
) -> VerdictWithReason:
    """fail: beyond chance, and surely large. caution: beyond chance; or not, but too few patients to tell, or patients unknown.
    pass: everything else."""
    patients = () if knows_patients else (NAME_PATIENTS,)
    if null_distribution.p >= LEVEL:
        return _nothing_found(null_distribution, labels, patients)
    found = _found(null_distribution, effects, labels)
    groups = dict.fromkeys([finding.statistic.group for finding in found] + [feature.group for feature in features])
    remedies = [HARMONISE_MORE] if harmonised else dict.fromkeys(REMEDIES[group] for group in groups if group in REMEDIES)
    advice = (*_same_source(features), *remedies, *patients)
    strongest = max(found, key=lambda finding: (finding.large, round(finding.low, 2)), default=None)
    what = _culprit(features, strongest)
    if strongest and strongest.large:
        reason = f"The condition can be told without looking at a face: {what} ({_p(null_distribution)})."
        return VerdictWithReason("fail", reason, (*advice, "Do not believe a score on these data before that is mended."))
    much = bool(features) and _strength(features[0]) >= 2 * LARGE_AUROC - 1
    extent = "perhaps much" if much else "if only a little"
    return VerdictWithReason(
        "caution", f"Something beside the face goes with the condition, {extent}: {what} ({_p(null_distribution)}).", advice
    )


def _culprit(features: Sequence[ShortcutFeature], strongest: _Finding | None) -> str:
    """The strongest single clue by its name, since that is what can be mended, and what tells surely more than it does."""
    words = []
    if features:
        first = features[0]
        words.append(f"{first.label} by one clue alone, {first.words}, AUROC {max(first.auroc, 1 - first.auroc):.2f}")
    if strongest and not (features and strongest.low <= _strength(features[0])):
        words.append(strongest.words)
    return "; and ".join(words) or "no single thing stands out"


def _strength(feature: ShortcutFeature) -> float:
    """Of its AUROC, on a scale where 0 is chance and 1 perfection."""
    return abs(2 * feature.auroc - 1)


def _nothing_found(null_distribution: PermutationNull, labels: Sequence[str], patients: tuple[str, ...]) -> VerdictWithReason:
    noticed = {label: null_distribution.noticed(Statistic(ALL, k)) for k, label in enumerate(labels)}
    if max(noticed.values()) > NOTICED:
        reason = f"Nothing beside the face was seen to tell the condition ({_p(null_distribution)}), but the patients are too few to tell."
        return VerdictWithReason("caution", reason, (f"Add patients. {_missed(noticed)}", *patients))
    least = max(noticed.values())
    clean = f"Nothing beside the face tells the condition ({_p(null_distribution)}). AUROCs above {least:.2f} would have been noticed"
    if patients:
        return VerdictWithReason("caution", f"{clean}, if each photograph shows another patient.", patients)
    return VerdictWithReason("pass", f"{clean}.", ())


def _missed(noticed: Mapping[str, float]) -> str:
    """What would have gone unseen. noticed: by condition, the least AUROC that would have been beyond chance."""
    never = [label for label, least in noticed.items() if round(least, 2) >= 1]
    late = [f"{least:.2f} for {label}" for label, least in noticed.items() if label not in never and least > NOTICED]
    words = [f"No AUROC, however large, would have been noticed for {listed(never)}."] if never else []
    return " ".join([*words, *([f"An AUROC would have been noticed only above {listed(late)}."] if late else [])])


def _found(null_distribution: PermutationNull, effects: Effects, labels: Sequence[str]) -> list[_Finding]:
    """What is beyond chance after correction for everything. Single clues speak for themselves; one that tells much shows in
    its group, too."""
    beyond = [
        s
        for s in null_distribution.statistics
        if s != SINGLE and null_distribution.p_among(s, null_distribution.statistics) < LEVEL
    ]
    return [_finding(statistic, effects, labels) for statistic in beyond]


def _finding(statistic: Statistic, effects: Effects, labels: Sequence[str]) -> _Finding:
    group = str(statistic.group)
    if statistic.label is not None:
        auroc = effects.auroc(group, statistic.label)
        low = auroc.value if auroc.low is None else auroc.low
        words = f"{labels[statistic.label]} from {PARTS[group]}, AUROC {_shown(auroc)}"
        return _Finding(statistic, words, 2 * low - 1, low >= LARGE_AUROC)
    balanced, chance = effects.balanced_accuracy(group), 1 / len(labels)
    low = ((balanced.value if balanced.low is None else balanced.low) - chance) / (1 - chance)
    words = f"from {PARTS[group]}, balanced accuracy {_shown(balanced)} where chance is {chance:.2f}"
    return _Finding(statistic, words, low, low >= LARGE_SHARE)


def _same_source(features: Sequence[ShortcutFeature]) -> list[str]:
    """The strongest clue of each of the conditions that are told best."""
    strongest = {feature.label: feature for feature in reversed(features)}
    ordered = [feature for feature in features if strongest[feature.label] is feature]
    return [
        f"Take the photographs of {feature.label} from the same source as the others: {feature.words}."
        for feature in ordered[:3]
    ]


def _shown(figure: Estimate) -> str:
    interval = "" if figure.low is None or figure.high is None else f" ({figure.low:.2f}–{figure.high:.2f})"
    return f"{figure.value:.2f}{interval}"


def _p(null_distribution: PermutationNull) -> str:
    return f"p = {null_distribution.p:.3f}" if null_distribution.p >= 0.0095 else f"p = {null_distribution.p:.2g}"
