"""How long work on a data set reports its progress and is cancelled."""

from collections.abc import Callable

from cnn_core.errors import DatasetError

OnProgress = Callable[[int, int | None], bool | None]
"""progress(done, total) is called now and then; total is None when unknown. Returning False cancels."""


class Cancelled(DatasetError):
    """The progress callback asked for an end; what was there before is unchanged."""


def report(progress: OnProgress | None, done: int, total: int | None) -> None:
    """Tell the callback, if there is one, how far the work is; raises Cancelled when it answers False."""
    if progress is not None and progress(done, total) is False:
        raise Cancelled("cancelled; nothing was changed")
