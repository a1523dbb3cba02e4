"""Registers the decoder ``dicom``."""

from dysfw.plugin import DecoderSpec, hookimpl


@hookimpl
def dysfw_decoders() -> list[DecoderSpec]:
    """Register the decoder."""
    return [
        DecoderSpec(
            name="dicom",
            target="dysfw_dicom.decoder:decode_dicom",
            title="DICOM",
            signatures=(((128, b"DICM"),),),
            extensions=(".dcm", ".dicom", ""),
            environment=("DYSFW_BURNT_IN_ANNOTATION",),
        )
    ]
