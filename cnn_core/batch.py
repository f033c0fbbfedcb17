"""One training batch: its chunks on their way through the network, forward and back.

Chunks run on their own until they meet: before a batch normalisation, whose statistics are the whole batch's,
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

    def forward(self, images: Array, labels: Array, label_smoothing: float) -> tuple[Array, int]:
        """Run all segments and the loss; return (losses (N,), how many are right)."""
        batch = images
        for segment in self.segments:
            if segment.regroups:
                self.groups.append(self._cut(segment, batch))
            chunks = self.groups[-1]
            statistics = self._meet(segment.meeting, chunks) if segment.meeting else None
            if segment.joins:
                batch = self._joined("activations", len(self.groups), (len(images), *segment.output_shape))
            self._each(chunks, self._ahead, segment, statistics, batch if segment.joins else None)
        losses, correct = np.empty(len(images), np.float32), np.zeros(len(images), np.bool_)
        self._each(self.groups[-1], self._loss, labels, label_smoothing, losses, correct)
        return losses, int(correct.sum())

    def backward(self) -> None:
        """Run all segments in reverse, leaving each chunk's gradients with the chunk."""
        group = len(self.groups) - 1
        pending: tuple[Step, dict[str, Array]] | None = None  # a meeting whose totals are now known
        for segment in reversed(self.segments):
            chunks = self.groups[group]
            batch = None
            if segment.regroups and group and segment.steps[0].needs_dx:
                batch = self._joined("gradients", group, (chunks[-1].rows.stop, *segment.input_shape))
            self._each(chunks, self._back, segment, pending, batch)
            pending = (segment.meeting, self._meet_back(segment.meeting, chunks)) if segment.meeting else None
            if segment.regroups and group:
                group -= 1
                if batch is None:  # nothing further back has parameters
                    return
                for chunk in self.groups[group]:
                    chunk.x = batch[chunk.rows]

    def contributions(self) -> dict[str, list[Array]]:
        """Return what each chunk, in order, adds to each gradient."""
        parts: dict[str, list[Array]] = {}
        for group in self.groups:
            for chunk in group:
                for name, gradient in chunk.gradients.items():
                    parts.setdefault(name, []).append(gradient)
        return parts

    # A chunk's work, done by one thread

    def _ahead(
        self, chunk: _Chunk, worker: int, segment: Segment, statistics: F.Moments | None, batch: Array | None
    ) -> None:
        chunk.x = scaled(chunk.x, chunk.memory)
        if segment.meeting and statistics:
            step, context = segment.meeting, self._context(chunk, segment.meeting, worker)
            chunk.x, chunk.caches[step.index] = _norm(step).normalize(
                chunk.x, statistics, self._values(step), context
            )
        for step in segment.steps:
            context = self._context(chunk, step, worker)
            chunk.x, chunk.caches[step.index] = step.layer.forward(chunk.x, self._values(step), context)
        if batch is not None:
            batch[chunk.rows] = chunk.x

    def _loss(
        self,
        chunk: _Chunk,
        worker: int,
        labels: Array,
        label_smoothing: float,
        losses: Array,
        correct: Array,
    ) -> None:
        mine, logits = labels[chunk.rows], chunk.x
        losses[chunk.rows], chunk.x = F.cross_entropy(logits, mine, label_smoothing)
        correct[chunk.rows] = logits.argmax(axis=1) == mine
        chunk.x *= chunk.x.dtype.type(1 / len(labels))

    def _back(
        self,
        chunk: _Chunk,
        worker: int,
        segment: Segment,
        pending: tuple[Step, dict[str, Array]] | None,
        batch: Array | None,
    ) -> None:
        if pending and pending[0].needs_dx:
            step, totals = pending
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
        if batch is not None:
            batch[chunk.rows] = chunk.x

    # Meetings: batch normalisation needs all chunks

    def _meet(self, step: Step, chunks: list[_Chunk]) -> F.Moments:
        parts: list[F.Moments | None] = [None] * len(chunks)

        def measure(chunk: _Chunk, worker: int) -> None:
            chunk.x = scaled(chunk.x, chunk.memory)
            parts[chunk.number] = _norm(step).moments(chunk.x, self._context(chunk, step, worker))

        self._each(chunks, measure)
        statistics = _norm(step).merge([p for p in parts if p])
        updated = _norm(step).updated_buffers(statistics, self._values(step))
        self.new_buffers.update({f"{step.index}.{name}": value for name, value in updated.items()})
        return statistics

    def _meet_back(self, step: Step, chunks: list[_Chunk]) -> dict[str, Array]:
        parts: list[dict[str, Array]] = [{}] * len(chunks)

        def measure(chunk: _Chunk, worker: int) -> None:
            context = self._context(chunk, step, worker)
            parts[chunk.number] = _norm(step).sums(chunk.x, chunk.caches[step.index], context)

        self._each(chunks, measure)
        totals = {name: np.add.reduce([p[name] for p in parts]) for name in parts[0]}
        self.meeting_gradients.update({f"{step.index}.{name}": value for name, value in totals.items()})
        return totals

    # Pieces

    def _each(self, chunks: list[_Chunk], work: Callable[..., None], *arguments: Any) -> None:
        self.threads.each(
            len(chunks), lambda number, worker: work(chunks[number], worker, *arguments), self.cancelled
        )

    def _cut(self, segment: Segment, batch: Array) -> list[_Chunk]:
        size = segment.chunk_size(len(batch))
        rows = [slice(i, min(i + size, len(batch))) for i in range(0, len(batch), size)]
        group = len(self.groups)
        return [
            _Chunk(number, r, batch[r], self.memory.of("chunk", group, number))
            for number, r in enumerate(rows)
        ]

    def _joined(self, use: str, group: int, shape: tuple[int, ...]) -> Array:
        return self.memory.of(use, group)(shape, np.float32)

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
