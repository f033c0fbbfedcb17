"""A member of a team: another process, which takes some shards of each training batch.

A thread would not do: two threads of one process wait for each other at the Python interpreter, and the calls
of NumPy that a batch is made of are so short that the waiting costs up to a third of the time.

Messages go through pipes, pickled. What is large lies in arrays that both processes see.
"""

import os
import pickle
import signal
import subprocess
import sys
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from threading import Thread
from typing import IO, Any

from cnn_core.architecture import Architecture
from cnn_core.batch import BatchArrays
from cnn_core.plan import plan
from cnn_core.shard import Meeting, Outcome
from cnn_core.shared_arrays import Forms, SharedArrays
from cnn_core.worker import Settings, Worker

_PROGRAM = "import sys; sys.path[:] = {path!r}; from cnn_core.member import serve; serve()"


class MemberLost(Exception):
    """The other process has ended, or what it says makes no sense."""


@dataclass(frozen=True)
class Room:
    """Where the arrays of the batches to come are."""

    path: str
    forms: Forms
    shards: int


@dataclass(frozen=True)
class Task:
    """Some shards of the batch in the room."""

    numbers: Sequence[int]
    shards: Sequence[slice]
    settings: Settings


@dataclass(frozen=True)
class Brought:
    """What a member's shards bring to a meeting; it waits for what all together make of it."""

    meetings: dict[int, list[Any]]


class Member:
    """The other process, seen from the one that leads."""

    def __init__(self, architecture: Architecture) -> None:
        """Start the process; it takes a moment until it is `ready`.

        Raises OSError where none can be had, PicklingError where a layer's class has no name to find it by.
        """
        described = _pickled(architecture)
        self.ready = False
        self._working = self._asks = False  # has a task; waits for an answer
        self._process = subprocess.Popen(
            [sys.executable, "-c", _PROGRAM.format(path=sys.path)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env={**os.environ, "OPENBLAS_NUM_THREADS": "1"},
            creationflags=getattr(subprocess, "CREATE_NO_WINDOW", 0),  # Windows alone
        )
        with suppress(MemberLost):  # then it will never be ready
            self._say(described)
        self._starting = Thread(target=self._start, name="cnn_core_member", daemon=True)
        self._starting.start()

    def _start(self) -> None:
        with suppress(MemberLost):
            self.ready = self._receive() == "ready"

    def wait(self) -> None:
        """Wait until it is ready, or known not to come."""
        self._starting.join()

    def open(self, room: Room) -> None:
        """Let it open the arrays of the batches to come. Here and below, raises MemberLost where the other
        process does not answer."""
        self._send(room)
        self._receive()

    def take(self, task: Task) -> None:
        """Give it a task. It comes back with what its shards bring to each meeting, and with outcomes at the
        end."""
        self._working = True
        self._send(task)

    def brought(self) -> dict[int, list[Any]]:
        """Wait for what its shards bring to a meeting; raise the error that it met."""
        return self._receive().meetings

    def answer(self, together: object) -> None:
        """Tell it what all shards together make of what they have brought."""
        self._asks = False
        self._send(together)

    def outcomes(self) -> dict[int, Outcome]:
        """Wait for the end of the task; raise the error that it met."""
        return self._receive()

    def give_up(self) -> None:
        """Let it leave the task that it has, if it has one."""
        while self._working:
            if self._asks:
                self.answer(None)
            try:
                self._receive()
            except MemberLost:
                raise
            except Exception:  # it met an error of its own: the task is over
                return

    def _send(self, message: object) -> None:
        self._say(_pickled(message))

    def _say(self, message: bytes) -> None:
        assert self._process.stdin
        try:
            _write(self._process.stdin, message)
        except (OSError, ValueError) as error:
            raise MemberLost from error

    def _receive(self) -> Any:
        assert self._process.stdout
        try:
            message = pickle.load(self._process.stdout)
        except (OSError, EOFError, ValueError, pickle.UnpicklingError) as error:
            raise MemberLost from error
        self._asks = isinstance(message, Brought)
        self._working = self._asks
        if isinstance(message, Exception):
            raise message
        return message

    def close(self) -> None:
        """End the process."""
        self._process.kill()
        self._starting.join()
        self._process.wait()
        assert self._process.stdin and self._process.stdout
        self._process.stdout.close()
        with suppress(OSError):  # a message was on its way
            self._process.stdin.close()


class _GivenUp(Exception):
    """The leader wants nothing more of this task."""


def serve() -> None:
    """Be the other process: take the architecture, then rooms and tasks, until the pipe ends."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl+C is for the leader, who ends this process too
    heard, said = sys.stdin.buffer, sys.stdout.buffer
    sys.stdout = sys.stderr  # what a module prints is no message
    try:
        try:
            worker = Worker(plan(pickle.load(heard), True))
        except (AttributeError, ImportError):  # a layer whose class is known to the leader alone
            return
        _write(said, _pickled("ready"))
        while True:
            message = pickle.load(heard)
            if isinstance(message, Room):
                arrays = BatchArrays.of(SharedArrays(message.forms, message.path), message.shards)
                _write(said, _pickled("open"))
            else:
                _write(said, _pickled(_done(worker, message, arrays, heard, said)))
    except (EOFError, BrokenPipeError):
        return


def _done(worker: Worker, task: Task, arrays: BatchArrays, heard: IO[bytes], said: IO[bytes]) -> object:
    """Return the outcomes of a task's shards, or the error that came instead."""

    def meet(meetings: dict[int, Meeting]) -> Any:
        brought = Brought({number: meeting.parts for number, meeting in meetings.items()})
        _write(said, _pickled(brought))
        together = pickle.load(heard)
        if together is None:
            raise _GivenUp
        return together

    try:
        return worker.run(task.numbers, task.shards, arrays, task.settings, meet)
    except (EOFError, BrokenPipeError):
        raise
    except Exception as error:
        return error


def _pickled(message: object) -> bytes:
    try:
        return pickle.dumps(message)
    except (AttributeError, TypeError) as error:  # pickle's own way of saying so, of some things
        raise pickle.PicklingError(str(error)) from error


def _write(pipe: IO[bytes], message: bytes) -> None:
    pipe.write(message)
    pipe.flush()
