"""A plan whose layers are looked at while they run: how long each takes, and which calls of NumPy it makes.

The engine runs as always; only the layers in its plan are wrapped.
"""

import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any, Protocol, TypeAlias

import numpy as np

from cnn_core.batch import BatchArrays
from cnn_core.classifier import Classifier
from cnn_core.execution import CLASSIFIED_TOGETHER
from cnn_core.functional.geometry import Array
from cnn_core.layers import BatchNorm, Context, Layer
from cnn_core.layers.base import Gradients, Parameters
from cnn_core.meeting import Common, Meeting
from cnn_core.plan import Segment, Step, parts, shards
from cnn_core.worker import BatchSettings, Worker

Key: TypeAlias = tuple[int, str]  # a layer's place in the network, "forward" or "backward"

# What this thread has computed, not how long it has waited for others. Windows counts it too coarsely.
processor_time = time.perf_counter if sys.platform == "win32" else time.thread_time


class Observer(Protocol):
    """What is told of every run of a layer."""

    def see(self, key: Key, run: Callable[..., Any], *arguments: Any) -> Any:
        """Return run(*arguments)."""
        ...


class Clock:
    """Notes how long each layer takes."""

    def __init__(self) -> None:
        self.seconds: dict[Key, float] = {}  # processor time, of each layer each way

    def see(self, key: Key, run: Callable[..., Any], *arguments: Any) -> Any:
        """Return run(*arguments)."""
        begun = processor_time()
        result = run(*arguments)
        self.seconds[key] = self.seconds.get(key, 0.0) + processor_time() - begun
        return result


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

    layer: BatchNorm
    index: int
    observer: Observer

    def moments(self, *arguments: Any) -> Any:
        return self.observer.see((self.index, "forward"), self.layer.moments, *arguments)

    def normalize(self, *arguments: Any) -> Any:
        return self.observer.see((self.index, "forward"), self.layer.normalize, *arguments)

    def sums(self, *arguments: Any) -> Any:
        return self.observer.see((self.index, "backward"), self.layer.sums, *arguments)

    def backward_with_sums(self, *arguments: Any) -> Any:
        return self.observer.see((self.index, "backward"), self.layer.backward_with_sums, *arguments)


def observed(segments: Sequence[Segment], observer: Observer) -> tuple[Segment, ...]:
    """Return the same plan with layers that tell the observer of every run."""

    def one(step: Step) -> Step:
        layer, index = step.layer, step.first
        if isinstance(layer, BatchNorm):
            own = {"momentum": layer.momentum, "epsilon": layer.epsilon}
            return replace(step, layer=_BatchNorm(**own, layer=layer, index=index, observer=observer))
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


class Runner:
    """Runs one batch through a plan on one thread, in memory that is used again, as the executor does."""

    def __init__(self, layers: dict[int, dict[str, Array]], images: Array, labels: Array) -> None:
        """Take each layer's parameters and buffers, and a batch."""
        self.images, self._labels, self._layers = images, labels, layers
        self._values = {
            f"{i}.{name}": value for i, values in layers.items() for name, value in values.items()
        }
        self._gradients: list[dict[str, Array]] = []
        self._worker, self._classifier = Worker(()), Classifier(())

    def train(self, segments: Sequence[Segment]) -> tuple[Array, dict[str, Array]]:
        """Run the batch forward and back; return the losses and the gradients."""
        cut, common = shards(segments, len(self.images)), Common(self._layers)
        while len(self._gradients) < len(cut):
            self._gradients.append({name: np.zeros_like(value) for name, value in self._values.items()})

        def meet(meetings: dict[int, Meeting]) -> Any:
            parts = [part for number in sorted(meetings) for part in meetings[number].parts]
            return common.found(meetings[0], parts)

        arrays = BatchArrays(
            images=self.images, labels=self._labels, values=self._values, gradients=self._gradients
        )
        self._worker.segments = segments
        outcomes = self._worker.run(range(len(cut)), cut, arrays, BatchSettings(seed=(0,)), meet)
        gradients = {
            name: np.add.reduce([one[name] for one in self._gradients])
            for name in self._gradients[0]
            if name not in common.gradients
        }
        return np.concatenate([outcomes[i].losses for i in range(len(cut))]), gradients

    def classify(self, segments: Sequence[Segment]) -> None:
        """Run the batch forward."""
        self._classifier.segments = segments
        self._classifier.scores(self._values, self.images, parts(len(self.images), CLASSIFIED_TOGETHER))
