"""A member of a team: another process, which takes some shards of each training batch.

A thread would not do: two threads of one process wait for each other at the Python interpreter, and the calls
of NumPy that a batch is made of are short. Nor would `multiprocessing`: it runs the script that trains again
in each process, unless the script is written for that.

Messages go through pipes, pickled. What is large lies in arrays that both processes see. A member that meets
an error ends without a word: the process that leads then runs the batch itself, and meets the error too.
"""

import os
import pickle
import select
import subprocess
import sys
import weakref
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

from cnn_core.architecture import Architecture
from cnn_core.batch import BatchArrays
from cnn_core.meeting import Meeting
from cnn_core.plan import plan
from cnn_core.shared_arrays import Forms, SharedArrays
from cnn_core.threads import Cancelled, never
from cnn_core.worker import Settings, Worker

if sys.platform == "win32":
    import _winapi
    import msvcrt

_PROGRAM = "import sys; sys.path[:] = {path!r}; from cnn_core.member import serve; serve()"
_PATIENCE = 0.1  # seconds between looks at whether an answer is still wanted

_serving = False  # this process is a member


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


class Member:
    """The other process, seen from the one that leads."""

    def __init__(self, architecture: Architecture) -> None:
        """Start the process; it takes a moment until it is `ready`.

        Raises OSError where none can be had, PicklingError where a layer's class has no name to find it by.
        """
        described = _pickled(architecture)
        self._ready: bool | None = None  # not known yet
        self._process = subprocess.Popen(
            [sys.executable, "-Wignore", "-c", _PROGRAM.format(path=_path())],  # warnings are the leader's
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env={**os.environ, "OPENBLAS_NUM_THREADS": "1"},
            process_group=0,  # Ctrl+C is for the leader, who ends this process too; Windows: as there is
            creationflags=getattr(subprocess, "CREATE_NO_WINDOW", 0),  # no window, no Ctrl+C
        )
        assert self._process.stdin
        weakref.finalize(self, self._process.stdin.close).atexit = False  # it ends where nobody closes it
        with suppress(MemberLost):  # then it will never be ready
            self._say(described)

    @property
    def ready(self) -> bool:
        """Whether it takes tasks by now."""
        if self._ready is None and _has_said(self._said, 0):
            self.wait()
        return bool(self._ready)

    def wait(self) -> None:
        """Wait until it is ready, or known not to come."""
        if self._ready is None:
            self._ready = False
            with suppress(MemberLost):
                self._ready = self.receive() == __file__  # else it has found another version

    def send(self, message: object) -> None:
        """Send it a room, a task, or what all shards together make of what they bring to a meeting.

        Raises MemberLost, here and below, where the other process has ended.
        """
        self._say(_pickled(message))

    def receive(self, cancelled: Callable[[], bool] = never) -> Any:
        """Wait for its answer: to a task, what its shards bring to each meeting, and outcomes at the end.

        Raises Cancelled where `cancelled` returns True while nothing comes, but not on Windows.
        """
        while sys.platform != "win32" and not _has_said(self._said, _PATIENCE):
            if cancelled():
                raise Cancelled
        try:
            return pickle.load(self._said)
        except Exception as error:  # pickle's are of many kinds
            raise MemberLost from error

    def close(self) -> None:
        """End the process, whatever it is doing."""
        self._process.kill()
        self._process.wait()
        self._said.close()
        assert self._process.stdin
        with suppress(OSError):  # a message was on its way
            self._process.stdin.close()

    @property
    def _said(self) -> IO[bytes]:
        assert self._process.stdout
        return self._process.stdout

    def _say(self, message: bytes) -> None:
        assert self._process.stdin
        try:
            _write(self._process.stdin, message)
        except (OSError, ValueError) as error:
            raise MemberLost from error


def may_start() -> bool:
    """Whether this process may start others: it is no program that is its own interpreter, and no member,
    where a module that trains when it is imported would start ever more."""
    return bool(sys.executable) and not getattr(sys, "frozen", False) and not _serving


def serve() -> None:
    """Be the other process: take the architecture, then rooms and tasks, until the pipe ends."""
    global _serving
    _serving = True
    try:
        heard, said = sys.stdin.buffer, os.fdopen(os.dup(1), "wb")
        sys.stdout = sys.stderr  # what a module prints is no message
        with suppress(OSError):  # there is no terminal
            os.dup2(2, 1)
        _serve(heard, said)
    finally:
        os._exit(0)  # without a word


def _serve(heard: IO[bytes], said: IO[bytes]) -> None:
    def say(message: object) -> None:
        _write(said, _pickled(message))

    def meet(meetings: dict[int, Meeting]) -> Any:
        say({number: meeting.parts for number, meeting in meetings.items()})
        return pickle.load(heard)

    worker = Worker(plan(pickle.load(heard), True))
    say(__file__)
    while True:
        message = pickle.load(heard)
        if isinstance(message, Room):
            arrays = BatchArrays.of(SharedArrays(message.forms, message.path), message.shards)
            say("open")
        else:
            say(worker.run(message.numbers, message.shards, arrays, message.settings, meet))


def _path() -> list[str]:
    """Return where modules are found, and last where this package is: `sys.path` may no longer say so."""
    return [*(place for place in sys.path if isinstance(place, str)), str(Path(__file__).parents[1])]


def _has_said(pipe: IO[bytes], seconds: float) -> bool:
    """Whether there is something to be read, or an end, within so many seconds; on Windows, at once."""
    if sys.platform == "win32":
        try:
            return bool(_winapi.PeekNamedPipe(msvcrt.get_osfhandle(pipe.fileno()), 0)[0])
        except OSError:  # it has ended
            return True
    poll = select.poll()
    poll.register(pipe, select.POLLIN)
    return bool(poll.poll(seconds * 1000))


def _pickled(message: object) -> bytes:
    try:
        return pickle.dumps(message)
    except (AttributeError, TypeError) as error:  # pickle's own way of saying so, of some things
        raise pickle.PicklingError(str(error)) from error


def _write(pipe: IO[bytes], message: bytes) -> None:
    pipe.write(message)
    pipe.flush()
