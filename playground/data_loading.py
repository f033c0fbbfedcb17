"""Reading a data set in a thread while the window goes on."""

from __future__ import annotations

import logging
import threading
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PySide6.QtCore import QObject, QTimer, Signal

import cnn_core as cnn

POLL_MILLISECONDS = 50
HELD_OUT = 6  # one image in six is kept for validation, as 10,000 of MNIST's 60,000 customarily are
BUILT_IN = "digits"

_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Data:
    """What a data choice stands for: where it came from, the images to train on and those kept back."""

    spec: str
    train: cnn.datasets.Dataset
    validation: cnn.datasets.Dataset

    @property
    def name(self) -> str:
        """A short name for people."""
        return self.spec if self.spec == BUILT_IN else Path(self.spec.partition(",")[0]).name or self.spec


class _Reading:
    """One request, its thread, and what came of it. Assignments are single, so no lock is needed."""

    def __init__(self, spec: str) -> None:
        self.spec = spec
        self.cancelled = False
        self.progress: tuple[int, int | None] | None = None
        self.data: Data | None = None
        self.error = ""
        self.thread = threading.Thread(target=self._work, name="data", daemon=True)

    def _work(self) -> None:
        try:
            self.data = read(self.spec, self._report)
        except MemoryError:
            self.error = f"{self.spec} is too large for the memory of this computer."
        except (ValueError, OSError) as problem:
            self.error = str(problem)
        except Exception as problem:
            _log.exception("reading %s failed unexpectedly", self.spec)
            self.error = f"{self.spec} cannot be read: {problem}"

    def _report(self, done: int, total: int | None) -> bool:
        self.progress = (done, total)
        return not self.cancelled


class DataLoading(QObject):
    """At most one request counts, the newest.

    Signals: `started(spec)`, `progressed(done, total or None)`, `loaded(Data)`, `failed(spec, sentence)`.
    """

    started = Signal(str)
    progressed = Signal(object, object)
    loaded = Signal(object)
    failed = Signal(str, str)

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._reading: _Reading | None = None
        self._timer = QTimer(self)
        self._timer.setInterval(POLL_MILLISECONDS)
        self._timer.timeout.connect(self._poll)

    @property
    def busy(self) -> bool:
        """True while a request is on its way."""
        return self._reading is not None

    def load(self, spec: str) -> None:
        """Read what `spec` names; a request still on its way is dropped."""
        self.cancel()
        self._reading = _Reading(spec)
        self._reading.thread.start()
        self._timer.start()
        self.started.emit(spec)

    def cancel(self) -> None:
        """Drop the request; its thread ends at its next progress report."""
        if self._reading is not None:
            self._reading.cancelled = True
            self._reading = None
            self._timer.stop()

    def finish(self, seconds: float = 10.0) -> None:
        """Cancel and wait for the thread, for the end of the program."""
        reading = self._reading
        self.cancel()
        if reading is not None:
            reading.thread.join(seconds)

    def _poll(self) -> None:
        reading = self._reading
        if reading is None:
            return
        alive = reading.thread.is_alive()
        if alive:
            if reading.progress is not None:
                self.progressed.emit(*reading.progress)
            return
        self._timer.stop()
        self._reading = None
        if reading.data is not None:
            self.loaded.emit(reading.data)
        else:
            self.failed.emit(reading.spec, reading.error)


def read(spec: str, progress: cnn.datasets.Progress | None = None) -> Data:
    """The data `spec` stands for, split in two. Raises DatasetError or OSError."""
    train = cnn.datasets.open(spec, progress=progress)
    if spec == BUILT_IN:
        return Data(spec, train, cnn.datasets.open(spec, split="test", progress=progress))
    if len(train) < 2:
        raise cnn.DatasetError(f"{spec} holds {len(train)} images; training needs at least 2")
    # A file sorted by class must not lose its last classes to the images held out.
    in_order = bool(np.all(np.diff(train.labels) >= 0))
    generator = np.random.default_rng(0) if in_order else None
    return Data(spec, *train.split(max(1, len(train) // HELD_OUT), generator))
