from dysfw.registry.hookspecs import ComponentSpec, hookimpl


@hookimpl
def dysfw_components() -> list[ComponentSpec]:
    return [
        ComponentSpec("detector", "centre", "dysfw_toys.components:Centre", "a face in the middle of every bright image"),
        ComponentSpec("detector", "crash_on_blue", "dysfw_toys.components:CrashOnBlue", "raises when it sees blue"),
        ComponentSpec("segmenter", "toy_halves", "dysfw_toys.components:Halves", "upper and lower half of the face box"),
        ComponentSpec("backbone", "mosaic", "dysfw_toys.components:Mosaic", "mean colours of a grid of tiles"),
        ComponentSpec("backbone", "nan_on_blue", "dysfw_toys.components:NanOnBlue", "not a number when it sees blue"),
        ComponentSpec("backbone", "grey_trunk", "dysfw_toys.trunk:GreyTrunk", "a small network that sees brightness alone"),
        ComponentSpec("backbone", "wrong_shape", "dysfw_toys.components:WrongShape", "breaks its contract"),
    ]
