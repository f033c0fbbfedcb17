"""How good predictions are."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from cnn_core import functional as F
from cnn_core.functional.geometry import Array


@dataclass(frozen=True, eq=False)
class Evaluation:
    """What a network makes of a data set."""

    loss: float  # mean cross-entropy
    confusion: NDArray[np.int64]  # (K, K) images by true class (row) and predicted class (column)

    @property
    def count(self) -> int:
        """The number of images."""
        return int(self.confusion.sum())

    @property
    def accuracy(self) -> float:
        """The share of images whose predicted class is the true one."""
        return float(np.trace(self.confusion) / max(self.count, 1))

    @property
    def precision(self) -> Array:
        """Of the images predicted as each class, the share that are of it (K,); nan for a class never
        predicted."""
        return _share(np.diag(self.confusion), self.confusion.sum(axis=0))

    @property
    def recall(self) -> Array:
        """Of the images of each class, the share predicted as it (K,); nan for a class without images."""
        return _share(np.diag(self.confusion), self.confusion.sum(axis=1))


def evaluation(logits: Array, labels: Array) -> Evaluation:
    """Return the evaluation of scores (N, K) against labels (N,)."""
    losses, _ = F.cross_entropy(logits, labels)
    counts = confusion(labels, logits.argmax(axis=1), logits.shape[1])
    return Evaluation(float(losses.mean(dtype=np.float64)), counts)


def confusion(labels: Array, predicted: Array, classes: int) -> NDArray[np.int64]:
    """Return how many images there are of each true class (row) and predicted class (column): (K, K)."""
    pairs = labels * classes + predicted
    return np.bincount(pairs, minlength=classes * classes).reshape(classes, classes)


def _share(part: Array, whole: Array) -> Array:
    share: Array = np.where(whole > 0, part / np.maximum(whole, 1), np.nan)
    return share
