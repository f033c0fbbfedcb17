"""Threads that share the tasks of a batch, and BLAS kept to one thread for each."""

import os
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from functools import cache
from itertools import count
from typing import Any

import numpy as np
from threadpoolctl import ThreadpoolController


class GivenUp(Exception):
    """The tasks were given up half-way, because the caller's `cancelled` said so."""


def never() -> bool:
    """Return False: nobody cancels."""
    return False


class Threads:
    """The calling thread and `count` - 1 others."""

    def __init__(self, count: int | None = None) -> None:
        """Use `count` threads, as many as the process may use cores where None. They start when needed."""
        self.count = max(1, count or available_cores())
        self._pool: ThreadPoolExecutor | None = None

    def each(self, tasks: int, run: Callable[[int, int], None]) -> None:
        """Call run(task, worker) for every task, each thread taking the next one as it becomes free.

        Raises the first error of any after all threads have stopped.
        """
        numbers, lock = count(), threading.Lock()

        # A number that grows beyond its type is seen in the result; a warning from each thread is noise.
        @np.errstate(over="ignore", invalid="ignore")
        def work(worker: int) -> None:
            while True:
                with lock:
                    task = next(numbers)
                if task >= tasks:
                    return
                run(task, worker)

        others = min(self.count, tasks) - 1
        if others < 1:
            work(0)
            return
        if self._pool is None:
            self._pool = ThreadPoolExecutor(self.count - 1, thread_name_prefix="cnn_core")
        futures = [self._pool.submit(work, worker) for worker in range(1, others + 1)]
        try:
            work(0)
        finally:
            errors = [f.exception() for f in futures]
        for error in errors:
            if error is not None:
                raise error

    def close(self) -> None:
        """End the threads."""
        if self._pool is not None:
            self._pool.shutdown()
            self._pool = None


def available_cores() -> int:
    """Return the number of cores that this process may use."""
    if hasattr(os, "sched_getaffinity"):  # Linux alone
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


_lock = threading.Lock()
_users = 0
_numbers: list[int] = []  # of threads that each BLAS had before its first user here


@contextmanager
def single_threaded_blas() -> Iterator[None]:
    """Let BLAS use one thread until the last of all users is done; the setting is the whole process's."""
    global _users, _numbers
    with _lock:
        if _users == 0:
            _numbers = [blas.num_threads for blas in _libraries()]
            _set_threads([1] * len(_numbers))
        _users += 1
    try:
        yield
    finally:
        with _lock:
            _users -= 1
            if _users == 0:
                _set_threads(_numbers)


@cache
def _libraries() -> Sequence[Any]:
    """Return what sets the threads of each BLAS.

    A limit of `threadpoolctl` describes all libraries each time, which is long beside running one image.
    """
    return ThreadpoolController().select(user_api="blas").lib_controllers


def _set_threads(numbers: Sequence[int]) -> None:
    for blas, number in zip(_libraries(), numbers, strict=True):
        # From threadpoolctl 3.8 on, a thread that has set a number keeps all others from setting any.
        release = getattr(blas, "clear_controlling_thread", lambda force: None)
        release(force=True)
        blas.set_num_threads(number)
        release(force=True)
