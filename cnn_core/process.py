"""Another process of this program, and the messages between the two.

`multiprocessing` would not do: it runs the script that trains again in each process, unless the script is
written for that. Messages go through pipes, pickled; large arrays follow as they lie in memory.
"""

import os
import pickle
import select
import struct
import subprocess
import sys
import time
import weakref
from collections.abc import Callable
from contextlib import suppress
from io import RawIOBase
from pathlib import Path
from typing import IO, Any, TypeAlias, cast

import numpy as np

from cnn_core.threads import GivenUp, never

if sys.platform == "win32":
    import _winapi
    import msvcrt
elif sys.platform == "linux":
    import fcntl

Hear: TypeAlias = Callable[[], Any]  # waits for the next message; raises EOFError after the last one
Say: TypeAlias = Callable[[object], None]

_PROGRAM = "import sys; sys.path[:] = {path!r}; from {module} import serve; serve()"
_PATIENCE = 0.1  # seconds between looks at whether an answer is still wanted
# To be woken takes as long as many a layer: for so many seconds, who waits looks again and again. Not so long
# where this process gives way to others (on Unix): one of them may need the core.
_AWAKE = 0.001 if hasattr(os, "nice") and os.nice(0) > 0 else 0.005
_BEGINNING = struct.Struct("<qq")  # of a message: bytes that describe it, number of large arrays that follow
_LARGE = 1 << 14  # bytes of an array that is not copied into its message
_PIECE = 1 << 20  # bytes of such an array that are sent at once


class ProcessLost(Exception):
    """The other process has ended, or what it says makes no sense."""


