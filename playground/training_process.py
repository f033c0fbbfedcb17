"""The process that trains while this one paints: two threads would wait for each other at the Python
interpreter, and the pen with them."""

from __future__ import annotations

import copy
import os
import queue
import threading
import time
import traceback
import weakref
from collections.abc import Callable
from dataclasses import dataclass
from pickle import PicklingError
from typing import Any

import cnn_core as cnn
from cnn_core.process import Hear, Process, ProcessLost, Say, may_start, serve_by
from cnn_core.threads import GivenUp, never
from playground.run import OnStep, Outcome, follow

MOST_DATA = 1 << 30  # bytes of all images; more are not kept twice
_SOON = 20.0  # seconds in which the process is to be ready
_PATIENCE = 0.02  # seconds between looks at what the window wants


class NotMoved(Exception):
    """The run has not gone on elsewhere: the trainer is as it was."""


@dataclass(frozen=True)
class _Data:
    train: cnn.Dataset
    validation: cnn.Dataset | None


@dataclass(frozen=True)
class _Start:
    trainer: cnn.Trainer  # its data are the last that were sent
    steps: int


@dataclass(frozen=True)
class _LearningRate:
    value: float


class _Stop:
    pass


@dataclass(frozen=True)
class _Failed:
    traceback: str


def _nothing() -> None:
    """Return None, as a weak reference does to what is no longer there."""


class TrainingProcess:
    """The process, seen from the window; kept from run to run. Used by one thread at a time."""

    def __init__(self) -> None:
        self._process: Process | None = None
        self._may_start = may_start()
        self._started = 0.0
        # What it has, weakly: the window may have others by now.
        self._data: list[weakref.ref[cnn.Dataset] | None] = []

    def start(self) -> None:
        """Start it, if it has not been started yet. It takes a moment to be `ready`."""
        if self._process is None and self._may_start:
            try:
                self._process, self._started = Process(__name__, much_to_say=True), time.monotonic()
            except OSError:
                self._may_start = False

    @property
    def ready(self) -> bool:
        """Whether it takes runs by now."""
        return self._process is not None and self._process.ready

    def may_take(self, trainer: cnn.Trainer) -> bool:
        """Whether it can, or soon will, take a run of this trainer."""
        if sum(part.images.nbytes for part in _data_of(trainer) if part is not None) > MOST_DATA:
            return False
        if self._process is None or self.ready:
            return self._may_start
        return not self._process.failed and time.monotonic() - self._started < _SOON

    def run(self, trainer: cnn.Trainer, steps: int, report: OnStep, stop: Callable[[], bool]) -> Outcome:
        """Take so many more steps of a trainer there, at its learning rate of the moment.

        Raises NotMoved where the process does not get as far as the first step, ProcessLost where it ends
        afterwards; another one is then to be had.
        """
        assert self._process is not None
        begun, proven = False, bool(self._data)

        def begin_and_report(points: list[cnn.Progress], snapshot: Any) -> None:
            nonlocal begun
            begun = True
            report(points, snapshot)

        try:
            self._send_data(self._process, trainer, stop)
            return _relay(self._process, trainer, steps, begin_and_report, stop)
        except (ProcessLost, PicklingError, MemoryError, GivenUp) as error:
            self.close()
            if begun:
                raise ProcessLost(str(error)) from error
            self._may_start = proven or isinstance(error, GivenUp)  # else it would fail again
            raise NotMoved from error

    def _send_data(self, process: Process, trainer: cnn.Trainer, stop: Callable[[], bool]) -> None:
        """Send it the data of a trainer, unless it has them."""
        data = _data_of(trainer)
        if not self._data or not all(map(_is, self._data, data)):
            self._data = []
            process.send(_Data(*data), stop)
            self._data = [None if part is None else weakref.ref(part) for part in data]

    def close(self) -> None:
        """End it."""
        if self._process is not None:
            self._process.close()
        self._process, self._data = None, []


def _data_of(trainer: cnn.Trainer) -> tuple[cnn.Dataset, cnn.Dataset | None]:
    return trainer.train, trainer.validation


def _is(held: weakref.ref[cnn.Dataset] | None, dataset: cnn.Dataset | None) -> bool:
    """Whether a reference is to that data set, or none to none; a data set that is gone is not none."""
    return dataset is None if held is None else dataset is not None and held() is dataset


def _relay(
    process: Process, trainer: cnn.Trainer, steps: int, report: OnStep, stop: Callable[[], bool]
) -> Outcome:
    """Have a run done, tell what is wanted of it meanwhile, and pass on what is said of it."""
    light = copy.copy(trainer)
    light.train, light.validation = trainer.train.subset(slice(0, 0)), None
    rate, stopped = light.learning_rate, False
    process.send(_Start(light, steps))
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
            if isinstance(message, _Failed):
                raise ProcessLost(message.traceback)
            report(*message)


def serve() -> None:
    """Be that process."""
    serve_by(_serve)


def _serve(hear: Hear, say: Say) -> None:
    listener = _Listener(hear)
    threading.Thread(target=listener.listen, daemon=True).start()
    while not isinstance(heard := listener.runs.get(), _Failed):
        try:
            trainer, run = heard
            say(follow(trainer, run, lambda points, snapshot: say((points, snapshot)), never))
            del trainer, run, heard  # their memory is free before there is more
        except Exception:
            heard = _Failed(traceback.format_exc())
            break
    say(heard)


class _Listener:
    """Hears of data, of runs, and of what is wanted of the one that is on."""

    def __init__(self, hear: Hear) -> None:
        self._hear = hear
        self._data: _Data | None = None
        self._current: Callable[[], cnn.Trainer | None] = _nothing
        self.runs: queue.SimpleQueue[Any] = queue.SimpleQueue()  # (trainer, its run), or _Failed

    def listen(self) -> None:
        """Hear all there is; in the end, end the process, whatever it is doing."""
        try:
            while True:
                self._take(self._hear())
        except EOFError:
            os._exit(0)
        except Exception:
            self.runs.put(_Failed(traceback.format_exc()))

    def _take(self, message: object) -> None:
        if isinstance(message, _Data):
            self._data = message
        elif isinstance(message, _Start):
            trainer = message.trainer
            assert self._data
            trainer.train, trainer.validation = self._data.train, self._data.validation
            self.runs.put((trainer, trainer.run(steps=message.steps)))  # here: a stop from here on counts
            self._current = weakref.ref(trainer)  # its memory is free when its run has ended
        elif (running := self._current()) is not None:
            if isinstance(message, _LearningRate):
                running.learning_rate = message.value
            else:
                running.stop()
