"""For the authors of plugins: the conformance kit. Fixtures for pytest come with it, see ``dysfw.testing.fixtures``.

from dysfw.testing import conformance

@conformance("dysfw-mine")
def test_it_keeps_the_contract(case):
    case()
"""

from .examples import noise_image, phantom_faces, phantom_images
from .kit import check_component, check_plugin, plugin_cases
from .outcome import Outcome, Report
from .parametrise import conformance

__all__ = [
    "Outcome",
    "Report",
    "check_component",
    "check_plugin",
    "conformance",
    "noise_image",
    "phantom_faces",
    "phantom_images",
    "plugin_cases",
]
