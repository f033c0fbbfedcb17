"""Unexpected errors: written to a log file, told once each, never ending the program."""

from __future__ import annotations

import faulthandler
import logging
import logging.handlers
import sys
import threading
import traceback
from collections import deque
from pathlib import Path
from types import TracebackType
from typing import IO

import platformdirs
from PySide6.QtCore import QObject, QTimer, Signal

_open_files: list[IO[str]] = []
_log = logging.getLogger(__name__)


def log_folder() -> Path:
    """Where the log and the record of crashes are written; made when it is not there."""
    return Path(platformdirs.user_log_path("cnn-playground", appauthor=False, ensure_exists=True))


def start_log() -> None:
    """Send the program's log and the traces of crashes to files.

    Nothing happens where the folder cannot be written: the program works without a log. The crash file has
    to stay open as long as the program runs: sys.stderr is None in a window started without a console.
    """
    try:
        folder = log_folder()
        log_file = logging.handlers.RotatingFileHandler(
            folder / "cnn-playground.log", maxBytes=1_000_000, backupCount=1, encoding="utf-8", delay=True
        )
        crashes = (folder / "crashes.log").open("a", encoding="utf-8")
    except OSError:
        return
    log_file.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(name)s: %(message)s"))
    logging.getLogger("playground").addHandler(log_file)
    logging.getLogger("playground").setLevel(logging.INFO)
    faulthandler.enable(crashes)
    _open_files.append(crashes)


class ErrorReport(QObject):
    """Catches exceptions nobody caught, in any thread, and emits `happened(sentence)` once per distinct one.

    The signal always comes in the thread of this object: errors wait in a queue that a timer empties.
    """

    happened = Signal(str)

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._known: set[str] = set()
        self._waiting: deque[str] = deque()
        self._timer = QTimer(self)
        self._timer.timeout.connect(self._tell)
        self._timer.start(200)

    def install(self) -> None:
        """Take over from Python's own hooks."""
        sys.excepthook = self.take
        threading.excepthook = lambda args: self.take(args.exc_type, args.exc_value, args.exc_traceback)

    def take(
        self, kind: type[BaseException], error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Log an exception, and queue it unless one from the same line was told before."""
        if issubclass(kind, KeyboardInterrupt):
            sys.__excepthook__(kind, error or kind(), trace)
            return
        _log.error("uncaught exception", exc_info=(kind, error or kind(), trace))
        if sys.stderr is not None:  # it is None in a window started without a console
            traceback.print_exception(kind, error, trace)
        last = traceback.extract_tb(trace)[-1:] if trace else []
        where = f"{Path(last[0].filename).name}, line {last[0].lineno}" if last else "an unknown place"
        sentence = f"{kind.__name__} in {where}: {error}"
        if (name := f"{kind.__name__} {where}") not in self._known:
            self._known.add(name)
            self._waiting.append(sentence)

    def _tell(self) -> None:
        while self._waiting:
            self.happened.emit(self._waiting.popleft())
