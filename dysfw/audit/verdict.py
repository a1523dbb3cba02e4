"""Verdict of an audit: pass, caution or fail, with reason and advice."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from ..stats.estimate import Estimate
from ..util.text import listed
from .effects import Effects
from .permutation_null import ALPHA, SINGLE, PermutationNull, Statistic
from .predict import ALL
from .result import ShortcutFeature
from .result_part import Verdict

# An AUROC of 0.7 is the lower limit of acceptable discrimination (Hosmer, Lemeshow & Sturdivant, Applied Logistic Regression,
# 3rd ed. 2013, chapter 5): clearly above it, the background alone makes a usable classifier. The balanced accuracy counts as
# large if it is clearly a fifth of the way from chance to perfection; with two conditions that is 0.6.
LARGE_AUROC, LARGE_SHARE = 0.7, 0.2
# A negative result is informative only if the audit could have detected an AUROC of this size. This takes about a dozen
# patients per condition.
MAX_DETECTABLE_AUROC = 0.8
SOURCES = {
    "file": "file properties",
    "colour": "colour, sharpness and noise",
    "border": "the image border",
    "background": "the background",
    "framing": "the position and size of the face",
    ALL: "all features together",
}
MASK = "Set `harmonise: {background: mask}` in the recipe to hide everything around the head."
REMEDIES = {
    "file": "Store all images in the same way, or add `harmonise:` to the recipe, which gives them a common resolution and "
    "encoding. Choose a `face` no larger than the smaller faces, because enlarged faces stay blurred.",
    "colour": "Set `harmonise: {colour: normalise}` in the recipe to equalise colours; its common resolution equalises "
    "sharpness.",
    "border": MASK,
    "background": MASK,
    "framing": "Add `harmonise:` to the recipe to crop every image around the face in the same way.",
}
HARMONISE_MORE = (
    "Harmonisation did not remove the leakage. In `harmonise:`, choose a `face` no larger than the smaller faces, and set "
    "`background: mask` and `colour: normalise`. If leakage remains, you need other images."
)
NAME_PATIENTS = (
    "Name the patient of each image (column `patient` of a manifest). If several images show one patient, patients were in "
    "training and test folds at once, and p is too small."
)


@dataclass(frozen=True, slots=True)
class AuditVerdict:
    """Verdict of an audit.

    Attributes:
        verdict: "pass", "caution" or "fail".
        reason: The reason, in one or two sentences.
        advice: What to do, one sentence each.
    """

    verdict: Verdict
    reason: str
    advice: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class _Effect:
    """A significant statistic.

    Attributes:
        statistic: Which one.
        words: Its description.
        low: Lower end of its interval, on a scale from 0 (chance) to 1 (perfection).
        large: Whether the effect is large.
    """

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
) -> AuditVerdict:
    """Decide the verdict.

    "fail": significant and clearly large. "caution": significant but small; or not significant, with too few patients or
    unknown patients. "pass": everything else.

    Args:
        null_distribution: The statistics under permuted labels.
        effects: The size of the effects.
        features: Significant single features, the strongest first.
        labels: K labels.
        knows_patients: Whether the patient of every image is known.
        harmonised: Whether the images are harmonised.

    Returns:
        The verdict.
    """
    patients = () if knows_patients else (NAME_PATIENTS,)
    if null_distribution.p >= ALPHA:
        return _nothing_found(null_distribution, labels, patients)
    significant = _significant(null_distribution, effects, labels)
    groups = dict.fromkeys([effect.statistic.group for effect in significant] + [feature.group for feature in features])
    remedies = [HARMONISE_MORE] if harmonised else dict.fromkeys(REMEDIES[group] for group in groups if group in REMEDIES)
    advice = (*_same_source(features), *remedies, *patients)
    strongest = max(significant, key=lambda effect: (effect.large, round(effect.low, 2)), default=None)
    cause = _cause(features, strongest)
    if strongest and strongest.large:
        reason = f"The condition can be predicted without the face: {cause} ({with_p(null_distribution)})."
        return AuditVerdict("fail", reason, (*advice, "Do not trust any score on these data until this is fixed."))
    may_be_large = bool(features) and _strength(features[0]) >= 2 * LARGE_AUROC - 1
    extent = "possibly a large effect" if may_be_large else "a small effect"
    reason = f"Something other than the face is associated with the condition, {extent}: {cause} ({with_p(null_distribution)})."
    return AuditVerdict("caution", reason, advice)


def _cause(features: Sequence[ShortcutFeature], strongest: _Effect | None) -> str:
    """Name the strongest single feature, which can be fixed, and the strongest effect if it is clearly larger."""
    words = []
    if features:
        first = features[0]
        words.append(f"{first.label} by a single feature, {first.words}, AUROC {max(first.auroc, 1 - first.auroc):.2f}")
    if strongest and not (features and strongest.low <= _strength(features[0])):
        words.append(strongest.words)
    return "; and ".join(words) or "no single feature stands out"


def _strength(feature: ShortcutFeature) -> float:
    """Return the feature's AUROC on a scale from 0 (chance) to 1 (perfection)."""
    return abs(2 * feature.auroc - 1)


