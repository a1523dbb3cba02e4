"""Exceptions: one for a wrong command, recipe or data set, one for a single image."""


class DysfwError(Exception):
    """The command, recipe, data or bundle cannot be used as given (exit code 2).

    Attributes:
        message: What is wrong, where, and what is allowed.
        hint: What to do about it, if anything can be done.
    """

    def __init__(self, message: str, *, hint: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint

    def __str__(self) -> str:
        return f"{self.message}\n  {self.hint}" if self.hint else self.message


class NotInstalledError(DysfwError):
    """What a recipe, bundle or command names belongs to a plugin, or an extra of one, that is not installed or left out."""


class Interrupted(BaseException):  # no error
    """The user, or the system, interrupted the program.

    This is not KeyboardInterrupt, which the command line would report as failed inputs, nor SystemExit, which plugins raise by
    mistake.

    Attributes:
        signal: Number of the signal, such as SIGINT (2) or SIGTERM (15).
        kept: What is left of the work, for the user.
    """

    def __init__(self, signal: int = 2, kept: str = "") -> None:
        super().__init__()
        self.signal = signal
        self.kept = kept


class ImageError(Exception):
    """One image cannot be used (exit code 1). All other images are still processed.

    Attributes:
        code: A stable snake_case word for programs, such as ``no_face`` or ``truncated``.
        message: A sentence for people.
    """

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
