"""The process that trains while this one paints: two threads would wait for each other at the Python
interpreter, and the pen with them."""

from __future__ import annotations

import os
import queue
import threading
import weakref
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pickle import PicklingError
from typing import TypeAlias

import cnn_core as cnn
from cnn_core.process import Hear, Process, ProcessLost, Say, may_start, serve_by
from playground.run import Outcome, Report, follow

_PATIENCE = 0.02  # seconds between looks at what the window wants


@dataclass(frozen=True)
class _Start:
    trainer: cnn.Trainer
    steps: int


@dataclass(frozen=True)
class _LearningRate:
    value: float


class _Stop:
    pass


_Jobs: TypeAlias = "queue.SimpleQueue[tuple[cnn.Trainer, Iterable[cnn.Progress]]]"


class TrainingProcess:
    """The process, seen from the window; kept from run to run. Used by one thread at a time."""

    def __init__(self) -> None:
        self._process: Process | None = None
        self._may_start = may_start()

    @property
    def ready(self) -> bool:
        """Whether it takes runs by now. It starts when this is asked first."""
        if self._process is None and self._may_start:
            try:
                self._process = Process(__name__)
            except OSError:
                self._may_start = False
        return self._process is not None and self._process.ready

    @property
    def to_be_had(self) -> bool:
        """Whether it may yet become ready."""
        return self._may_start and not (self._process is not None and self._process.failed)

    def run(self, trainer: cnn.Trainer, steps: int, report: Report, stop: Callable[[], bool]) -> Outcome:
        """Take so many more steps of a trainer there, at its learning rate of the moment.

        Raises ProcessLost where that process has ended, after which another one is to be had.
        """
        assert self._process is not None
        process, rate, stopped = self._process, trainer.learning_rate, False
        try:
            process.send(_Start(trainer, steps))
            while True:
                if not stopped and stop():
                    stopped = True
                    process.send(_Stop())
                if rate != trainer.learning_rate:
                    rate = trainer.learning_rate
                    process.send(_LearningRate(rate))
                if process.says(_PATIENCE):
                    message = process.receive()
                    if isinstance(message, Outcome):
                        return message
                    report(*message)
        except (ProcessLost, PicklingError) as error:
            self.close()
            raise ProcessLost from error

    def close(self) -> None:
        """End it."""
        if self._process is not None:
            self._process.close()
            self._process = None


def serve() -> None:
    """Be that process."""
    serve_by(_serve)


def _serve(hear: Hear, say: Say) -> None:
    jobs: _Jobs = queue.SimpleQueue()
    threading.Thread(target=_listen, args=(hear, jobs), daemon=True).start()
    while True:
        say(follow(*jobs.get(), lambda points, snapshot: say((points, snapshot))))


def _listen(hear: Hear, jobs: _Jobs) -> None:
    """Hear of jobs, and of what is wanted of the one that is on; in the end, end all."""
    try:
        while True:
            message = hear()
            if isinstance(message, _Start):
                trainer = message.trainer
                jobs.put((trainer, trainer.run(steps=message.steps)))  # here: a stop from here on counts
                current = weakref.ref(trainer)  # no longer than it lasts: it has all the data
                del trainer
            elif (running := current()) is not None:
                if isinstance(message, _LearningRate):
                    running.learning_rate = message.value
                else:
                    running.stop()
                del running
            del message
    finally:
        os._exit(0)
