"""A runner that is stopped in the middle."""

from dysfw.batch.runner import Local


class Stops(Local):
    """Gives up after so many photographs, as a kill would."""

    def __init__(self, after: int) -> None:
        super().__init__()
        self.after = after

    def judge(self, task, pipeline, numbered):
        for number, result in enumerate(super().judge(task, pipeline, numbered)):
            if number == self.after:
                raise RuntimeError("stopped")
            yield result
