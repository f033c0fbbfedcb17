"""One piece of work at a time in a thread of its own, its end told in the window's thread."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from typing import Any

from PySide6.QtCore import QObject, QTimer, Signal

from playground.priority import give_way

POLL_MILLISECONDS = 33

Report = Callable[[int, int | None], bool]
"""report(done, total or None) tells how far the work is; False means that nobody waits for it any more."""

_log = logging.getLogger(__name__)


class _Work:
    """The thread and what came of it. Each attribute is written by one thread alone, so no lock is needed."""

    def __init__(self, name: str, work: Callable[[Report], Any]) -> None:
        self.dropped = False
        self.progress: tuple[int, int | None] | None = None
        self.result: Any = None
        self.error: str | None = None
        self._work = work
        self.thread = threading.Thread(target=self._run, name=name, daemon=True)

    def _run(self) -> None:
        give_way()
        try:
            self.result = self._work(self._report)
        except MemoryError:
            self.error = "There is not enough memory for this."
        except (ValueError, OSError) as problem:
            self.error = str(problem)
        except Exception as problem:
            _log.exception("%s failed unexpectedly", self.thread.name)
            self.error = f"{type(problem).__name__}: {problem}"

    def _report(self, done: int, total: int | None) -> bool:
        self.progress = (done, total)
        return not self.dropped


class Background(QObject):
    """Runs functions that know nothing of Qt. A newer piece of work drops an older one.

    Signals: `progressed(done, total or None)`, `done(result)`, `failed(sentence)`.
    """

    progressed = Signal(object, object)
    done = Signal(object)
    failed = Signal(str)

    def __init__(self, name: str, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._name = name
        self._work: _Work | None = None
        self._threads: list[threading.Thread] = []
        self._timer = QTimer(self)
        self._timer.setInterval(POLL_MILLISECONDS)
        self._timer.timeout.connect(self._poll)

    @property
    def busy(self) -> bool:
        """True while work is on its way."""
        return self._work is not None

    def start(self, work: Callable[[Report], Any]) -> None:
        """Run `work(report)` in a thread; what it raises as ValueError or OSError is told as it is."""
        self.drop()
        self._work = _Work(self._name, work)
        self._threads = [thread for thread in self._threads if thread.is_alive()] + [self._work.thread]
        self._work.thread.start()
        self._timer.start()

    def drop(self) -> None:
        """Wait no longer for the work; its thread ends at its next report."""
        if self._work is not None:
            self._work.dropped = True
            self._work = None
            self._timer.stop()

    def finish(self, seconds: float = 2.0) -> None:
        """Drop the work and wait for its thread, for the end of the program: so many seconds, no longer, as a
        server may keep it waiting for many."""
        self.drop()
        end = time.monotonic() + seconds
        for thread in self._threads:
            thread.join(max(end - time.monotonic(), 0.0))

    def _poll(self) -> None:
        work = self._work
        if work is None:
            return
        alive = work.thread.is_alive()
        if work.progress is not None:
            self.progressed.emit(*work.progress)
        if alive or self._work is not work:
            return
        self._timer.stop()
        self._work = None
        if work.error is None:
            self.done.emit(work.result)
        else:
            self.failed.emit(work.error)
