import csv
import io
import re
import xml.etree.ElementTree as ET

import pytest

from dysfw.evaluation.result import CalibrationBin
from dysfw.output.report.confusion_matrix import MAX_MATRIX, by_condition, matrix, matrix_csv, mistakes
from dysfw.output.report.figures import Curve, Row, forest, reliability, top_curves
from dysfw.output.report.svg import SERIES
from dysfw.stats.estimate import Estimate

HEBREW = "תסמונת דאון"
SVG = "{http://www.w3.org/2000/svg}"
POINTS = {1: Estimate(value=0.4, low=0.3, high=0.5), 3: Estimate(value=0.7), 5: Estimate(value=float("nan"))}


@pytest.fixture
def drawing():
    return ET.fromstring(top_curves("a", "Shares", [Curve("cost $x$ <b>", POINTS), Curve("other\x07", POINTS)], 12))  # noqa: S314


def test_text_in_a_figure_is_literal(drawing):
    texts = ["".join(e.itertext()) for e in drawing.iter(f"{SVG}text")]
    assert "cost $x$ <b>" in texts
    assert "other\\x07" in texts  # a control character would make the page invalid


def test_a_figure_has_its_values_for_screen_readers(drawing):
    title, words = drawing[0].text, drawing[1].text
    assert title == "Shares"
    assert "top 1 0.400 [0.300, 0.500], top 3 0.700, top 5 –" in words


def test_colours_are_css_variables(drawing):
    styles = " ".join(e.get("style", "") for e in drawing.iter())
    assert "var(--series-0)" in styles
    assert not any(colour in styles for colour in SERIES)
    assert "font-family" not in styles


def test_a_figure_is_reproducible():
    rows = [Row("a", Estimate(value=-0.1, low=-0.2, high=-0.01)), Row("b", None, "group")]
    assert forest("f", "t", rows, "difference", "zero") == forest("f", "t", rows, "difference", "zero")


def test_a_forest_plot_marks_missing_values():
    rows = [Row("a", Estimate(value=-0.1, low=-0.2, high=-0.01)), Row("b", None), Row("c", Estimate(value=float("nan")))]
    assert str(forest("f", "t", rows, "difference", "zero")).count(">not available<") == 2


def test_the_legend_is_ordered_by_row_and_chance_comes_last():
    names = ("one", "two", "three", "chance")
    drawing = ET.fromstring(top_curves("a", "t", [Curve(name, POINTS) for name in names[:3]], 12))  # noqa: S314
    places = {e.text: (round(float(e.get("y"))), float(e.get("x"))) for e in drawing.iter(f"{SVG}text") if e.text in names}
    assert sorted(names, key=places.__getitem__) == list(names)
    assert places["one"][0] == places["three"][0] < places["chance"][0]


def test_points_of_a_reliability_diagram_grow_with_the_number_of_images(plain):
    bins = [CalibrationBin(images=n, confidence=c, accuracy=0.5) for n, c in ((90, 0.2), (1, 0.8))]
    drawn = reliability("r", "t", plain.calibration.model_copy(update={"bins": bins, "bins_before": []}))
    points = [e.get("d") for e in ET.fromstring(drawn).iter(f"{SVG}path") if "fill: var(--series-0)" in e.get("style", "")]  # noqa: S314
    coordinates = [[float(x) for x in re.findall(r"([\d.]+) [\d.]+", point)] for point in points]
    widths = [max(x) - min(x) for x in coordinates]
    assert len(widths) == 2
    assert widths[0] > 3 * widths[1]


CELLS = [(0, 0, 8.0), (0, 1, 2.0), (1, 0, 15.0), (1, 1, 5.0)]


def test_matrix_rows_are_shares_and_mistakes_are_sorted_by_share():
    labels = ["a", "b", "empty"]
    rows = matrix(labels, CELLS)
    assert [cell.share for cell in rows[1].cells] == [0.75, 0.25, 0]
    assert [cell.share for cell in rows[2].cells] == [0, 0, 0]
    assert [(m.label, m.predicted, m.images) for m in mistakes(labels, CELLS)] == [("b", "a", 15), ("a", "b", 2)]


def test_mistakes_of_many_conditions_are_sorted_by_images():
    """Most conditions then have one or two images, and a share of 100 % says little."""
    labels = [f"c{k:03}" for k in range(MAX_MATRIX + 1)]
    cells = [(0, 1, 4.0), (0, 0, 16.0), (2, 3, 1.0), *((k, 4, 1.0) for k in range(5, 61))]
    found = mistakes(labels, cells)
    assert [(m.label, m.predicted, m.images, m.share) for m in found[:2]] == [("c000", "c001", 4, 0.2), ("c002", "c003", 1, 1)]
    assert len(found) == 58
    assert by_condition(labels, cells)["c000"].predicted == "c001"
    assert "c001" not in by_condition(labels, cells)


def test_the_matrix_as_csv_has_a_row_and_a_column_for_each_condition():
    labels = ['quoted "a", b', HEBREW, "empty"]
    rows = list(csv.reader(io.StringIO(matrix_csv(labels, [(0, 0, 8.0), (0, 1, 2 / 3)]))))
    assert rows == [
        ["true condition", *labels],
        [labels[0], "8", "0.666667", "0"],
        *([one, "0", "0", "0"] for one in labels[1:]),
    ]
