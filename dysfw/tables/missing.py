"""Words that stand for a missing value."""

from __future__ import annotations

from functools import lru_cache

# What R, pandas, Excel, SPSS, SQL and people write into a cell without a value. Excel's other error values are no missing
# values: see ``EXCEL_ERRORS``.
MISSING = frozenset({
    "", "-", "--", "—", "–", "?", ".", "/", "n/a", "na", "n.a.", "#n/a", "#na", "<na>", "#n/a n/a", "nan", "-nan", "nat",
    "null", "nil", "none", "missing", "unknown", "not known", "not available", "not applicable", "unspecified",
})  # fmt: skip
EXCEL_ERRORS = frozenset({"#ref!", "#value!", "#div/0!", "#name?", "#num!", "#null!", "#spill!", "#calc!"})


@lru_cache(4096)  # the cells of a column are often alike
def is_missing(text: str) -> bool:
    """Return whether a text stands for a missing value, such as "", "NA" or "n/a"."""
    return " ".join(text.casefold().split()) in MISSING


def is_excel_error(text: str) -> bool:
    """Return whether a text is an error value of a spreadsheet's formula, such as "#REF!"."""
    return text.casefold() in EXCEL_ERRORS
