"""Runs a network on a batch: in chunks, on threads, with the same bits for any number of them.

The batch is cut into chunks whose size depends on the network and the batch alone. Each chunk goes depth-first through a
segment of layers, so that its activations stay in the core's cache; threads take the next chunk as they become free.
Matrix products run on one thread each (BLAS's own threads would cut smaller pieces and wait for each other). What chunks
contribute to a sum is added in the order of the chunks. This is the only file that knows about threads.
"""

import os
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import count
from typing import Any, TypeVar

import numpy as np
from threadpoolctl import ThreadpoolController

from cnn_core import functional as F
from cnn_core.architecture import Architecture
from cnn_core.functional.geometry import Array
from cnn_core.layers import BatchNorm, Context
from cnn_core.memory import Replay, Scratch
from cnn_core.plan import Segment, Step, plan

INFERENCE_BATCH = 256  # images run at once: bounds the memory whatever the number of images
SUM_BLOCK = 1 << 15  # numbers added by one task

T = TypeVar("T")


class Cancelled(Exception):
    """The batch was given up half-way, because the caller's `cancelled` said so."""


@dataclass(frozen=True)
class BatchResult:
    """What a batch says in training mode. The arrays are used again by the executor's next batch."""

    loss: float  # mean over the images
    correct: int  # images whose label has the highest score
    gradients: dict[str, Array]
    buffers: dict[str, Array]  # running statistics, moved by this batch; empty without BatchNorm


@dataclass(eq=False)
class _Chunk:
    """Some images of a batch on their way through the network."""

    number: int
    rows: slice
    memory: Replay
    x: Array  # activations on the way forward, gradients on the way back
    caches: dict[int, Any] = field(default_factory=dict)
    gradients: dict[str, Array] = field(default_factory=dict)
    moments: F.Moments | None = None
    losses: Array | None = None
    correct: int = 0


