"""Who can be matched: no person is both a case and a control, and each person is counted once."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from ..errors import DysfwError
from ..types import Failure
from ..util.text import count, listed
from .checks import unreadable_findings
from .dataset import Dataset, Sample
from .deduplication import Duplicates, find_duplicates
from .duplicates import ImageSignature
from .findings import MAX_EXAMPLES, ORDER, Finding


@dataclass(frozen=True, slots=True)
class Candidates:
    """The images of cases and of controls that remain after the checks.

    Attributes:
        cases: Images of cases. Patients who share an image have one common name.
        controls: Images of people who are no cases.
        findings: What was left out, and why; exclusions first.
    """

    cases: tuple[Sample, ...]
    controls: tuple[Sample, ...]
    findings: tuple[Finding, ...]


def both(cases: Dataset, controls: Dataset) -> tuple[Dataset, tuple[Finding, ...]]:
    """Join two data sets: the cases come first, and controls have labels of their own.

    Args:
        cases: The cases.
        controls: The controls; images whose label is one of the cases' are left out, so that it may list the cases, too.

    Returns:
        All images, and what was found in both data sets.

    Raises:
        DysfwError: No control remains.
    """
    taken = {_plain(label) for label in cases.labels}
    kept = tuple(sample for sample in controls.samples if _plain(sample.label) not in taken)
    findings = [*cases.findings, *controls.findings]
    if not kept:
        raise DysfwError(
            f"{controls.origin} has no controls: all of its labels are those of cases ({listed(controls.labels, 5)})",
            hint="CONTROLS needs people with another label than CASES, such as unaffected",
        )
    if left_out := len(controls.samples) - len(kept):
        labels = sorted({sample.label for sample in controls.samples} - {sample.label for sample in kept})
        message = f"{count(left_out, 'image')} of CONTROLS left out, because their label is one of CASES: {listed(labels, 5)}"
        findings.append(Finding("controls_labelled_as_cases", "exclusion", message, left_out))
    conditions = {**controls.conditions, **cases.conditions}
    return Dataset((*cases.samples, *kept), cases.origin, conditions), tuple(findings)


def _plain(label: str) -> str:
    return " ".join(unicodedata.normalize("NFKC", label).casefold().split())


def find_candidates(
    joined: Dataset,
    number: int,
    signatures: Mapping[Path, ImageSignature],
    failures: Sequence[Failure],
    findings: Sequence[Finding],
) -> Candidates:
    """Leave out who cannot be a control, and the images that cannot be used.

    Left out are images that cannot be read, identical copies, and controls who are a case, too: who have the name of a case's
    patient, or of whom an image is a copy or near copy of a case's.

    Args:
        joined: All images, those of cases first; see ``both``.
        number: How many of its images are those of cases.
        signatures: Of every image that can be read, by path.
        failures: Why the other images cannot be read.
        findings: Of both data sets.

    Returns:
        What remains.

    Raises:
        DysfwError: No case or no control remains.
    """
    roles = [n < number for n in range(len(joined.samples))]
    readable = [n for n, sample in enumerate(joined.samples) if sample.path in signatures]
    samples = [joined.samples[n] for n in readable]
    is_case = [roles[n] for n in readable]
    _refuse_empty(is_case, failures)
    duplicates = find_duplicates(samples, [signatures[sample.path] for sample in samples])
    shared = _shared_names(duplicates, is_case)
    dropped = _dropped(duplicates, is_case)
    left = [n for n in range(len(samples)) if n not in dropped]
    found = [*findings, *unreadable_findings(failures, joined), *_copies(duplicates, is_case, joined)]
    out = [n for n in left if not is_case[n] and duplicates.samples[n].patient in shared]
    out_names = {duplicates.samples[n].patient for n in out} | {
        duplicates.samples[n].patient or str(samples[n].path) for n in dropped if not is_case[n] and dropped[n]
    }
    if out_names:
        found.append(_both_roles(sorted(map(str, out_names)), len(out) + sum(map(bool, dropped.values()))))
    kept = [n for n in left if n not in set(out)]
    cases = tuple(duplicates.samples[n] for n in kept if is_case[n])
    controls = tuple(duplicates.samples[n] for n in kept if not is_case[n])
    if not cases or not controls:
        raise DysfwError(
            "no controls remain: all of them are cases, too" if cases else "no cases remain",
            hint="CASES and CONTROLS must show different people; name patients so that no two people have one name",
        )
    found += _shared_publications(cases, controls)
    found.sort(key=lambda one: ORDER.index(one.severity))
    return Candidates(cases, controls, tuple(found))


def _refuse_empty(is_case: Sequence[bool], failures: Sequence[Failure]) -> None:
    for role, there in (("CASES", any(is_case)), ("CONTROLS", not all(is_case))):
        if not there or not is_case:
            reason = f": {failures[0].message}" if failures else ""
            raise DysfwError(
                f"no image of {role} can be read ({count(len(failures), 'file')} failed){reason}",
                hint=f"look at them with: dysfw data check {role}",
            )


def _shared_names(duplicates: Duplicates, is_case: Sequence[bool]) -> set[str]:
    """Names of patients who are cases and controls; those who share an image have one common name."""
    names: tuple[set[str], set[str]] = (set(), set())
    for sample, case in zip(duplicates.samples, is_case, strict=True):
        if sample.patient is not None:
            names[case].add(sample.patient)
    # Identical images under different labels do not join their patients; between cases and controls they are one person.
    for group in duplicates.contradictory:
        if len({is_case[n] for n in group}) > 1:
            names[1].update(name for n in group if (name := duplicates.samples[n].patient) is not None)
    return names[0] & names[1]


def _dropped(duplicates: Duplicates, is_case: Sequence[bool]) -> dict[int, bool]:
    """Images that are not used, by index, and whether that is because a control's image is one of a case."""
    dropped = dict.fromkeys((n for _, n in duplicates.repeated), False)
    for group in duplicates.contradictory:
        roles = {is_case[n] for n in group}
        labels = {duplicates.original[n].label for n in group if is_case[n]}
        for n in group:
            if len(roles) > 1 and not is_case[n]:
                dropped[n] = True
            elif len(roles) == 1 or len(labels) > 1:
                dropped[n] = False
    return dropped


