"""Where the shards of a batch meet: at batch normalisations, whose statistics are the whole batch's."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import numpy as np

from cnn_core import functional as F
from cnn_core.functional.geometry import Array
from cnn_core.layers import BatchNorm
from cnn_core.plan import Step


class Meeting(NamedTuple):
    """What a shard brings to a batch normalisation, each chunk its part."""

    step: Step
    back: bool  # on the way back
    parts: list[Any]  # F.Moments on the way forward, on the way back sums by the name of the parameter


@dataclass(eq=False)
class Common:
    """What the shards of a batch find together, at batch normalisations."""

    layers: Mapping[int, dict[str, Array]]
    gradients: dict[str, Array] = field(default_factory=dict)
    buffers: dict[str, Array] = field(default_factory=dict)  # running statistics, moved by the batch

    def found(self, meeting: Meeting, parts: Sequence[Any]) -> F.Moments | dict[str, Array]:
        """Return what all parts of the batch, in their order, say: its statistics on the way forward, on the
        way back the gradients of the parameters."""
        step = meeting.step
        if meeting.back:
            totals = {name: np.add.reduce([sums[name] for sums in parts]) for name in parts[0]}
            self.gradients.update({f"{step.index}.{name}": value for name, value in totals.items()})
            return totals
        statistics = normalization_of(step).merge(parts)
        moved = normalization_of(step).updated_buffers(statistics, self.layers[step.index])
        self.buffers.update({f"{step.index}.{name}": value for name, value in moved.items()})
        return statistics


def normalization_of(step: Step) -> BatchNorm:
    """Return the layer of a step at which shards meet."""
    assert isinstance(step.layer, BatchNorm)
    return step.layer
