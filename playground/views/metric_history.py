"""The course of a training run in numbers: arrays that grow cheaply, raw values and smoothed ones."""

import math
from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

import cnn_core as cnn

Floats = NDArray[np.float64]

COLUMNS = ("step", "loss", "accuracy")
MEMORY = 0.9  # share of the smoothed value kept at each step: an average over about 10 steps


class GrowingTable:
    """Columns of equal length; appending a row costs the same however long they are."""

    def __init__(self, columns: int) -> None:
        self._rows = np.empty((columns, 256))
        self._count = 0

    def __len__(self) -> int:
        return self._count

    def append(self, row: tuple[float, ...]) -> None:
        """Add one value to each column."""
        if self._count == self._rows.shape[1]:
            self._rows = np.concatenate([self._rows, np.empty_like(self._rows)], axis=1)
        self._rows[:, self._count] = row
        self._count += 1

    def column(self, index: int) -> Floats:
        """A view of one column; valid until the next append."""
        return self._rows[index, : self._count]


class MetricHistory:
    """Loss and accuracy of each training step and of each validation."""

    def __init__(self) -> None:
        self._training = GrowingTable(len(COLUMNS) + 2)  # the last two smoothed
        self._validation = GrowingTable(len(COLUMNS))
        self._weight = 0.0  # of what the running averages have seen, so that they begin unbiased
        self._sums = (0.0, 0.0)

    def __len__(self) -> int:
        return len(self._training)

    def append(self, points: Iterable[cnn.Progress]) -> None:
        """Take what the steps since the last call reported, in order."""
        for point in points:
            self._append_training(point.step, point.loss, point.accuracy)
            if point.validation is not None:
                self._validation.append((point.step, point.validation.loss, point.validation.accuracy))

    def _append_training(self, step: float, loss: float, accuracy: float) -> None:
        if math.isfinite(loss):
            self._weight = MEMORY * self._weight + (1 - MEMORY)
            self._sums = (
                MEMORY * self._sums[0] + (1 - MEMORY) * loss,
                MEMORY * self._sums[1] + (1 - MEMORY) * accuracy,
            )
        weight = self._weight or 1.0
        self._training.append((step, loss, accuracy, self._sums[0] / weight, self._sums[1] / weight))

    def training(self, name: str) -> Floats:
        """The column "step", "loss" or "accuracy" of the training steps."""
        return self._training.column(COLUMNS.index(name))

    def smoothed(self, name: str) -> Floats:
        """The running average of "loss" or "accuracy"."""
        return self._training.column(2 + COLUMNS.index(name))

    def validation(self, name: str) -> Floats:
        """The column "step", "loss" or "accuracy" of the validations."""
        return self._validation.column(COLUMNS.index(name))
