"""A shard of a training batch on its way through the network, forward and back.

A batch is cut into shards, the same ones whatever the number of processes that share them. A shard goes its
own way, on one core, and meets the others at batch normalisations alone, whose statistics are the whole
batch's. Where its activations are too many for the core's cache, it goes in chunks.
"""

from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple, TypeAlias

import numpy as np

from cnn_core import functional as F
from cnn_core.datasets.augment import Augmentation
from cnn_core.functional.geometry import Array
from cnn_core.layers import Context
from cnn_core.meeting import Meeting, normalization_of
from cnn_core.memory import Memory, Replay, Scratch
from cnn_core.plan import Segment, Step
from cnn_core.threads import GivenUp

AUGMENTED_TOGETHER = 32  # images changed together, with random numbers of their own


class ShardResult(NamedTuple):
    """What a shard says of its images."""

    losses: Array  # (n,)
    correct: int


# Gives what it brings to each meeting and is sent what all together make of it.
Run: TypeAlias = Generator[Meeting, Any, ShardResult]


@dataclass(eq=False)
class _Chunk:
    """Some images of a shard on their way through the network."""

    number: int
    rows: slice
    x: Array  # activations on the way forward, gradients on the way back
    memory: Replay
    moments: F.Moments | None = None  # of what batch normalisation goes through, where it comes next
    sums: dict[str, Array] = field(default_factory=dict)  # of the last batch normalisation on the way back
    caches: dict[int, Any] = field(default_factory=dict)