class Executor:
    """Runs one architecture. Not to be shared by threads that run at the same time; they have an executor each."""

    def __init__(self, architecture: Architecture, threads: int | None = None) -> None:
        """Prepare for `threads` threads, as many as the process may use cores where None."""
        self.architecture = architecture
        self._training = plan(architecture, True)
        self._inference = plan(architecture, False)
        self._threads = _Threads(threads or available_cores())
        self._scratch = [Scratch() for _ in range(self._threads.count)]
        self._memory: dict[tuple[str, int, int], Replay] = {}

    def close(self) -> None:
        """End the threads."""
        self._threads.close()

    def __enter__(self) -> "Executor":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    # Inference

    def logits(self, values: Mapping[str, Array], images: Array) -> Array:
        """Return the scores (N, classes) before any final Softmax; `values` are parameters and buffers."""
        layers = _by_layer(self._inference, values)
        parts = []
        with _single_threaded_blas():
            for start in range(0, len(images), INFERENCE_BATCH):
                batch = images[start : start + INFERENCE_BATCH]
                for segment in self._inference:
                    batch = self._infer(segment, layers, batch)
                parts.append(batch)
        return np.concatenate(parts)

    def _infer(self, segment: Segment, layers: list[dict[str, Array]], batch: Array) -> Array:
        size = segment.chunk_size(len(batch))
        out = np.empty((len(batch), *segment.output_shape), np.float32)

        def run(i: int, worker: int) -> None:
            rows = slice(i * size, (i + 1) * size)
            memory, scratch = self._replay("inference", 0, worker), self._scratch[worker]
            x = scaled(batch[rows], memory)
            for step in segment.steps:
                scratch.release()
                context = Context(
                    may_overwrite=step.may_overwrite and x is not batch, new=memory, scratch=scratch
                )
                x, _ = step.layer.forward(x, layers[step.index], context)
            out[rows] = x

        self._threads.each(-(-len(batch) // size), run)
        return out

    # Training

    def loss_and_gradients(
        self,
        parameters: Mapping[str, Array],
        buffers: Mapping[str, Array],
        images: Array,
        labels: Array,
        *,
        seed: Sequence[int] = (0,),
        label_smoothing: float = 0.0,
        cancelled: Callable[[], bool] = lambda: False,
    ) -> BatchResult:
        """Return mean cross-entropy and gradients of a batch, in training mode. `seed` decides what dropout drops."""
        layers = _by_layer(self._training, {**parameters, **buffers})
        run = _Training(self, layers, tuple(seed), cancelled)
        with _single_threaded_blas():
            groups = run.forward(images)
            last = groups[-1]
            run.each(last, lambda chunk, worker: self._loss(chunk, labels, label_smoothing, len(images)))
            run.backward(groups)
            gradients = self._summed([c for group in groups for c in group], parameters)
        gradients.update(run.meeting_gradients)
        losses = np.concatenate([c.losses for c in last if c.losses is not None])
        return BatchResult(float(losses.mean()), sum(c.correct for c in last), gradients, run.new_buffers)

    def _loss(self, chunk: _Chunk, labels: Array, label_smoothing: float, batch: int) -> None:
        mine = labels[chunk.rows]
        chunk.losses, chunk_dx = F.cross_entropy(chunk.x, mine, label_smoothing)
        chunk.correct = int((chunk.x.argmax(axis=1) == mine).sum())
        chunk.x = chunk_dx * chunk_dx.dtype.type(1 / batch)

    def _summed(self, chunks: Sequence[_Chunk], parameters: Mapping[str, Array]) -> dict[str, Array]:
        """Return each gradient summed over the chunks, in their order."""
        memory = self._replay("sums", 0, 0)
        totals, tasks = {}, []
        for name in parameters:
            parts = [c.gradients[name].reshape(-1) for c in chunks if name in c.gradients]
            if not parts:
                continue
            total = memory(parameters[name].shape, parts[0].dtype)
            totals[name] = total
            flat = total.reshape(-1)
            tasks += [(flat, parts, slice(i, i + SUM_BLOCK)) for i in range(0, flat.size, SUM_BLOCK)]

        def add(i: int, worker: int) -> None:
            flat, parts, block = tasks[i]
            if len(parts) == 1:
                flat[block] = parts[0][block]
            else:
                np.add(parts[0][block], parts[1][block], out=flat[block])
            for part in parts[2:]:
                np.add(flat[block], part[block], out=flat[block])

        self._threads.each(len(tasks), add)
        return totals

    def _replay(self, use: str, group: int, number: int) -> Replay:
        memory = self._memory.setdefault((use, group, number), Replay())
        memory.restart()
        return memory


class _Training:
    """One batch on its way forward and back."""

    def __init__(
        self,
        executor: Executor,
        layers: list[dict[str, Array]],
        seed: tuple[int, ...],
        cancelled: Callable[[], bool],
    ) -> None:
        self.executor, self.layers, self.seed, self.cancelled = executor, layers, seed, cancelled
        self.new_buffers: dict[str, Array] = {}
        self.meeting_gradients: dict[str, Array] = {}

    def each(self, chunks: list[_Chunk], task: Callable[[_Chunk, int], None]) -> None:
        def run(i: int, worker: int) -> None:
            if self.cancelled():
                raise Cancelled
            task(chunks[i], worker)

        self.executor._threads.each(len(chunks), run)

    def forward(self, images: Array) -> list[list[_Chunk]]:
        """Run all segments; return the chunks of each group, the last holding the logits."""
        groups: list[list[_Chunk]] = []
        batch = images
        segments = self.executor._training
        for s, segment in enumerate(segments):
            if segment.regroups:
                groups.append(self._cut(segment, batch, len(groups)))
            statistics = self._meet(segment.meeting, groups[-1]) if segment.meeting else None
            joins = s + 1 < len(segments) and segments[s + 1].regroups
            joined = self._joined(segment, len(images), len(groups)) if joins else None
            self.each(groups[-1], lambda c, w, s=segment, m=statistics, j=joined: self._ahead(c, w, s, m, j))  # type: ignore[misc]
            batch = images if joined is None else joined
        return groups

    def backward(self, groups: list[list[_Chunk]]) -> None:
        """Run all segments in reverse, leaving each chunk's gradients with the chunk."""
        group = len(groups) - 1
        pending: tuple[Step, dict[str, Array]] | None = None
        for segment in reversed(self.executor._training):
            chunks = groups[group]
            joined = None
            if segment.regroups and group and segment.steps[0].needs_dx:
                joined = self.executor._replay("gradient", group, 0)(
                    (chunks[-1].rows.stop, *segment.input_shape), np.float32
                )
            self.each(chunks, lambda c, w, s=segment, p=pending, j=joined: self._back(c, w, s, p, j))  # type: ignore[misc]
            pending = self._meet_back(segment.meeting, chunks) if segment.meeting else None
            if segment.regroups and group:
                group -= 1
                for chunk in groups[group]:
                    chunk.x = joined[chunk.rows] if joined is not None else chunk.x

    def _cut(self, segment: Segment, batch: Array, group: int) -> list[_Chunk]:
        size = segment.chunk_size(len(batch))
        chunks = []
        for number, start in enumerate(range(0, len(batch), size)):
            rows = slice(start, min(start + size, len(batch)))
            memory = self.executor._replay("chunk", group, number)
            chunks.append(_Chunk(number, rows, memory, batch[rows]))
        return chunks

    def _joined(self, segment: Segment, images: int, group: int) -> Array:
        return self.executor._replay("activations", group, 0)((images, *segment.output_shape), np.float32)

    def _context(self, chunk: _Chunk, step: Step, worker: int) -> Context:
        scratch = self.executor._scratch[worker]
        scratch.release()
        return Context(
            training=True,
            needs_dx=step.needs_dx,
            may_overwrite=step.may_overwrite,
            new=chunk.memory,
            scratch=scratch,
            generator=lambda: np.random.default_rng((*self.seed, step.index, chunk.number)),
        )

    def _ahead(
        self, chunk: _Chunk, worker: int, segment: Segment, statistics: F.Moments | None, joined: Array | None
    ) -> None:
        chunk.x = scaled(chunk.x, chunk.memory)
        if segment.meeting and statistics:
            norm, index = segment.meeting.layer, segment.meeting.index
            assert isinstance(norm, BatchNorm)
            context = self._context(chunk, segment.meeting, worker)
            chunk.x, chunk.caches[index] = norm.normalize(chunk.x, statistics, self.layers[index], context)
        for step in segment.steps:
            context = self._context(chunk, step, worker)
            chunk.x, chunk.caches[step.index] = step.layer.forward(chunk.x, self.layers[step.index], context)
        if joined is not None:
            joined[chunk.rows] = chunk.x

    def _back(
        self,
        chunk: _Chunk,
        worker: int,
        segment: Segment,
        pending: tuple[Step, dict[str, Array]] | None,
        joined: Array | None,
    ) -> None:
        if pending and pending[0].needs_dx:
            step, totals = pending
            norm = step.layer
            assert isinstance(norm, BatchNorm)
            chunk.x = norm.backward_with_sums(
                chunk.x, chunk.caches[step.index], self.layers[step.index], totals
            )
        for step in reversed(segment.steps):
            if not step.needs_backward:
                return
            context = self._context(chunk, step, worker)
            dx, gradients = step.layer.backward(
                chunk.x, chunk.caches[step.index], self.layers[step.index], context
            )
            for name, gradient in gradients.items():
                chunk.gradients[f"{step.index}.{name}"] = gradient
            if dx is None or not step.needs_dx:
                return
            chunk.x = dx
        if joined is not None:
            joined[chunk.rows] = chunk.x

    def _meet(self, step: Step, chunks: list[_Chunk]) -> F.Moments:
        norm = step.layer
        assert isinstance(norm, BatchNorm)

        def measure(chunk: _Chunk, worker: int) -> None:
            chunk.x = scaled(chunk.x, chunk.memory)
            chunk.moments = norm.moments(chunk.x, self._context(chunk, step, worker))

        self.each(chunks, measure)
        batch = norm.merge([c.moments for c in chunks if c.moments])
        updated = norm.updated_buffers(batch, self.layers[step.index])
        self.new_buffers.update({f"{step.index}.{name}": value for name, value in updated.items()})
        return batch

    def _meet_back(self, step: Step, chunks: list[_Chunk]) -> tuple[Step, dict[str, Array]]:
        norm = step.layer
        assert isinstance(norm, BatchNorm)
        parts: list[dict[str, Array]] = [{} for _ in chunks]

        def measure(chunk: _Chunk, worker: int) -> None:
            parts[chunk.number] = norm.sums(
                chunk.x, chunk.caches[step.index], self._context(chunk, step, worker)
            )

        self.each(chunks, measure)
        totals = {name: sum(p[name] for p in parts[1:]) + parts[0][name] for name in parts[0]}
        self.meeting_gradients.update({f"{step.index}.{name}": value for name, value in totals.items()})
        return step, totals


def scaled(images: Array, new: Callable[..., Array] = np.empty) -> Array:
    """Return uint8 images as float32 in 0..1; other images as they are."""
    if images.dtype != np.uint8:
        return images
    return np.multiply(images, np.float32(1 / 255), out=new(images.shape, np.float32))


def available_cores() -> int:
    """Return the number of cores that this process may use."""
    if hasattr(os, "sched_getaffinity"):  # Linux alone
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def _by_layer(segments: Sequence[Segment], values: Mapping[str, Array]) -> list[dict[str, Array]]:
    """Return each layer's own values by their short names."""
    layers: dict[int, dict[str, Array]] = {}
    for name, value in values.items():
        index, _, short = name.partition(".")
        layers.setdefault(int(index), {})[short] = value
    steps = [s for segment in segments for s in (segment.meeting, *segment.steps) if s]
    return [layers.get(i, {}) for i in range(max(s.index for s in steps) + 1)]


class _Threads:
    """The calling thread and `count` - 1 others."""

    def __init__(self, count: int) -> None:
        self.count = max(1, count)
        self._pool: ThreadPoolExecutor | None = None

    def each(self, tasks: int, run: Callable[[int, int], None]) -> None:
        """Call run(task, worker) for every task; raise the first error after all threads have stopped."""
        numbers = count()
        lock = threading.Lock()

        def work(worker: int) -> None:
            while True:
                with lock:
                    task = next(numbers)
                if task >= tasks:
                    return
                run(task, worker)

        helpers = min(self.count, tasks) - 1
        if helpers < 1:
            work(0)
            return
        if self._pool is None:
            self._pool = ThreadPoolExecutor(self.count - 1, thread_name_prefix="cnn_core")
        futures = [self._pool.submit(work, worker) for worker in range(1, helpers + 1)]
        try:
            work(0)
        finally:
            errors = [f.exception() for f in futures]
        for error in errors:
            if error is not None:
                raise error

    def close(self) -> None:
        if self._pool is not None:
            self._pool.shutdown()
            self._pool = None


_blas_lock = threading.Lock()
_blas_users = 0
_blas_limit: Any = None
_blas: ThreadpoolController | None = None


@contextmanager
def _single_threaded_blas() -> Iterator[None]:
    """Let BLAS use one thread until the last of all users is done. The setting is one for the whole process."""
    global _blas_users, _blas_limit, _blas
    with _blas_lock:
        if _blas is None:
            _blas = ThreadpoolController()
        if _blas_users == 0:
            _blas_limit = _blas.limit(limits=1, user_api="blas")
        _blas_users += 1
    try:
        yield
    finally:
        with _blas_lock:
            _blas_users -= 1
            if _blas_users == 0:
                _blas_limit.restore_original_limits()