def _both_roles(names: Sequence[str], images: int) -> Finding:
    message = (
        f"{count(len(names), 'control')} left out, being a case, too: the same patient, or a copy of the same image. If they "
        "are different people, name their patients differently"
    )
    return Finding("controls_are_cases", "exclusion", message, images, tuple(names[:MAX_EXAMPLES]))


def _shared_publications(cases: Sequence[Sample], controls: Sequence[Sample]) -> Iterator[Finding]:
    """Controls who were published with a case, as siblings are."""
    names = {sample.publication for sample in cases if sample.publication}
    if same := [sample for sample in controls if sample.publication in names]:
        message = (
            f"{count(len(same), 'image')} of controls from a publication of a case; they may show relatives, who resemble each "
            "other. Leave these rows out if they do"
        )
        examples = tuple(sorted({str(sample.publication) for sample in same}))[:MAX_EXAMPLES]
        yield Finding("controls_published_with_cases", "warning", message, len(same), examples)


def _copies(duplicates: Duplicates, is_case: Sequence[bool], joined: Dataset) -> Iterator[Finding]:
    """Copies within the cases and within the controls."""

    def named(groups: Iterable[Sequence[int]]) -> tuple[str, ...]:
        return tuple(" = ".join(joined.name_of(duplicates.original[n]) for n in group) for group in groups)[:MAX_EXAMPLES]

    if duplicates.repeated:
        message = f"{count(len(duplicates.repeated), 'image')} identical to another image, pixel for pixel; one copy is kept"
        yield Finding("duplicate_image", "exclusion", message, len(duplicates.repeated), named(duplicates.repeated))
    if contradictory := [group for group in duplicates.contradictory if len({is_case[n] for n in group}) == 1]:
        number = sum(map(len, contradictory))
        message = f"{count(number, 'image')} with an exact duplicate under another label; the correct label is unknown"
        yield Finding("duplicate_conflicting_labels", "exclusion", message, number, named(contradictory))
    near = [pair for pair in duplicates.near if is_case[pair[0]] == is_case[pair[1]] and not duplicates.one_patient(*pair)]
    if near:
        number = len({n for pair in near for n in pair})
        message = f"{count(number, 'image')} almost identical to that of another patient; these patients are treated as one"
        yield Finding("near_copies", "warning", message, number, named(near))


def without_splits(samples: Sequence[Sample]) -> tuple[tuple[Sample, ...], tuple[Finding, ...]]:
    """Leave out the column split unless every image has one: a manifest with gaps in it cannot be read.

    Args:
        samples: What a manifest will list.

    Returns:
        The samples, and a finding if splits were left out.
    """
    splits = {sample.split for sample in samples}
    if None not in splits or splits == {None}:
        return tuple(samples), ()
    number = sum(sample.split is not None for sample in samples)
    message = f"the split of {count(number, 'image')} is left out, because others have none; divide cases and controls together"
    return tuple(replace(sample, split=None) for sample in samples), (Finding("splits_left_out", "warning", message, number),)
