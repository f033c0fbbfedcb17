"""One training run: a thread that sees to it, a mailbox it fills, a timer that empties it into the window.

The thread trains itself until another process is there to go on, and that is started after a moment: a short
run is over by then. Where no process is to be had, the thread does it all.
"""

from __future__ import annotations

import logging
import threading
import time
import traceback
from contextlib import suppress
from dataclasses import replace

from PySide6.QtCore import QObject, QTimer, Signal

import cnn_core as cnn
from cnn_core.process import ProcessLost
from playground.priority import give_way
from playground.run import Outcome, Snapshot, follow
from playground.training_process import NotMoved, TrainingProcess
from playground.wording import format_number

POLL_MILLISECONDS = 33
# To start another process takes time of a core: what is over before, with none there yet, is done here.
HERE_AT_FIRST = 0.3  # seconds
# While the window paints what is new in a run, the processes that train wait. Once it has been busy for more
# than this share of the time since it last showed something, it does so no sooner ...
SHOWING_SHARE = 0.05
LONGEST_UNSHOWN = 1.0  # seconds; ... than then: it may have been busy with other things.
LOST = (
    "The process that trains has ended unexpectedly, perhaps for want of memory. "
    "The network of step {} is kept; Train goes on from there."
)

_log = logging.getLogger(__name__)


class _Mailbox:
    """What the training thread hands over: progress piles up, a newer snapshot replaces an older one."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._progress: list[cnn.Progress] = []
        self._snapshot: Snapshot | None = None
        self.outcome: Outcome | None = None
        self.stop_asked = threading.Event()

    def post(self, progress: list[cnn.Progress], snapshot: Snapshot | None = None) -> None:
        with self._lock:
            self._progress += progress
            self._snapshot = snapshot or self._snapshot

    @property
    def has_snapshot(self) -> bool:
        """Whether there is something new to be seen."""
        return self._snapshot is not None

    def take(self) -> tuple[list[cnn.Progress], Snapshot | None]:
        with self._lock:
            taken = self._progress, self._snapshot
            self._progress, self._snapshot = [], None
        return taken


def _train(trainer: cnn.Trainer, steps: int, mailbox: _Mailbox, elsewhere: TrainingProcess) -> None:
    """Run in the training thread: no Qt, no imports, every end leaves an outcome in the mailbox."""
    give_way()
    try:
        outcome = _outcome(trainer, steps, mailbox, elsewhere)
    except Exception as problem:
        error = f"{type(problem).__name__}: {problem}"
        outcome = Outcome(trainer.network, trainer.state(), error, traceback.format_exc())
    if outcome.traceback:
        _log.error("training ended by an unexpected error\n%s", outcome.traceback)
    mailbox.post(outcome.points)
    mailbox.outcome = outcome


def _outcome(trainer: cnn.Trainer, steps: int, mailbox: _Mailbox, elsewhere: TrainingProcess) -> Outcome:
    """Train here until it can be done elsewhere, or here with all threads where that cannot be."""
    goal, began = trainer.step + steps, time.monotonic()
    stop = mailbox.stop_asked.is_set

    def enough() -> bool:
        if stop() or not elsewhere.may_take(trainer):
            return True
        if time.monotonic() - began > HERE_AT_FIRST:
            elsewhere.start()
        return elsewhere.ready

    threads, trainer.threads = trainer.threads, 1  # the other process takes a core to start
    outcome = follow(trainer, trainer.run(steps=steps), mailbox.post, until=enough)
    trainer.threads = threads
    if trainer.step == goal or outcome.error or stop():
        return outcome
    mailbox.post(outcome.points)
    if elsewhere.may_take(trainer):
        with suppress(NotMoved):
            return _elsewhere(trainer, goal - trainer.step, mailbox, elsewhere)
    return follow(trainer, trainer.run(steps=goal - trainer.step), mailbox.post, until=stop)


def _elsewhere(trainer: cnn.Trainer, steps: int, mailbox: _Mailbox, elsewhere: TrainingProcess) -> Outcome:
    """Have the steps done by the other process; raise NotMoved where that does not begin."""
    newest = Snapshot(trainer.network, trainer.step)

    def report(points: list[cnn.Progress], snapshot: Snapshot) -> None:
        nonlocal newest
        newest = snapshot
        mailbox.post(points, snapshot)

    stop = mailbox.stop_asked.is_set
    try:
        return elsewhere.run(trainer, steps, report, stop)
    except NotMoved as error:
        if not stop():
            reason = error.__cause__
            _log.warning("training goes on in the window's process: %s: %s", type(reason).__name__, reason)
        raise
    except ProcessLost as error:
        # The optimiser's state went with the process; the one from before it took over has to do. It knows of
        # as many steps as it did then.
        state = trainer.state()
        state = replace(state, step=newest.step, began=state.began + newest.step - state.step)
        sentence = LOST.format(format_number(newest.step))
        return Outcome(newest.network, state, sentence, f"the process that trains was lost: {error}")


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
        self._elsewhere = TrainingProcess()
        self._shown = 0.0, 0.0  # when something was shown last: by the clock, and in this thread's own time
        self.newest: cnn.Network | None = None  # a copy of the network in training, None when nothing runs
        self._timer = QTimer(self)
        self._timer.setInterval(POLL_MILLISECONDS)
        self._timer.timeout.connect(self._poll)

    @property
    def running(self) -> bool:
        """True from `start` until the outcome was delivered."""
        return self._thread is not None

    def start(self, trainer: cnn.Trainer, steps: int) -> None:
        """Train `steps` more steps; the trainer is then the session's. Only while nothing is running."""
        assert self._thread is None
        self._trainer = trainer
        self._mailbox = _Mailbox()
        self._thread = threading.Thread(
            target=_train, args=(trainer, steps, self._mailbox, self._elsewhere), name="training", daemon=True
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

    def close(self) -> None:
        """Finish, and end the process that trains; another run would start one again."""
        self.finish()
        self._elsewhere.close()

    def _poll(self) -> None:
        thread = self._thread
        if thread is None:
            return
        # Liveness before the mailbox: what was put in just before the thread ended must still be taken.
        alive = thread.is_alive()
        if alive and not (self._mailbox.has_snapshot and self._may_show()):
            return  # progress waits for the next snapshot: figures, curves and maps change in one frame
        progress, snapshot = self._mailbox.take()
        self._shown = time.monotonic(), time.thread_time()
        if progress:
            self.progressed.emit(progress)
        if snapshot is not None:
            self.newest = snapshot.network
            self.snapshot_taken.emit(snapshot)
        if not alive and self._thread is thread:  # a listener may have ended it already
            self._end()

    def _may_show(self) -> bool:
        """Whether showing what is new would not hold up the run too much."""
        then, busy_then = self._shown
        wait = (time.thread_time() - busy_then) / SHOWING_SHARE
        return time.monotonic() - then >= min(wait, LONGEST_UNSHOWN)

    def _end(self) -> None:
        assert self._thread is not None
        self._thread.join()
        self._timer.stop()
        self._thread = self._trainer = self.newest = None
        outcome = self._mailbox.outcome
        assert outcome is not None
        self.ended.emit(outcome)
