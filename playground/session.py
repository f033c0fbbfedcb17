"""One training run: a thread that trains, a mailbox it fills, a timer that empties it into the window."""

from __future__ import annotations

import logging
import threading
import time
from dataclasses import dataclass

from PySide6.QtCore import QObject, QTimer, Signal

import cnn_core as cnn
from playground.priority import give_way

POLL_MILLISECONDS = 33
SNAPSHOT_SECONDS = 1 / 10  # each is shown in every layer, and that takes time from training

_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Snapshot:
    """A copy of the network as it was after `step`."""

    network: cnn.Network
    step: int


@dataclass(frozen=True)
class Outcome:
    """How a run ended: weights and optimiser state to go on from, and what went wrong."""

    network: cnn.Network
    training: cnn.TrainingState
    error: str | None


class _Mailbox:
    """What the training thread hands over: progress piles up, a newer snapshot replaces an older one."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._progress: list[cnn.Progress] = []
        self._snapshot: Snapshot | None = None
        self.outcome: Outcome | None = None
        self.stop_asked = threading.Event()

    def post(self, progress: cnn.Progress, snapshot: Snapshot | None) -> None:
        with self._lock:
            self._progress.append(progress)
            if snapshot is not None:
                self._snapshot = snapshot

    @property
    def has_snapshot(self) -> bool:
        """Whether there is something new to be seen."""
        return self._snapshot is not None

    def take(self) -> tuple[list[cnn.Progress], Snapshot | None]:
        with self._lock:
            taken = self._progress, self._snapshot
            self._progress, self._snapshot = [], None
        return taken


def _train(trainer: cnn.Trainer, steps: int, mailbox: _Mailbox) -> None:
    """Run in the training thread: no Qt, no imports, every end leaves an outcome in the mailbox."""
    give_way()
    error = None
    last_snapshot = 0.0
    try:
        for progress in trainer.run(steps=steps):
            now = time.monotonic()
            snapshot = None
            if now - last_snapshot >= SNAPSHOT_SECONDS:
                snapshot, last_snapshot = Snapshot(trainer.network.copy(), progress.step), now
            mailbox.post(progress, snapshot)
            if mailbox.stop_asked.is_set():
                break
    except cnn.DivergenceError as problem:
        error = str(problem)
    except MemoryError:
        error = "There is not enough memory for this step; choose a smaller batch or fewer filters."
    except Exception as problem:
        _log.exception("training ended by an unexpected error")
        error = f"{type(problem).__name__}: {problem}"
    mailbox.outcome = Outcome(trainer.network, trainer.state(), error)


class Session(QObject):
    """At most one run at a time. A pause is the end of a run whose outcome the next one goes on from.

    Signals, all emitted in the window's thread: `progressed(list of Progress)`, `snapshot_taken(Snapshot)`,
    `started()` and `ended(Outcome)`, the last of which comes exactly once for each run.
    """

    started = Signal()
    progressed = Signal(object)
    snapshot_taken = Signal(object)
    ended = Signal(object)

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._trainer: cnn.Trainer | None = None
        self._thread: threading.Thread | None = None
        self._mailbox = _Mailbox()
        self.newest: cnn.Network | None = None  # a copy of the network in training, None when nothing runs
        self._timer = QTimer(self)
        self._timer.setInterval(POLL_MILLISECONDS)
        self._timer.timeout.connect(self._poll)

    @property
    def running(self) -> bool:
        """True from `start` until the outcome was delivered."""
        return self._thread is not None

    def start(self, trainer: cnn.Trainer, steps: int) -> None:
        """Train `steps` more steps in a thread. Only when nothing is running."""
        assert self._thread is None
        self._trainer = trainer
        self._mailbox = _Mailbox()
        self._thread = threading.Thread(
            target=_train, args=(trainer, steps, self._mailbox), name="training", daemon=True
        )
        self._thread.start()
        self._timer.start()
        self.started.emit()

    def set_learning_rate(self, rate: float) -> None:
        """From the next step on; nothing happens when no run is on."""
        if self._trainer is not None and self.running:
            self._trainer.learning_rate = rate

    def stop(self) -> None:
        """Ask the run to end within its current step; `ended` follows when it has."""
        if self._trainer is not None:
            self._mailbox.stop_asked.set()
            self._trainer.stop()

    def finish(self) -> None:
        """Stop, wait for the step in hand, and deliver everything, `ended` included, before returning."""
        if self._thread is not None:
            self.stop()
            self._thread.join()
            self._poll()

    def _poll(self) -> None:
        thread = self._thread
        if thread is None:
            return
        # Liveness before the mailbox: what was put in just before the thread ended must still be taken.
        alive = thread.is_alive()
        if alive and not self._mailbox.has_snapshot:
            return  # progress waits for the next snapshot: figures, curves and maps change in one frame
        progress, snapshot = self._mailbox.take()
        if progress:
            self.progressed.emit(progress)
        if snapshot is not None:
            self.newest = snapshot.network
            self.snapshot_taken.emit(snapshot)
        if not alive and self._thread is thread:  # a listener may have ended it already
            self._end()

    def _end(self) -> None:
        assert self._thread is not None
        self._thread.join()
        self._timer.stop()
        self._thread = self._trainer = self.newest = None
        outcome = self._mailbox.outcome
        assert outcome is not None
        self.ended.emit(outcome)
