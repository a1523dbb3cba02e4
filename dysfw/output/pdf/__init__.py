"""A result as a document for paper: a PDF on A4 or Letter.

``save`` checks and writes, ``document`` puts the parts in order, and each part has a module of its own. Everything but ``save``
and ``comparison`` imports reportlab, an extra, so these two are what the rest of dysfw imports.
"""

from .comparison import ComparisonImage as ComparisonImage
from .save import PAPERS as PAPERS
from .save import Paper as Paper
from .save import paper_called as paper_called
from .save import refuse_without_reportlab as refuse_without_reportlab
from .save import save_pdf as save_pdf
