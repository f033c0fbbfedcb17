"""A plan whose layers are looked at while they run: how long each takes, and which calls of NumPy it makes.

The engine runs as always; only the layers in its plan are wrapped.
"""

import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any, Protocol, TypeAlias

import numpy as np

from cnn_core import functional as F
from cnn_core.batch import TrainingBatch, scaled
from cnn_core.functional.geometry import Array
from cnn_core.layers import BatchNorm, Context, Layer
from cnn_core.layers.base import Gradients, Parameters
from cnn_core.memory import Memory, Scratch
from cnn_core.plan import Segment, Step
from cnn_core.threads import Threads, never

Key: TypeAlias = tuple[int, str]  # a layer's place in the network, "forward" or "backward"

# What this thread has computed, not how long it has waited for others. Windows counts it too coarsely.
processor_time = time.perf_counter if sys.platform == "win32" else time.thread_time


class Observer(Protocol):
    """What is told of every run of a layer."""

    def see(self, key: Key, run: Callable[..., Any], *arguments: Any) -> Any:
        """Return run(*arguments)."""
        ...


class Clock:
    """Notes how long each run of a layer takes."""

    def __init__(self) -> None:
        self._runs: list[tuple[Key, float, float]] = []  # added to by all threads

    def see(self, key: Key, run: Callable[..., Any], *arguments: Any) -> Any:
        """Return run(*arguments)."""
        begun, used = time.perf_counter(), processor_time()
        result = run(*arguments)
        self._runs.append((key, processor_time() - used, time.perf_counter() - begun))
        return result

    @property
    def seconds(self) -> dict[Key, float]:
        """The processor time of each layer, each way."""
        totals: dict[Key, float] = {}
        for key, used, _ in self._runs:
            totals[key] = totals.get(key, 0.0) + used
        return totals

    @property
    def waited(self) -> float:
        """The seconds in which threads were within layers and did not compute: another held the
        interpreter, or the processor."""
        return sum(passed - used for _, used, passed in self._runs)


@dataclass(frozen=True, kw_only=True)
class _Layer(Layer):
    layer: Layer
    index: int
    observer: Observer

    def forward(self, x: Array, parameters: Parameters, context: Context) -> tuple[Array, Any]:
        return self.observer.see((self.index, "forward"), self.layer.forward, x, parameters, context)

    def backward(
        self, dy: Array, cache: Any, parameters: Parameters, context: Context
    ) -> tuple[Array | None, Gradients]:
        key = (self.index, "backward")
        return self.observer.see(key, self.layer.backward, dy, cache, parameters, context)


@dataclass(frozen=True, kw_only=True)
class _BatchNorm(BatchNorm):
    """In training it runs in pieces."""

    index: int
    observer: Observer

    def moments(self, x: Array, context: Context) -> F.Moments:
        return self.observer.see((self.index, "forward"), super().moments, x, context)

    def normalize(
        self, x: Array, batch: F.Moments, parameters: Parameters, context: Context
    ) -> tuple[Array, Any]:
        key = (self.index, "forward")
        return self.observer.see(key, super().normalize, x, batch, parameters, context)

    def sums(self, dy: Array, cache: Any) -> Gradients:
        return self.observer.see((self.index, "backward"), super().sums, dy, cache)

    def backward_with_sums(self, dy: Array, cache: Any, parameters: Parameters, totals: Gradients) -> Array:
        key = (self.index, "backward")
        return self.observer.see(key, super().backward_with_sums, dy, cache, parameters, totals)


def observed(segments: Sequence[Segment], observer: Observer) -> tuple[Segment, ...]:
    """Return the same plan with layers that tell the observer of every run."""

    def one(step: Step) -> Step:
        layer, index = step.layer, step.index
        if isinstance(layer, BatchNorm):
            own = {"momentum": layer.momentum, "epsilon": layer.epsilon}
            return replace(step, layer=_BatchNorm(**own, index=index, observer=observer))
        return replace(step, layer=_Layer(layer=layer, index=index, observer=observer))

    return tuple(
        replace(
            segment,
            arrival=segment.arrival and one(segment.arrival),
            steps=tuple(one(step) for step in segment.steps),
            departure=segment.departure and one(segment.departure),
        )
        for segment in segments
    )


@dataclass(frozen=True, eq=False)
class Runner:
    """Runs one batch through a plan, in memory that is used again, as the executor does."""

    layers: dict[int, dict[str, Array]]  # each layer's parameters and buffers
    images: Array
    labels: Array
    threads: Threads
    memory: Memory
    scratch: tuple[Scratch, ...]  # a thread each

    def train(self, segments: Sequence[Segment]) -> None:
        """Run the batch forward and back."""
        batch = TrainingBatch(
            segments=segments,
            layers=self.layers,
            threads=self.threads,
            scratch=self.scratch,
            memory=self.memory,
            seed=(0,),
            cancelled=never,
        )
        batch.run(self.images, self.labels, 0.0)

    def classify(self, segments: Sequence[Segment]) -> None:
        """Run the batch forward."""
        batch = self.images
        for number, segment in enumerate(segments):
            out = self.memory.of("output", number)((len(batch), *segment.output_shape), np.float32)
            work = partial(self._classify_chunk, segment, batch, out)
            self.threads.each(-(-len(batch) // segment.chunk_size(len(batch))), work)
            batch = out

    def _classify_chunk(self, segment: Segment, batch: Array, out: Array, chunk: int, worker: int) -> None:
        size = segment.chunk_size(len(batch))
        rows = slice(chunk * size, (chunk + 1) * size)
        memory, scratch = self.memory.of("inference", worker), self.scratch[worker]
        x = scaled(batch[rows], memory)
        for step in segment.steps:
            scratch.release()
            context = Context(may_overwrite=step.may_overwrite, new=memory, scratch=scratch)
            x, _ = step.layer.forward(x, self.layers.get(step.index, {}), context)
        out[rows] = x