@dataclass(eq=False, kw_only=True)
class Shard:
    """One shard on its way forward and back."""

    number: int  # in its batch
    segments: Sequence[Segment]
    layers: Mapping[int, dict[str, Array]]
    memory: Memory
    scratch: Scratch
    cancelled: Callable[[], bool]
    seed: tuple[int, ...]
    batch: int  # images in the whole batch
    images: int  # in each shard of the batch, but fewer in the last
    label_smoothing: float
    augmentation: Augmentation | None
    gradients: Mapping[int, Mapping[str, Array]]  # by layer: what the shard adds to each is written here
    groups: list[list[_Chunk]] = field(default_factory=list)  # a list of chunks for each way of cutting

    def run(self, images: Array, labels: Array) -> Run:
        """Run all segments, the loss, and all segments in reverse."""
        losses, correct = np.empty(len(images), np.float32), np.zeros(len(images), np.bool_)
        *others, last = self.segments
        batch, statistics = self._changed(images), None
        for segment in others:
            chunks = self._arriving(segment, batch)
            joined = (
                self._joined("activations", len(self.groups), segment.output_shape) if segment.joins else None
            )
            for chunk in self._unless_cancelled(chunks):
                self._ahead(chunk, segment, statistics, joined)
            statistics = None
            if segment.departure:
                statistics = yield Meeting(segment.departure, False, [chunk.moments for chunk in chunks])
            batch = batch if joined is None else joined
        # A chunk turns on its own, without waiting for others: the loss of an image is its own.
        chunks, joined = self._arriving(last, batch), self._joined_gradients(last)
        for chunk in self._unless_cancelled(chunks):
            if self._alone:
                chunk.memory.restart()
            self._ahead(chunk, last, statistics)
            mine, logits = labels[chunk.rows], chunk.x
            losses[chunk.rows], chunk.x = F.cross_entropy(logits, mine, self.label_smoothing)
            correct[chunk.rows] = logits.argmax(axis=1) == mine
            chunk.x *= chunk.x.dtype.type(1 / self.batch)
            self._back(chunk, last, None, joined)
        yield from self._return(others, last, joined)
        return ShardResult(losses, int(correct.sum()))

    def _return(self, segments: Sequence[Segment], done: Segment, joined: Array | None) -> Iterator[Meeting]:
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
            totals = None
            if done.arrival:
                totals = yield Meeting(done.arrival, True, [chunk.sums for chunk in chunks])
            joined = self._joined_gradients(segment)
            for chunk in self._unless_cancelled(chunks):
                self._back(chunk, segment, totals, joined)
            done = segment

    # A chunk's work

    def _ahead(
        self, chunk: _Chunk, segment: Segment, statistics: F.Moments | None, joined: Array | None = None
    ) -> None:
        chunk.x = scaled(chunk.x, chunk.memory)
        if segment.arrival and statistics:
            step = segment.arrival
            chunk.x, chunk.caches[step.index] = normalization_of(step).normalize(
                chunk.caches[step.index], statistics, self._values(step), self._context(chunk, step)
            )
        for step in segment.steps:
            context = self._context(chunk, step)
            chunk.x, chunk.caches[step.index] = step.layer.forward(chunk.x, self._values(step), context)
        if segment.departure:
            step = segment.departure
            chunk.moments, chunk.caches[step.index] = normalization_of(step).moments(
                chunk.x, self._values(step), self._context(chunk, step)
            )
        if joined is not None:
            joined[chunk.rows] = chunk.x

    def _back(
        self, chunk: _Chunk, segment: Segment, totals: dict[str, Array] | None, joined: Array | None
    ) -> None:
        if segment.departure and segment.departure.learns and totals:
            step = segment.departure
            dx, gradients = normalization_of(step).backward_with_sums(
                chunk.x, chunk.caches[step.index], self._values(step), totals, self._context(chunk, step)
            )
            self._add(chunk, step, gradients)
            if dx is None:
                return
            chunk.x = dx
        for step in reversed(segment.steps):
            if not step.needs_backward:
                return
            context = self._context(chunk, step)
            dx, gradients = step.layer.backward(
                chunk.x, chunk.caches[step.index], self._values(step), context
            )
            self._add(chunk, step, gradients)
            if dx is None:
                return
            chunk.x = dx
        if segment.arrival:
            step = segment.arrival
            chunk.sums = normalization_of(step).sums(
                chunk.x, chunk.caches[step.index], self._values(step), self._context(chunk, step)
            )
        if joined is not None:
            joined[chunk.rows] = chunk.x

    def _add(self, chunk: _Chunk, step: Step, parts: Mapping[str, Array]) -> None:
        """Add what a chunk, which are run in their order, adds to a layer's gradients."""
        for name, part in parts.items():
            total = self.gradients[step.first][name]
            if chunk.number > 0:
                np.add(total, part, out=total)
            elif part is not total:
                np.copyto(total, part)

    # Pieces

    def _changed(self, images: Array) -> Array:
        """Return the images as augmentation changes them."""
        if self.augmentation is None:
            return images
        changed = np.empty_like(images)
        before = self.number * -(-self.images // AUGMENTED_TOGETHER)  # blocks in the shards before this one
        for block, start in enumerate(range(0, len(images), AUGMENTED_TOGETHER)):
            rows = slice(start, start + AUGMENTED_TOGETHER)
            random = np.random.default_rng((*self.seed, before + block))
            changed[rows] = self.augmentation.apply(images[rows], random)
        return changed

    def _arriving(self, segment: Segment, batch: Array) -> list[_Chunk]:
        """Return the chunks that go into a segment."""
        if segment.regroups:
            size = segment.chunk_size(len(batch))
            rows = [slice(i, min(i + size, len(batch))) for i in range(0, len(batch), size)]
            # Where each chunk is back before the next one goes, all have the same memory, still in the cache.
            memory = [self._memory_of("chunk", 0 if self._alone else i) for i in range(len(rows))]
            self.groups.append([_Chunk(i, r, batch[r], memory[i]) for i, r in enumerate(rows)])
        return self.groups[-1]

    def _unless_cancelled(self, chunks: list[_Chunk]) -> Iterator[_Chunk]:
        for chunk in chunks:
            if self.cancelled():
                raise GivenUp
            yield chunk

    @property
    def _alone(self) -> bool:
        """Whether a chunk runs all the way without waiting for others."""
        return len(self.segments) == 1

    def _joined_gradients(self, segment: Segment) -> Array | None:
        """Return where the gradients by a segment's inputs meet, where it has regrouped and they are
        needed."""
        if not segment.regroups or not segment.steps or not segment.steps[0].needs_dx:
            return None
        return self._joined("gradients", segment.steps[0].index, segment.input_shape)

    def _joined(self, use: str, number: int, shape: tuple[int, ...]) -> Array:
        images = self.groups[-1][-1].rows.stop
        return self._memory_of(use, number)((images, *shape), np.float32)

    def _memory_of(self, use: str, number: int) -> Replay:
        return self.memory.of(use, self.number, len(self.groups), number)

    def _values(self, step: Step) -> dict[str, Array]:
        own = self.layers.get(step.index, {})
        return own if step.convolution is None else {**self.layers[step.convolution], **own}

    def _context(self, chunk: _Chunk, step: Step) -> Context:
        self.scratch.release()
        return Context(
            training=True,
            needs_dx=step.needs_dx,
            may_overwrite=step.may_overwrite,
            new=chunk.memory,
            scratch=self.scratch,
            gradients=self.gradients.get(step.first, {}) if chunk.number == 0 else {},
            generator=lambda: np.random.default_rng((*self.seed, step.index, self.number, chunk.number)),
        )


def side_by_side(
    runs: Mapping[int, Run], meet: Callable[[dict[int, Meeting]], Any]
) -> dict[int, ShardResult]:
    """Run shards from meeting to meeting; `meet` returns what all shards, not these alone, make of what each
    of these brings."""
    outcomes: dict[int, ShardResult] = {}
    together = None
    while True:
        meetings = {}
        for number, run in runs.items():
            try:
                meetings[number] = run.send(together)
            except StopIteration as end:
                outcomes[number] = end.value
        if not meetings:
            return outcomes
        together = meet(meetings)


def by_layer(values: Mapping[str, Array]) -> dict[int, dict[str, Array]]:
    """Return each layer's own values by their short names."""
    layers: dict[int, dict[str, Array]] = {}
    for name, value in values.items():
        index, _, short = name.partition(".")
        layers.setdefault(int(index), {})[short] = value
    return layers


def scaled(images: Array, new: Callable[..., Array] = np.empty) -> Array:
    """Return uint8 images as float32 in 0..1; other images as they are."""
    if images.dtype != np.uint8:
        return images
    return np.multiply(images, np.float32(1 / 255), out=new(images.shape, np.float32))
