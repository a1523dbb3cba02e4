"""What recipes reach on a data set of published cases, beside chance and two references that know the truth.

    dysfw phantom dataset field -o out/field
    python benchmarks/field out/field -o out/baselines recipes/paper.yaml recipes/dlib.yaml recipes/gestalt.yaml

Prints Markdown tables: top-1, -5 and -10 in each setting of the protocol, and how top-1 changes with the numbers of conditions
and of patients, with a power law. OUTPUT gets the predictions file of each model. Images are embedded once and kept in the
cache. Without recipes, only the references are scored, which takes less than a minute.
"""

from __future__ import annotations

import argparse
from collections.abc import Mapping, Sequence
from pathlib import Path

from scaling import FIXED_CONDITIONS, FIXED_PATIENTS, PowerLaw, Scaling
from true_shape import TrueShape
from true_signs import TrueSigns

from dysfw.cli.evaluation import candidate
from dysfw.cli.stage_cache import opened_cache
from dysfw.cli.terminal import TerminalProgress
from dysfw.data.read import read_dataset
from dysfw.evaluation.protocol.load import load_protocol, plan_of
from dysfw.evaluation.protocol.predictions_file import write_predictions
from dysfw.evaluation.protocol.protocol import EvaluationProtocol, ProtocolPlan
from dysfw.evaluation.protocol.recipe_predictions import predict_plan
from dysfw.evaluation.protocol.result import SettingScores
from dysfw.evaluation.protocol.scores import Float64, score
from dysfw.evaluation.task_runner import LocalTasks
from dysfw.registry.registry import Registry, load_registry
from dysfw.stats.estimate import Estimate

TOP = (1, 5, 10)
Predictions = Sequence[Float64]


def models(
    registry: Registry, recipes: Sequence[Path], plans: Sequence[ProtocolPlan], data: Path
) -> Mapping[str, list[Predictions]]:
    """Predict each plan with each recipe and the references, by name."""
    progress, predicted = TerminalProgress(), dict[str, list[Predictions]]()
    with opened_cache(no_cache=False) as cache:
        for path in recipes:
            chosen = candidate(path, [], registry, cache)
            predicted[path.stem] = [predict_plan(chosen, plan, progress, LocalTasks()).predictions for plan in plans]
    for name, reference in (("true shape", TrueShape), ("true signs", TrueSigns)):
        known = reference(data, plans[0].names)
        predicted[name] = [[known.predict(plan, split) for split in plan.splits] for plan in plans]
    return predicted


def print_settings(scores: Mapping[str, list[SettingScores]]) -> None:
    """Print a row for each setting and model, and one for each kind of conditions if a setting tests several."""
    print("\n| tests → candidates, macro | model | " + " | ".join(f"top {n}" for n in TOP) + " |")
    print("| --- | --- |" + " --- |" * len(TOP))
    for own in zip(*scores.values(), strict=True):
        parts = [(own[0].title, own)]
        parts += [(f"… {kinds[0].kind}", kinds) for kinds in zip(*(setting.kinds for setting in own), strict=True)]
        for title, each in parts:
            for model, part in zip(scores, each, strict=True):
                print(f"| {title} | {model} | {' | '.join(_cell(one.macro) for one in part.top if one.n in TOP)} |")
            chance = " | ".join(f"{one.chance:.3f}" for one in part.top if one.n in TOP)
            low, high = own[0].candidates
            among = f"{low}" if low == high else f"{low}–{high}"
            print(f"| {part.conditions} conditions among {among}, {part.images} images | chance | {chance} |")


def _cell(estimate: Estimate) -> str:
    interval = "" if estimate.low is None else f" [{estimate.low:.3f}, {estimate.high:.3f}]"
    return f"{estimate.value:.3f}{interval}"


def print_scaling(scores: Mapping[str, list[SettingScores]], plan: ProtocolPlan) -> None:
    """Print top-1 for each number of conditions and of patients, the number of tests, and the fitted power laws.

    A split tests one image of each condition, so that macro and micro are the same.
    """
    for study, what in (
        ("conditions", f"conditions, {FIXED_PATIENTS} patients each"),
        ("patients", f"patients of each of {FIXED_CONDITIONS} conditions"),
    ):
        own = [n for n, setting in enumerate(plan.settings) if setting.name.startswith(study)]
        sizes = [int(plan.settings[n].name.split("-")[1 if study == "conditions" else 2]) for n in own]
        print(f"\n| {what} | " + " | ".join(map(str, sizes)) + " | power law |\n| --- |" + " --- |" * (len(sizes) + 1))
        for model, settings in scores.items():
            values = [settings[n].top[0].macro.value for n in own]
            law = PowerLaw.fit(sizes, values)
            cells = " | ".join(f"{value:.3f}" for value in values)
            print(f"| {model} | {cells} | {law.a:.2f} · n^{law.b:.2f} (R² {law.r2:.2f}) |")
        tests = [sum(len(split.test_rows) for split in plan.of_setting(plan.settings[n])) for n in own]
        images = [settings[n].images for n in own]
        print("| tests (different images) | " + " | ".join(f"{n} ({m})" for n, m in zip(tests, images, strict=True)) + " | |")


def main() -> None:
    """Read the command line, predict, score and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", type=Path)
    parser.add_argument("recipes", type=Path, nargs="*")
    parser.add_argument("-o", "--output", type=Path, required=True)
    parser.add_argument("--protocol", default="field")
    arguments = parser.parse_intermixed_args()  # recipes may follow the options
    registry, dataset = load_registry(), read_dataset(arguments.data)
    protocols: list[EvaluationProtocol] = [load_protocol(registry, arguments.protocol), Scaling()]
    plans = [plan_of(protocol, "", dataset) for protocol in protocols]
    predicted = models(registry, arguments.recipes, plans, arguments.data)
    arguments.output.mkdir(parents=True, exist_ok=True)
    for name, (by_protocol, _) in predicted.items():
        write_predictions(arguments.output / f"{name.replace(' ', '-')}.parquet", plans[0], by_protocol)
    print_settings({name: score(plans[0], each[0], TOP)[0] for name, each in predicted.items()})
    print_scaling({name: score(plans[1], each[1], (1,), 2)[0] for name, each in predicted.items()}, plans[1])


if __name__ == "__main__":
    main()
