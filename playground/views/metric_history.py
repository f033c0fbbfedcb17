"""The course of a training run in numbers: arrays that grow cheaply, and their average without lag."""

import math
from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

import cnn_core as cnn

Floats = NDArray[np.float64]

COLUMNS = ("step", "loss", "accuracy")


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
    """Loss and accuracy of each training step and of each validation, where the loss is a number."""

    def __init__(self) -> None:
        self._training = GrowingTable(len(COLUMNS))
        self._validation = GrowingTable(len(COLUMNS))

    def __len__(self) -> int:
        return len(self._training)

    def append(self, points: Iterable[cnn.Progress]) -> None:
        """Take what the steps since the last call reported, in order."""
        for point in points:
            if math.isfinite(point.loss):
                self._training.append((point.step, point.loss, point.accuracy))
            found = point.validation
            if found is not None and math.isfinite(found.loss):
                self._validation.append((point.step, found.loss, found.accuracy))

    def training(self, name: str) -> Floats:
        """The column "step", "loss" or "accuracy" of the training steps."""
        return self._training.column(COLUMNS.index(name))

    def validation(self, name: str) -> Floats:
        """The column "step", "loss" or "accuracy" of the validations."""
        return self._validation.column(COLUMNS.index(name))


def smoothed(values: Floats, at: NDArray[np.int64]) -> Floats:
    """The mean around some positions, over a thirtieth of all values (7 to 201), over those that exist.

    Near an end the window reaches less far on that side only: the first and the last point are means of about
    half as many values, so the curve does not end in a single batch. There it lags by a quarter of a window.
    """
    count = len(values)
    half = min(max(count // 60, 3), 100)
    first, end = np.maximum(at - half, 0), np.minimum(at + half + 1, count)
    sums = np.concatenate([[0.0], np.cumsum(values)])
    result: Floats = (sums[end] - sums[first]) / (end - first)
    return result
