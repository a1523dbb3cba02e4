"""The conformance kit for plugin authors: tests of everything that a plugin registers.

    from dysfw.testing import conformance

    @conformance("dysfw-mine")
    def test_contract(case):
        case()

For a single class, use ``check_component(Mine).require()``. Fixtures for pytest are in ``dysfw.testing.pytest_plugin``.
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
