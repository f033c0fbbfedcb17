"""Runs a network on a batch: in chunks, on threads, with the same bits for any number of them.

The batch is cut into chunks whose size depends on the network and the batch alone. Each chunk goes
depth-first through a segment of layers (see `plan`), so that its activations stay in the core's cache.
Matrix products run on one thread each: BLAS's own threads would cut smaller pieces and wait for each other.
What chunks contribute to a sum is added in the order of the chunks.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from cnn_core.architecture import Architecture
from cnn_core.batch import TrainingBatch, scaled
from cnn_core.functional.geometry import Array
from cnn_core.layers import Context
from cnn_core.memory import Memory, Scratch
from cnn_core.plan import Segment, plan
from cnn_core.threads import Threads, never, single_threaded_blas

INFERENCE_BATCH = 256  # images run at once: bounds the memory whatever the number of images
SUMMED_TOGETHER = 1 << 16  # numbers added by one task


@dataclass(frozen=True)
class BatchResult:
    """What a batch says in training mode. The gradients are valid until the executor's next batch."""

    loss: float  # mean over the images
    correct: int  # images whose label has the highest score
    gradients: dict[str, Array]
    buffers: dict[str, Array]  # running statistics, moved by this batch; empty without BatchNorm


class Executor:
    """Runs one architecture. Threads that run at the same time need an executor each."""

    def __init__(self, architecture: Architecture, threads: int | None = None) -> None:
        """Prepare for `threads` threads, as many as the process may use cores where None."""
        self.threads = Threads(threads)
        self._training = plan(architecture, True)
        self._inference = plan(architecture, False)
        self._scratch = [Scratch() for _ in range(self.threads.count)]
        self._memory = Memory()

    def close(self) -> None:
        """End the threads."""
        self.threads.close()

    def __enter__(self) -> "Executor":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def logits(self, values: Mapping[str, Array], images: Array) -> Array:
        """Return the scores (N, classes) before any final Softmax; `values` are parameters and buffers."""
        layers = self._folded(by_layer(values))
        parts = []
        with single_threaded_blas():
            for start in range(0, len(images), INFERENCE_BATCH):
                batch = images[start : start + INFERENCE_BATCH]
                for segment in self._inference:
                    batch = self._infer(segment, layers, batch)
                parts.append(batch)
        return np.concatenate(parts)

    def _folded(self, layers: dict[int, dict[str, Array]]) -> dict[int, dict[str, Array]]:
        """Return each layer's values, those of batch normalisation folded into the weights before it."""
        for segment in self._inference:
            for step in segment.steps:
                if step.normalization:
                    index, layer = step.normalization
                    layers[step.index] = layer.folded(layers[step.index], layers[index])
        return layers

    def _infer(self, segment: Segment, layers: Mapping[int, dict[str, Array]], batch: Array) -> Array:
        size = segment.chunk_size(len(batch))
        out = np.empty((len(batch), *segment.output_shape), np.float32)

        def run(chunk: int, worker: int) -> None:
            rows = slice(chunk * size, (chunk + 1) * size)
            memory, scratch = self._memory.of("inference", worker), self._scratch[worker]
            x = scaled(batch[rows], memory)
            for step in segment.steps:
                scratch.release()
                context = Context(may_overwrite=step.may_overwrite, new=memory, scratch=scratch)
                x, _ = step.layer.forward(x, layers.get(step.index, {}), context)
            out[rows] = x

        self.threads.each(-(-len(batch) // size), run)
        return out

    def loss_and_gradients(
        self,
        parameters: Mapping[str, Array],
        buffers: Mapping[str, Array],
        images: Array,
        labels: Array,
        *,
        seed: Sequence[int] = (0,),
        label_smoothing: float = 0.0,
        cancelled: Callable[[], bool] = never,
    ) -> BatchResult:
        """Return mean cross-entropy and gradients of a batch, in training mode.

        `seed` decides what dropout drops. Raises Cancelled as soon as `cancelled` returns True.
        """
        batch = TrainingBatch(
            segments=self._training,
            layers=by_layer({**parameters, **buffers}),
            threads=self.threads,
            scratch=self._scratch,
            memory=self._memory,
            seed=tuple(seed),
            cancelled=cancelled,
        )
        with single_threaded_blas():
            losses, correct = batch.run(images, labels, label_smoothing)
            gradients = self._summed(batch.contributions())
        gradients.update(batch.meeting_gradients)
        return BatchResult(float(losses.mean()), correct, gradients, batch.new_buffers)

    def _summed(self, contributions: Mapping[str, Sequence[Array]]) -> dict[str, Array]:
        """Return each gradient summed over the chunks, in their order."""
        memory = self._memory.of("sums")
        totals = {name: memory(parts[0].shape, parts[0].dtype) for name, parts in contributions.items()}
        tasks = blocks({name: total.size for name, total in totals.items()}, SUMMED_TOGETHER)

        def add(task: int, worker: int) -> None:
            for name, block in tasks[task]:
                total = totals[name].reshape(-1)[block]
                first, *rest = (part.reshape(-1)[block] for part in contributions[name])
                np.copyto(total, first)
                for part in rest:
                    np.add(total, part, out=total)

        self.threads.each(len(tasks), add)
        return totals


def blocks(sizes: Mapping[str, int], most: int) -> list[list[tuple[str, slice]]]:
    """Cut arrays of these sizes into tasks of at most so many numbers: each some blocks, by name and
    place."""
    tasks: list[list[tuple[str, slice]]] = []
    room = 0
    for name, size in sizes.items():
        start = 0
        while start < size:
            if room == 0:
                tasks.append([])
                room = most
            stop = min(start + room, size)
            tasks[-1].append((name, slice(start, stop)))
            room -= stop - start
            start = stop
    return tasks


def by_layer(values: Mapping[str, Array]) -> dict[int, dict[str, Array]]:
    """Return each layer's own values by their short names."""
    layers: dict[int, dict[str, Array]] = {}
    for name, value in values.items():
        index, _, short = name.partition(".")
        layers.setdefault(int(index), {})[short] = value
    return layers
