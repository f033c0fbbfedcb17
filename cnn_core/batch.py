"""One training batch: its chunks on their way through the network, forward and back.

Chunks run on their own until they meet: at a batch normalisation, whose statistics are the whole batch's,
and where the batch is cut anew.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from cnn_core import functional as F
from cnn_core.functional.geometry import Array
from cnn_core.layers import BatchNorm, Context
from cnn_core.memory import Memory, Replay, Scratch
from cnn_core.plan import Segment, Step
from cnn_core.threads import Threads


@dataclass(eq=False)
class _Chunk:
    """Some images of a batch on their way through the network."""

    number: int
    rows: slice
    x: Array  # activations on the way forward, gradients on the way back
    memory: Replay
    moments: F.Moments | None = None  # of x, where batch normalisation comes next
    sums: dict[str, Array] = field(default_factory=dict)  # of the last batch normalisation on the way back
    caches: dict[int, Any] = field(default_factory=dict)
    gradients: dict[str, Array] = field(default_factory=dict)


@dataclass(eq=False, kw_only=True)
class TrainingBatch:
    """One batch on its way forward and back."""

    segments: Sequence[Segment]
    layers: Mapping[int, dict[str, Array]]
    threads: Threads
    scratch: Sequence[Scratch]
    memory: Memory
    seed: tuple[int, ...]
    cancelled: Callable[[], bool]
    groups: list[list[_Chunk]] = field(default_factory=list)  # a list of chunks for each way of cutting
    new_buffers: dict[str, Array] = field(default_factory=dict)
    meeting_gradients: dict[str, Array] = field(default_factory=dict)

    def run(self, images: Array, labels: Array, label_smoothing: float) -> tuple[Array, int]:
        """Run all segments, the loss, and all segments in reverse; return (losses (N,), how many are right).

        Each chunk's gradients are left with the chunk.
        """
        losses, correct = np.empty(len(images), np.float32), np.zeros(len(images), np.bool_)

        def turn(chunk: _Chunk) -> None:
            mine, logits = labels[chunk.rows], chunk.x
            losses[chunk.rows], chunk.x = F.cross_entropy(logits, mine, label_smoothing)
            correct[chunk.rows] = logits.argmax(axis=1) == mine
            chunk.x *= chunk.x.dtype.type(1 / len(labels))

        *others, last = self.segments
        batch, statistics = images, None
        for segment in others:
            chunks = self._arriving(segment, batch)
            joined = (
                self._joined("activations", len(self.groups), segment.output_shape) if segment.joins else None
            )
            self._each(chunks, self._ahead, segment, statistics, joined)
            statistics = self._merged(segment.departure, chunks) if segment.departure else None
            batch = batch if joined is None else joined
        # A chunk turns on its own, without waiting for others: the loss of an image is its own.
        chunks, joined = self._arriving(last, batch), self._joined_gradients(last)

        def around(chunk: _Chunk, worker: int) -> None:
            self._ahead(chunk, worker, last, statistics)
            turn(chunk)
            self._back(chunk, worker, last, None, joined)

        self._each(chunks, around)
        self._return(others, last, joined)
        return losses, int(correct.sum())

    def contributions(self) -> dict[str, list[Array]]:
        """Return what each chunk, in order, adds to each gradient."""
        parts: dict[str, list[Array]] = {}
        for group in self.groups:
            for chunk in group:
                for name, gradient in chunk.gradients.items():
                    parts.setdefault(name, []).append(gradient)
        return parts

    def _return(self, segments: Sequence[Segment], done: Segment, joined: Array | None) -> None:
        """Run these segments in reverse; the one after them is done, its gradients joined if it regrouped."""
        group = len(self.groups) - 1
        for segment in reversed(segments):
            if done.regroups:
                group -= 1
                if joined is None:  # nothing further back has parameters
                    return
                for chunk in self.groups[group]:
                    chunk.x = joined[chunk.rows]
            chunks = self.groups[group]
            totals = self._summed_up(done.arrival, chunks) if done.arrival else None
            joined = self._joined_gradients(segment)
            self._each(chunks, self._back, segment, totals, joined)
            done = segment

    # A chunk's work, done by one thread

    def _ahead(
        self,
        chunk: _Chunk,
        worker: int,
        segment: Segment,
        statistics: F.Moments | None,
        joined: Array | None = None,
    ) -> None:
        chunk.x = scaled(chunk.x, chunk.memory)
        if segment.arrival and statistics:
            step = segment.arrival
            chunk.x, chunk.caches[step.index] = _norm(step).normalize(
                chunk.x, statistics, self._values(step), self._context(chunk, step, worker)
            )
        for step in segment.steps:
            context = self._context(chunk, step, worker)
            chunk.x, chunk.caches[step.index] = step.layer.forward(chunk.x, self._values(step), context)
        if segment.departure:
            context = self._context(chunk, segment.departure, worker)
            chunk.moments = _norm(segment.departure).moments(chunk.x, context)
        if joined is not None:
            joined[chunk.rows] = chunk.x

    def _back(
        self,
        chunk: _Chunk,
        worker: int,
        segment: Segment,
        totals: dict[str, Array] | None,
        joined: Array | None,
    ) -> None:
        if segment.departure and segment.departure.needs_dx and totals:
            step = segment.departure
            chunk.x = _norm(step).backward_with_sums(
                chunk.x, chunk.caches[step.index], self._values(step), totals
            )
        for step in reversed(segment.steps):
            if not step.needs_backward:
                return
            context = self._context(chunk, step, worker)
            dx, gradients = step.layer.backward(
                chunk.x, chunk.caches[step.index], self._values(step), context
            )
            chunk.gradients.update({f"{step.index}.{name}": g for name, g in gradients.items()})
            if dx is None:
                return
            chunk.x = dx
        if segment.arrival:
            chunk.sums = _norm(segment.arrival).sums(chunk.x, chunk.caches[segment.arrival.index])
        if joined is not None:
            joined[chunk.rows] = chunk.x

    # Where all chunks have met

    def _merged(self, step: Step, chunks: list[_Chunk]) -> F.Moments:
        """Return the batch's statistics for this batch normalisation, and move its running ones."""
        statistics = _norm(step).merge([chunk.moments for chunk in chunks if chunk.moments])
        updated = _norm(step).updated_buffers(statistics, self._values(step))
        self.new_buffers.update({f"{step.index}.{name}": value for name, value in updated.items()})
        return statistics

    def _summed_up(self, step: Step, chunks: list[_Chunk]) -> dict[str, Array]:
        """Return the batch's gradients of this batch normalisation's parameters."""
        totals = {name: np.add.reduce([chunk.sums[name] for chunk in chunks]) for name in chunks[0].sums}
        self.meeting_gradients.update({f"{step.index}.{name}": value for name, value in totals.items()})
        return totals

    def _arriving(self, segment: Segment, batch: Array) -> list[_Chunk]:
        """Return the chunks that go into a segment."""
        if segment.regroups:
            size = segment.chunk_size(len(batch))
            rows = [slice(i, min(i + size, len(batch))) for i in range(0, len(batch), size)]
            memory = [self.memory.of("chunk", len(self.groups), number) for number in range(len(rows))]
            self.groups.append([_Chunk(i, r, batch[r], memory[i]) for i, r in enumerate(rows)])
        return self.groups[-1]

    def _joined_gradients(self, segment: Segment) -> Array | None:
        """Return where the gradients by a segment's inputs meet, where it has regrouped and they are
        needed."""
        if not segment.regroups or not segment.steps or not segment.steps[0].needs_dx:
            return None
        return self._joined("gradients", segment.steps[0].index, segment.input_shape)

    # Pieces

    def _each(self, chunks: list[_Chunk], work: Callable[..., None], *arguments: Any) -> None:
        self.threads.each(
            len(chunks), lambda number, worker: work(chunks[number], worker, *arguments), self.cancelled
        )

    def _joined(self, use: str, number: int, shape: tuple[int, ...]) -> Array:
        images = self.groups[-1][-1].rows.stop
        return self.memory.of(use, number)((images, *shape), np.float32)

    def _values(self, step: Step) -> dict[str, Array]:
        return self.layers.get(step.index, {})

    def _context(self, chunk: _Chunk, step: Step, worker: int) -> Context:
        scratch = self.scratch[worker]
        scratch.release()
        return Context(
            training=True,
            needs_dx=step.needs_dx,
            may_overwrite=step.may_overwrite,
            new=chunk.memory,
            scratch=scratch,
            generator=lambda: np.random.default_rng((*self.seed, step.index, chunk.number)),
        )


def scaled(images: Array, new: Callable[..., Array] = np.empty) -> Array:
    """Return uint8 images as float32 in 0..1; other images as they are."""
    if images.dtype != np.uint8:
        return images
    return np.multiply(images, np.float32(1 / 255), out=new(images.shape, np.float32))


def _norm(step: Step) -> BatchNorm:
    assert isinstance(step.layer, BatchNorm)
    return step.layer
