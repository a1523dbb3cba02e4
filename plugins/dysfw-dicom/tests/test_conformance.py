"""The conformance kit of dysfw."""

from dicom_files import COLOUR, GREY, compressed, dicom
from pydicom.uid import JPEG2000Lossless, RLELossless

from dysfw.testing import conformance


def files() -> list[bytes]:
    return [dicom(), dicom(GREY, "MONOCHROME2"), compressed(JPEG2000Lossless, COLOUR), compressed(RLELossless, COLOUR)]


@conformance("dysfw-dicom", files={"dicom": files})
def test_dysfw_dicom(case) -> None:
    case()
