import io
import subprocess
import sys
from pathlib import Path

from rich.console import Console

from dysfw.output.report.terminal import print_comparison, print_evaluation
from dysfw.stats.estimate import Estimate


def printed(show, what, width=160):
    console = Console(file=io.StringIO(), width=width, highlight=False)
    show(console, what, Path("out/report.html"))
    return console.file.getvalue()


def test_the_verdict_and_the_claim_come_first(nasty):
    text = printed(print_evaluation, nasty)
    assert text.startswith("audit of the data: fail")
    assert text.index("what the scores show") < text.index("balanced accuracy")
    assert text.index("do not name patients") < text.index("balanced accuracy")


def test_scores_have_intervals_chance_and_baselines(plain):
    lines = printed(print_evaluation, plain).splitlines()
    head = next(line for line in lines if "chance" in line and "shortcut" in line)
    row = next(line for line in lines if line.startswith("balanced accuracy"))
    best = plain.measures["balanced_accuracy"]
    assert head.split("  ")[-1] == "shortcut features"
    assert f"{best.value:.3f} [{best.low:.3f}, {best.high:.3f}]" in row
    assert "0.067" in row


def test_the_best_region_and_fusion_are_printed_with_their_differences(plain):
    text = printed(print_evaluation, plain)
    regions = [one for one in plain.models if one.kind == "region"]
    best = max(regions, key=lambda one: one.measures["balanced_accuracy"].value)
    value = best.measures["balanced_accuracy"].value
    assert f"chosen on the same data, so the score is optimistic): {best.name}, balanced accuracy {value:.3f}" in text
    assert "best of 5 fusions" in text
    assert text.rstrip().endswith("report out/report.html")


def test_with_a_single_region_no_best_one_is_printed(plain):
    single = [one for one in plain.models if one.kind != "region" or one.name == "face"]
    text = printed(print_evaluation, plain.model_copy(update={"models": single}))
    assert "best of" not in text


def test_the_recipe_is_compared_with_the_baseline_without_the_face(examples, plain):
    assert "The recipe beats the baseline that uses shortcut features: difference" in printed(print_evaluation, plain)
    doubtful = examples.with_baseline(plain, "shortcut features", -0.2, 0.05)
    text = printed(print_evaluation, doubtful)
    words = "No evidence that the recipe beats the baseline that uses shortcut features: difference in "
    assert f"{words}balanced accuracy +0.075 [−0.050, 0.200]" in text


def test_uninformative_sets_are_reported(plain):
    sets = plain.prediction_sets.model_copy(update={"size": Estimate(value=float(len(plain.labels)))})
    text = printed(print_evaluation, plain.model_copy(update={"prediction_sets": sets}))
    assert "No condition has the 9 patients for training that a coverage of 90\u00a0% requires" in text
    assert "mean size" not in text


def test_nan_is_a_dash(nasty):
    text = printed(print_evaluation, nasty)
    assert "nan" not in text
    assert next(line for line in text.splitlines() if line.startswith("AUROC, affected")).split()[-3:] == ["0.500", "–", "–"]


def test_the_leaderboard_is_sorted_and_escapes_markup_in_names(examples):
    comparison = examples.comparison()
    entries = [entry.model_copy(update={"name": f"[red]{n}[/]"}) for n, entry in enumerate(comparison.entries[::-1])]
    evaluations = dict(zip([e.name for e in entries], list(comparison.evaluations.values())[::-1], strict=True))
    reversed_order = comparison.model_copy(update={"entries": entries, "evaluations": evaluations})
    lines = printed(print_comparison, reversed_order).splitlines()
    board = [line.split()[0] for line in lines if line.startswith("[red]")]
    values = {entry.name: entry.measures["balanced_accuracy"].value for entry in entries}
    assert board == sorted(values, key=values.get, reverse=True)


def test_the_terminal_report_does_not_import_matplotlib():
    check = "import sys, dysfw.output.report.terminal; sys.exit('matplotlib' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", check], check=False).returncode == 0
