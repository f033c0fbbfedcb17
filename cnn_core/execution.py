"""Runs a network on a batch on all cores, with the same bits for any number of them.

The batch is cut into parts whose size depends on the network and the batch alone. Each goes depth-first
through a segment of layers (see `plan`), so that its activations stay in the core's cache. Matrix products
run on one thread each: BLAS's own threads would cut smaller pieces and wait for each other. Both training and
classifying are shared by processes (see `team`), classifying at first by threads, which are there at once.
What each part adds to a gradient is added in the order of the parts.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from cnn_core.architecture import Architecture
from cnn_core.classifier import Classifier
from cnn_core.datasets.augment import Augmentation
from cnn_core.functional.geometry import Array
from cnn_core.plan import parts, plan
from cnn_core.team import Team, TeamResult
from cnn_core.threads import GivenUp, Threads, never
from cnn_core.worker import BatchSettings

INFERENCE_BATCH = 512  # images run at once: bounds the memory whatever the number of images
CLASSIFIED_TOGETHER = 64  # of these, the most that one core takes at a time
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
        """Prepare for so many threads, and as many processes; None: as many as there are cores to use."""
        self.threads = Threads(threads)
        self._team = Team(architecture, self.threads.count)
        segments = plan(architecture, False)
        self._classifiers = [Classifier(segments) for _ in range(self.threads.count)]

    def close(self) -> None:
        """End the threads and the other processes."""
        self._team.close()
        self.threads.close()

    def __enter__(self) -> "Executor":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @property
    def processes(self) -> int:
        """How many are there to share a batch: others join this one after the first moments of long work."""
        return self._team.size

    def logits(
        self, values: Mapping[str, Array], images: Array, cancelled: Callable[[], bool] = never
    ) -> Array:
        """Return the scores (N, classes) before any final Softmax; `values` are parameters and buffers.

        Raises GivenUp as soon as `cancelled` returns True.
        """
        scores = []
        for start in range(0, len(images), INFERENCE_BATCH):
            if cancelled():
                raise GivenUp
            batch = images[start : start + INFERENCE_BATCH]
            cut = parts(len(batch), CLASSIFIED_TOGETHER)
            found = self._team.scores(values, batch, cut, cancelled)
            scores += self._scores(values, batch, cut) if found is None else found
        return np.concatenate(scores)

    def _scores(self, values: Mapping[str, Array], images: Array, cut: Sequence[slice]) -> list[Array]:
        """Return the scores of each part, found by threads."""
        found: list[Array] = [np.empty(0)] * len(cut)

        def run(part: int, worker: int) -> None:
            (found[part],) = self._classifiers[worker].scores(values, images, [cut[part]])

        self.threads.each(len(cut), run)
        return found

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


def blocks(sizes: Mapping[str, int], most: int) -> list[tuple[str, slice]]:
    """Cut arrays of these sizes into blocks of at most so many numbers each, by name and place."""
    return [
        (name, slice(start, min(start + most, size)))
        for name, size in sizes.items()
        for start in range(0, size, most)
    ]
