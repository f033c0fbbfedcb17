"""Memory that is used again in every step, because fresh memory costs more than the arithmetic done in it."""

from math import prod

import numpy as np
from numpy.typing import DTypeLike

from cnn_core.functional.geometry import Array

_ALIGNMENT = 64  # bytes; one line of the processor's cache

# glibc gives what is free back to the system, until a piece as large as this has come and gone: from then on
# it keeps about as much at hand. Without, running one image asks for the same memory anew each time.
np.empty(1 << 24, np.uint8)


def _aligned(size: int) -> Array:
    """Return so many bytes that begin with a line of the cache: what is read as one vector is in one line."""
    raw = np.empty(size + _ALIGNMENT, np.uint8)
    start = -raw.ctypes.data % _ALIGNMENT
    return raw[start : start + size]


def aligned(array: Array) -> Array:
    """Return a copy that begins with a line of the cache."""
    copy = np.ndarray(array.shape, array.dtype, _aligned(array.nbytes))
    copy[...] = array
    return copy


class Replay:
    """Answers the i-th request since `restart` with the i-th piece of memory, each step the same."""

    def __init__(self) -> None:
        self._pieces: list[Array] = []
        self._raw: list[Array] = []
        self._next = 0

    def restart(self) -> None:
        """Begin a new step; what was handed out is handed out again."""
        self._next = 0

    def __call__(self, shape: tuple[int, ...], dtype: DTypeLike) -> Array:
        """Return the next array."""
        i, self._next = self._next, self._next + 1
        if i < len(self._pieces):
            piece = self._pieces[i]
            if piece.shape == shape and piece.dtype == dtype:
                return piece
        else:
            self._raw.append(np.empty(0, np.uint8))
            self._pieces.append(self._raw[i])
        size = prod(shape) * np.dtype(dtype).itemsize
        if self._raw[i].nbytes < size:
            self._raw[i] = _aligned(size)
        self._pieces[i] = np.ndarray(shape, dtype, self._raw[i])
        return self._pieces[i]


class Memory:
    """A piece of replayed memory for every use."""

    def __init__(self) -> None:
        self._replays: dict[tuple[str | int, ...], Replay] = {}

    def of(self, *use: str | int) -> Replay:
        """Return the memory of this use, from its beginning; what it has handed out it hands out again."""
        replay = self._replays.get(use)
        if replay is None:
            replay = self._replays[use] = Replay()
        replay.restart()
        return replay


class Scratch:
    """One stretch of memory, cut from its start for every call of a layer, so that it stays in the core's
    cache."""

    def __init__(self) -> None:
        self._raw = np.empty(0, np.uint8)
        self._used = 0

    def release(self) -> None:
        """Take back all that was handed out."""
        self._used = 0

    def __call__(self, shape: tuple[int, ...], dtype: DTypeLike) -> Array:
        """Return an array valid until `release`."""
        start = self._used
        end = start + prod(shape) * np.dtype(dtype).itemsize
        if end > self._raw.nbytes:
            self._raw, start, end = _aligned(max(2 * self._raw.nbytes, end)), 0, end - start
        self._used = -(-end // _ALIGNMENT) * _ALIGNMENT
        return np.ndarray(shape, dtype, self._raw, start)
