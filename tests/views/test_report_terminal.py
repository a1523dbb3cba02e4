import io
import subprocess
import sys
from pathlib import Path

from rich.console import Console

from dysfw.views.report.terminal import print_comparison, print_evaluation


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
    regions = [one for one in plain.contenders if one.kind == "region"]
    best = max(regions, key=lambda one: one.measures["balanced_accuracy"].value)
    assert f"best region: {best.name}, balanced accuracy {best.measures['balanced_accuracy'].value:.3f}" in text
    assert "best fusion: " in text
    assert text.rstrip().endswith("report out/report.html")


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
    check = "import sys, dysfw.views.report.terminal; sys.exit('matplotlib' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", check], check=False).returncode == 0
