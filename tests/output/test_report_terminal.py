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
    assert text.index("what the scores may be said to show") < text.index("balanced accuracy")
    assert text.index("does not name patients") < text.index("balanced accuracy")


def test_key_figures_stand_with_intervals_beside_guessing_and_the_baselines(plain):
    lines = printed(print_evaluation, plain).splitlines()
    head = next(line for line in lines if "guessing" in line)
    row = next(line for line in lines if line.startswith("balanced accuracy"))
    best = plain.measures["balanced_accuracy"]
    assert head.split("  ")[-1] == "everything but the face"
    assert f"{best.value:.3f} [{best.low:.3f}, {best.high:.3f}]" in row
    assert "0.067" in row


def test_the_best_region_and_fusion_are_named_with_their_differences(plain):
    text = printed(print_evaluation, plain)
    regions = [one for one in plain.models if one.kind == "region"]
    best = max(regions, key=lambda one: one.measures["balanced_accuracy"].value)
    value = best.measures["balanced_accuracy"].value
    assert f"best of 7 regions on these data, so flattered: {best.name}, balanced accuracy {value:.3f}" in text
    assert "best of 5 fusions on these data" in text
    assert text.rstrip().endswith("report out/report.html")


def test_of_a_single_region_no_best_one_is_named_and_no_fusion(plain):
    single = [one for one in plain.models if one.kind != "region" or one.name == "face"]
    text = printed(print_evaluation, plain.model_copy(update={"models": single}))
    assert "best of" not in text


def test_it_is_said_whether_the_recipe_beats_what_sees_no_face(examples, plain):
    assert "The recipe beats the model that sees everything but the face: difference" in printed(print_evaluation, plain)
    doubtful = examples.with_baseline(plain, "everything but the face", -0.2, 0.05)
    text = printed(print_evaluation, doubtful)
    words = "not shown to do better than the model that sees everything but the face: difference in balanced accuracy +0.075 "
    assert f"{words}[−0.050, 0.200]" in text


def test_sets_that_hold_every_condition_are_said_to_say_nothing(plain):
    sets = plain.sets.model_copy(update={"size": Estimate(value=float(len(plain.labels)))})
    text = printed(print_evaluation, plain.model_copy(update={"sets": sets}))
    assert "No condition has the 9 patients to learn from that a coverage of 90\u00a0% needs" in text
    assert "hold the truth" not in text


def test_what_is_not_a_number_is_a_dash(nasty):
    text = printed(print_evaluation, nasty)
    assert "nan" not in text
    assert next(line for line in text.splitlines() if line.startswith("AUROC, affected")).split()[-3:] == ["0.500", "–", "–"]


def test_the_leaderboard_puts_the_best_first_and_takes_markup_in_names_as_text(examples):
    comparison = examples.comparison()
    entries = [entry.model_copy(update={"name": f"[red]{n}[/]"}) for n, entry in enumerate(comparison.entries[::-1])]
    evaluations = dict(zip([e.name for e in entries], list(comparison.evaluations.values())[::-1], strict=True))
    turned = comparison.model_copy(update={"entries": entries, "evaluations": evaluations})
    lines = printed(print_comparison, turned).splitlines()
    board = [line.split()[0] for line in lines if line.startswith("[red]")]
    values = {entry.name: entry.measures["balanced_accuracy"].value for entry in entries}
    assert board == sorted(values, key=values.get, reverse=True)


def test_the_short_form_draws_nothing_and_so_imports_no_matplotlib():
    check = "import sys, dysfw.output.report.terminal; sys.exit('matplotlib' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", check], check=False).returncode == 0
