"""Runs shards of training batches in one process, in memory that is used again in every step."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from cnn_core.batch import BatchArrays
from cnn_core.datasets.augment import Augmentation
from cnn_core.meeting import Meeting
from cnn_core.memory import Memory, Scratch
from cnn_core.plan import Segment
from cnn_core.shard import Shard, ShardResult, by_layer, side_by_side
from cnn_core.threads import never, single_threaded_blas


@dataclass(frozen=True, kw_only=True)
class BatchSettings:
    """How a batch is to be run."""

    seed: tuple[int, ...]
    label_smoothing: float = 0.0
    augmentation: Augmentation | None = None


class Worker:
    """Runs shards of batches of one network, one batch at a time."""

    def __init__(self, segments: Sequence[Segment]) -> None:
        """Prepare for the segments of a plan for training."""
        self.segments = segments
        self._memory, self._scratch = Memory(), Scratch()

    # A number that grows beyond its type is seen in the result; a warning from each process is noise.
    @np.errstate(over="ignore", invalid="ignore")
    def run(
        self,
        numbers: Sequence[int],
        shards: Sequence[slice],
        arrays: BatchArrays,
        settings: BatchSettings,
        meet: Callable[[dict[int, Meeting]], Any],
        cancelled: Callable[[], bool] = never,
    ) -> dict[int, ShardResult]:
        """Run the shards of these numbers, and write what each adds to the gradients.

        `meet` is given what these shards bring to a batch normalisation, and returns what all shards together
        make of it. Raises GivenUp as soon as `cancelled` returns True.
        """
        runs, layers = {}, by_layer(arrays.values)
        for number in numbers:
            shard = Shard(
                number=number,
                segments=self.segments,
                layers=layers,
                memory=self._memory,
                scratch=self._scratch,
                cancelled=cancelled,
                batch=shards[-1].stop,
                images=shards[0].stop,
                seed=settings.seed,
                label_smoothing=settings.label_smoothing,
                augmentation=settings.augmentation,
                gradients=by_layer(arrays.gradients[number]),
            )
            rows = shards[number]
            runs[number] = shard.run(arrays.images[rows], arrays.labels[rows])
        with single_threaded_blas():
            return side_by_side(runs, meet)
