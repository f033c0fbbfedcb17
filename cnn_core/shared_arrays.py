"""Arrays that two processes see at once: a file mapped into the memory of both, on Windows memory by name.

`multiprocessing.shared_memory` would start a further process beside each of them up to Python 3.12, to clean
up, which removes the memory when the first of them ends.
"""

import mmap
import os
import secrets
import sys
import tempfile
from collections.abc import Iterator, Mapping
from math import prod
from pathlib import Path
from typing import TypeAlias

import numpy as np

from cnn_core.functional.geometry import Array

_ALIGNMENT = 64  # bytes; one line of the processor's cache
_IN_MEMORY = "/dev/shm"  # Linux: files that are on no disk

Forms: TypeAlias = Mapping[str, tuple[tuple[int, ...], str]]  # shape and type of each array


class SharedArrays(Mapping[str, Array]):
    """Arrays of these forms, by name. One process makes them, others open them by `path`."""

    def __init__(self, forms: Forms, path: str | None = None) -> None:
        """Make the arrays, of zeros; open them where there is a path.

        Raises OSError where there is no room.
        """
        places, size = {}, 0
        for name, (shape, kind) in forms.items():
            places[name] = size
            size += -(-prod(shape) * np.dtype(kind).itemsize // _ALIGNMENT) * _ALIGNMENT
        self.path = path or _room(size)
        try:
            memory = _opened(self.path, size)
            self._arrays: dict[str, Array] = {
                name: np.ndarray(shape, kind, memory, places[name]) for name, (shape, kind) in forms.items()
            }
        except BaseException:
            self.remove()
            raise

    def __getitem__(self, name: str) -> Array:
        """Return an array."""
        return self._arrays[name]

    def __iter__(self) -> Iterator[str]:
        """Give the names."""
        return iter(self._arrays)

    def __len__(self) -> int:
        """Return how many arrays there are."""
        return len(self._arrays)

    def remove(self) -> None:
        """Remove the file: the arrays stay with those who have opened them, and nothing is left behind even
        where a process is killed."""
        if sys.platform != "win32":
            Path(self.path).unlink(missing_ok=True)


def _opened(path: str, size: int) -> mmap.mmap:
    """Return so many bytes that are there as long as an array or a process has them."""
    if sys.platform == "win32":  # no file, which could not be removed while it is open
        return mmap.mmap(-1, size, tagname=path)
    with Path(path).open("r+b") as file:
        return mmap.mmap(file.fileno(), size)


def _room(size: int) -> str:
    """Return the path of a new file of so many bytes, all of which are there; on Windows a new name."""
    if sys.platform == "win32":
        return f"cnn_core_{os.getpid()}_{secrets.token_hex(8)}"
    folder = _IN_MEMORY if os.access(_IN_MEMORY, os.W_OK) else None
    handle, path = tempfile.mkstemp(prefix="cnn_core", dir=folder)
    try:
        if hasattr(os, "posix_fallocate"):  # else writing where there is no room would end the process
            os.posix_fallocate(handle, 0, size)
        else:
            os.truncate(handle, size)
    except BaseException:
        Path(path).unlink()
        raise
    finally:
        os.close(handle)
    return path