def _nothing_found(null_distribution: PermutationNull, labels: Sequence[str], patients: tuple[str, ...]) -> AuditVerdict:
    limits = null_distribution.detectable([Statistic(ALL, k) for k in range(len(labels))])
    detectable = dict(zip(labels, limits.tolist(), strict=True))
    if max(detectable.values()) > MAX_DETECTABLE_AUROC:
        reason = f"No leakage detected ({with_p(null_distribution)}), but the sample is too small to exclude it."
        return AuditVerdict("caution", reason, (f"Add patients. {_undetectable(detectable)}", *patients))
    limit = max(detectable.values())
    clean = f"No leakage detected ({with_p(null_distribution)}). The audit could have detected an AUROC of {limit:.2f} or more"
    if patients:
        return AuditVerdict("caution", f"{clean}, provided that every image shows a different patient.", patients)
    return AuditVerdict("pass", f"{clean}.", ())


def _undetectable(detectable: Mapping[str, float]) -> str:
    """Describe what the audit could not have detected. detectable: the smallest detectable AUROC of each condition."""
    never = [label for label, limit in detectable.items() if round(limit, 2) >= 1]
    limits = [
        f"{limit:.2f} for {label}" for label, limit in detectable.items() if label not in never and limit > MAX_DETECTABLE_AUROC
    ]
    sentences = [f"This audit could not have detected any leakage for {listed(never)}."] if never else []
    return " ".join(
        [*sentences, *([f"The smallest AUROC this audit could have detected is {listed(limits)}."] if limits else [])]
    )


def _significant(null_distribution: PermutationNull, effects: Effects, labels: Sequence[str]) -> list[_Effect]:
    """Return the significant effects, corrected for all statistics.

    Single features are reported separately; a strong one shows in its group, too.
    """
    return [_effect(statistic, effects, labels) for statistic in null_distribution.significant() if statistic != SINGLE]


def _effect(statistic: Statistic, effects: Effects, labels: Sequence[str]) -> _Effect:
    group = str(statistic.group)
    if statistic.label is not None:
        auroc = effects.auroc(group, statistic.label)
        low = auroc.value if auroc.low is None else auroc.low
        words = f"{labels[statistic.label]} from {SOURCES[group]}, AUROC {with_interval(auroc)}"
        return _Effect(statistic, words, 2 * low - 1, low >= LARGE_AUROC)
    balanced, chance = effects.balanced_accuracy(group), 1 / len(labels)
    low = ((balanced.value if balanced.low is None else balanced.low) - chance) / (1 - chance)
    words = f"from {SOURCES[group]}, balanced accuracy {with_interval(balanced)} (chance {chance:.2f})"
    return _Effect(statistic, words, low, low >= LARGE_SHARE)


def _same_source(features: Sequence[ShortcutFeature]) -> list[str]:
    """Advise on the strongest feature of each of the three most predictable conditions."""
    strongest = {feature.label: feature for feature in reversed(features)}
    ordered = [feature for feature in features if strongest[feature.label] is feature]
    return [
        f"Take the images of {feature.label} from the same source as the others: {feature.words}." for feature in ordered[:3]
    ]


def with_interval(estimate: Estimate) -> str:
    """Format an estimate: "0.62 (0.57–0.67)"."""
    interval = "" if estimate.low is None or estimate.high is None else f" ({estimate.low:.2f}–{estimate.high:.2f})"
    return f"{estimate.value:.2f}{interval}"


def with_p(null_distribution: PermutationNull) -> str:
    """Format the p-value of an audit: "p = 0.012"."""
    return f"p = {null_distribution.p:.3f}" if null_distribution.p >= 0.0095 else f"p = {null_distribution.p:.2g}"
