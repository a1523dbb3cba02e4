"""The two ways things go wrong for a user: the command is wrong, or one image is."""


class DysfwError(Exception):
    """The command, recipe, data or bundle cannot be used as given (exit code 2).

    ``message`` says what was found, where, and what is allowed; ``hint`` says what to do about it.
    """

    def __init__(self, message: str, *, hint: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint

    def __str__(self) -> str:
        return f"{self.message}\n  {self.hint}" if self.hint else self.message


class Interrupted(BaseException):  # no error
    """The user has interrupted the program. Not KeyboardInterrupt, which the command line would report as failed inputs, nor
    SystemExit, which plugins raise by mistake."""


class ImageError(Exception):
    """One image cannot be judged (exit code 1); the others go on.

    ``code`` is a stable snake_case word for programs (``no_face``, ``truncated`` …), ``message`` a sentence for people.
    """

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
