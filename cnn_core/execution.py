"""Runs a network on a batch on all cores, with the same bits for any number of them.

The batch is cut into parts whose size depends on the network and the batch alone. Each goes depth-first
through a segment of layers (see `plan`), so that its activations stay in the core's cache. Matrix products
run on one thread each: BLAS's own threads would cut smaller pieces and wait for each other. Training is
shared by processes (see `team`), and what each part adds to a gradient is added in the order of the parts.
Scores are shared by threads, which are there at once.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from cnn_core.architecture import Architecture
from cnn_core.datasets.augment import Augmentation
from cnn_core.functional.geometry import Array
from cnn_core.layers import Context
from cnn_core.memory import Memory, Replay, Scratch
from cnn_core.plan import Segment, parts, plan
from cnn_core.shard import by_layer, scaled
from cnn_core.team import Team, TeamResult
from cnn_core.threads import GivenUp, Threads, never, single_threaded_blas
from cnn_core.worker import BatchSettings

INFERENCE_BATCH = 256  # images run at once: bounds the memory whatever the number of images
BLOCK = 1 << 16  # numbers of an array that are worked on together
WORTH_THREADS = 1 << 20  # numbers in all: below, waking threads takes longer than the work


@dataclass(frozen=True)
class BatchResult:
    """What a batch says in training mode. The gradients are valid until the executor's next batch."""

    loss: float  # mean over the images
    correct: int  # images whose label has the highest score
    gradients: dict[str, Array]
    buffers: dict[str, Array]  # running statistics, moved by this batch; empty without BatchNorm
    processes: int  # that have shared the batch


class Executor:
    """Runs one architecture. Threads that run at the same time need an executor each."""

    def __init__(self, architecture: Architecture, threads: int | None = None) -> None:
        """Prepare for so many threads, and processes that train; None: as many as there are cores to use."""
        self.threads = Threads(threads)
        self._team = Team(architecture, self.threads.count)
        self._inference = plan(architecture, False)
        self._scratch = [Scratch() for _ in range(self.threads.count)]
        self._memory = Memory()

    def close(self) -> None:
        """End the threads and the other processes."""
        self._team.close()
        self.threads.close()

    def __enter__(self) -> "Executor":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def logits(
        self, values: Mapping[str, Array], images: Array, cancelled: Callable[[], bool] = never
    ) -> Array:
        """Return the scores (N, classes) before any final Softmax; `values` are parameters and buffers.

        Raises GivenUp as soon as `cancelled` returns True.
        """
        layers = folded(self._inference, by_layer(values))
        scores = []
        with single_threaded_blas():
            for start in range(0, len(images), INFERENCE_BATCH):
                if cancelled():
                    raise GivenUp
                batch = images[start : start + INFERENCE_BATCH]
                for segment in self._inference:
                    batch = self._infer(segment, layers, batch)
                scores.append(batch)
        return np.concatenate(scores)

    def _infer(self, segment: Segment, layers: Mapping[int, dict[str, Array]], batch: Array) -> Array:
        rows = parts(len(batch), segment.images)
        out = np.empty((len(batch), *segment.output_shape), np.float32)

        def run(chunk: int, worker: int) -> None:
            memory, images = self._memory.of("inference", worker), batch[rows[chunk]]
            out[rows[chunk]] = classified(segment, layers, images, memory, self._scratch[worker])

        self.threads.each(len(rows), run)
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
        augmentation: Augmentation | None = None,
        cancelled: Callable[[], bool] = never,
    ) -> BatchResult:
        """Return mean cross-entropy and gradients of a batch, in training mode.

        `seed` decides what dropout drops. Raises GivenUp as soon as `cancelled` returns True.
        """
        settings = BatchSettings(seed=tuple(seed), label_smoothing=label_smoothing, augmentation=augmentation)
        result = self._team.run(parameters, buffers, images, labels, settings, cancelled)
        losses = np.concatenate([outcome.losses for outcome in result.outcomes])
        return BatchResult(
            float(losses.mean()),
            sum(outcome.correct for outcome in result.outcomes),
            {**self._summed(result), **result.common.gradients},
            result.common.buffers,
            result.processes,
        )

    def _summed(self, result: TeamResult) -> dict[str, Array]:
        """Return each gradient that is not yet known summed over the shards, in their order."""
        first, *rest = result.contributions
        totals = {name: first[name] for name in first if name not in result.common.gradients}

        def add(name: str, block: slice) -> None:
            total = totals[name].reshape(-1)[block]
            for other in rest:
                np.add(total, other[name].reshape(-1)[block], out=total)

        self.each_block(totals, add)
        return totals

    def each_block(self, arrays: Mapping[str, Array], work: Callable[[str, slice], None]) -> None:
        """Call work(name, block) for all blocks of all arrays, laid out flat: blocks that, with all that is
        needed for them, fit a core's cache."""
        sizes = {name: array.size for name, array in arrays.items()}
        tasks = blocks(sizes, BLOCK)
        if sum(sizes.values()) < WORTH_THREADS:
            with np.errstate(over="ignore", invalid="ignore"):  # as in `Threads.each`
                for name, block in tasks:
                    work(name, block)
        else:
            self.threads.each(len(tasks), lambda task, worker: work(*tasks[task]))


def folded(segments: Sequence[Segment], layers: dict[int, dict[str, Array]]) -> dict[int, dict[str, Array]]:
    """Return each layer's values, those of batch normalisation folded into the weights before it, for the
    segments of a plan for inference."""
    for step in (step for segment in segments for step in segment.steps):
        if step.normalization:
            index, layer = step.normalization
            layers[step.index] = layer.folded(layers[step.index], layers[index])
    return layers


def classified(
    segment: Segment,
    layers: Mapping[int, dict[str, Array]],
    images: Array,
    memory: Replay,
    scratch: Scratch,
) -> Array:
    """Return what a segment of a plan for inference makes of some images, in `memory`."""
    x = scaled(images, memory)
    for step in segment.steps:
        scratch.release()
        context = Context(may_overwrite=step.may_overwrite, new=memory, scratch=scratch)
        x, _ = step.layer.forward(x, layers.get(step.index, {}), context)
    return x


def blocks(sizes: Mapping[str, int], most: int) -> list[tuple[str, slice]]:
    """Cut arrays of these sizes into blocks of at most so many numbers each, by name and place."""
    return [
        (name, slice(start, min(start + most, size)))
        for name, size in sizes.items()
        for start in range(0, size, most)
    ]