class Process:
    """The other process, seen from the one that has started it. It ends with it."""

    def __init__(self, module: str, *, much_to_say: bool = False) -> None:
        """Start a process that calls `serve` of a module; it takes a moment until it is `ready`.

        Raises OSError where none can be had.
        """
        self._ready: bool | None = None  # not known yet
        self._process = subprocess.Popen(
            # Warnings are the concern of the process that starts it.
            [sys.executable, "-Wignore", "-c", _PROGRAM.format(path=_path(), module=module)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env={**os.environ, "OPENBLAS_NUM_THREADS": "1"},
            process_group=0,  # Ctrl+C is for the one that leads, who ends this one too; Windows: as there is
            creationflags=getattr(subprocess, "CREATE_NO_WINDOW", 0),  # no window, no Ctrl+C
        )
        assert self._process.stdin
        weakref.finalize(self, self._process.stdin.close).atexit = False  # it ends where nobody closes it
        if much_to_say:
            _widen(self._said)

    @property
    def ready(self) -> bool:
        """Whether it listens by now."""
        if self._ready is None and self.says(0):
            self.wait()
        return bool(self._ready)

    @property
    def failed(self) -> bool:
        """Whether it is known not to come."""
        return not self.ready and self._ready is False

    def wait(self) -> None:
        """Wait until it is ready, or known not to come."""
        if self._ready is None:
            self._ready = False
            with suppress(ProcessLost):
                self._ready = self.receive() == __file__  # else it has found another version

    def send(self, message: object, cancelled: Callable[[], bool] = never) -> None:
        """Send a message.

        Raises ProcessLost, here and below, where the other process has ended, PicklingError where there is
        something in the message that it could not know; GivenUp where `cancelled` returns True in the midst
        of it, after which nothing more can be sent.
        """
        assert self._process.stdin
        pieces = _pickled(message)
        try:
            _write(self._process.stdin, pieces, cancelled)
        except (OSError, ValueError) as error:
            raise ProcessLost from error

    def says(self, seconds: float) -> bool:
        """Wait for a message, so many seconds at most; return whether there is one, or an end."""
        return _has_said(self._said, seconds)

    def receive(self, cancelled: Callable[[], bool] = never) -> Any:
        """Wait for a message and return it.

        Raises GivenUp where `cancelled` returns True while nothing comes, but not on Windows.
        """
        _stay_awake(self._said)
        while sys.platform != "win32" and not _has_said(self._said, _PATIENCE):
            if cancelled():
                raise GivenUp
        try:
            return _read(self._said)
        except Exception as error:  # pickle's are of many kinds
            raise ProcessLost from error

    def close(self) -> None:
        """End the process, whatever it is doing."""
        self._process.kill()
        self._process.wait()
        for pipe in (self._process.stdout, self._process.stdin):
            assert pipe
            with suppress(OSError):  # a message was on its way
                pipe.close()

    @property
    def _said(self) -> RawIOBase:
        return _unbuffered(self._process.stdout)


def may_start() -> bool:
    """Whether this process may start others: it is no program that is its own interpreter."""
    return bool(sys.executable) and not getattr(sys, "frozen", False)


def serve_by(work: Callable[[Hear, Say], None], *, awake: bool = False) -> None:
    """Be the other process: run `work` until there is nothing more to be heard, and end without a word.

    `awake` is for work that is asked again at once: the next message is looked for before it is waited for.
    """
    try:
        heard, said = _unbuffered(sys.stdin.buffer), os.fdopen(os.dup(1), "wb")
        sys.stdout = sys.stderr  # what a module prints is no message
        with suppress(OSError):  # there is no terminal
            os.dup2(2, 1)

        def say(message: object) -> None:
            _write(said, _pickled(message))

        def hear() -> Any:
            if awake:
                _stay_awake(heard)
            return _read(heard)

        say(__file__)
        work(hear, say)
    finally:
        os._exit(0)


def _path() -> list[str]:
    """Return where modules are found, and last where this package is: `sys.path` may no longer say so."""
    return [*(place for place in sys.path if isinstance(place, str)), str(Path(__file__).parents[1])]


def _unbuffered(pipe: object) -> RawIOBase:
    """Return a pipe that has taken from the system no more than was read from it."""
    return cast(RawIOBase, pipe.raw)  # type: ignore[attr-defined]


def _widen(pipe: RawIOBase) -> None:
    """Let more be on its way, so that a large message does not go to and fro; on Linux, if it allows that."""
    if sys.platform == "linux":
        with suppress(OSError):
            fcntl.fcntl(pipe.fileno(), fcntl.F_SETPIPE_SZ, _PIECE)


def _stay_awake(pipe: RawIOBase) -> None:
    """Wait for something to be read, though not for long."""
    end = time.perf_counter() + _AWAKE
    while not _has_said(pipe, 0) and time.perf_counter() < end:
        pass


def _has_said(pipe: RawIOBase, seconds: float) -> bool:
    """Whether there is something to be read, or an end, within so many seconds."""
    if sys.platform == "win32":  # where pipes can only be looked at
        end = time.monotonic() + seconds
        try:
            while not (found := _winapi.PeekNamedPipe(msvcrt.get_osfhandle(pipe.fileno()), 0)[0]):
                if time.monotonic() >= end:
                    break
                time.sleep(0.001)
        except OSError:  # it has ended
            return True
        return bool(found)
    poll = select.poll()
    poll.register(pipe, select.POLLIN)
    return bool(poll.poll(seconds * 1000))


def _pickled(message: object) -> list[bytes | memoryview]:
    """Return a message in pieces: what it is, then its large arrays."""
    large: list[memoryview] = []

    def goes_along(buffer: pickle.PickleBuffer) -> bool:
        memory = buffer.raw()
        if memory.nbytes < _LARGE:
            return True
        large.append(memory)
        return False

    try:
        return [pickle.dumps(message, 5, buffer_callback=goes_along), *large]
    except (AttributeError, TypeError) as error:  # pickle's own way of saying so, of some things
        raise pickle.PicklingError(str(error)) from error


def _write(pipe: IO[bytes], pieces: list[bytes | memoryview], cancelled: Callable[[], bool] = never) -> None:
    described, *large = pieces
    pipe.write(_BEGINNING.pack(len(described), len(large)))
    pipe.write(struct.pack(f"<{len(large)}q", *map(len, large)))
    pipe.write(described)
    for piece in large:
        for start in range(0, len(piece), _PIECE):
            if cancelled():
                raise GivenUp
            pipe.write(piece[start : start + _PIECE])
    pipe.flush()


def _read(pipe: RawIOBase) -> Any:
    size, count = _BEGINNING.unpack(_exactly(pipe, _BEGINNING.size))
    sizes = struct.unpack(f"<{count}q", _exactly(pipe, 8 * count))
    described, *large = [_exactly(pipe, size) for size in (size, *sizes)]
    return pickle.loads(described, buffers=large)


def _exactly(pipe: RawIOBase, size: int) -> memoryview:
    memory, done = np.empty(size, np.uint8).data, 0
    while done < size:
        read = pipe.readinto(memory[done:])
        if not read:
            raise EOFError
        done += read
    return memory
