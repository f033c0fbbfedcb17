"""From labels as files hold them (numbers or words) to numbers and class names."""

import re
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cnn_core.datasets import reading
from cnn_core.datasets.dataset import Labels
from cnn_core.errors import DatasetError

MAX_WORD = 255
"""Longest name of a class: as long as that of a folder can be."""


def numbered(labels: NDArray[Any], where: str) -> tuple[Labels, tuple[str, ...]]:
    """(labels as int64, class names "0", "1", ... up to the largest label); an error begins with `where`."""
    lowest, highest = labels.min(), labels.max()
    if not (np.isfinite(lowest) and np.isfinite(highest)) or (labels != np.trunc(labels)).any():
        raise DatasetError(f"{where}: labels must be whole numbers, not fractions")
    if lowest < 0 or highest >= reading.MAX_CLASSES:
        raise DatasetError(
            f"{where}: labels reach from {lowest:.6g} to {highest:.6g}; "
            f"0 to {reading.MAX_CLASSES - 1} are possible"
        )
    return labels.astype(np.int64), tuple(str(number) for number in range(int(highest) + 1))


def named(labels: NDArray[Any], where: str) -> tuple[Labels, tuple[str, ...]]:
    """(numbers, class names in natural order) for labels that are words up to MAX_WORD; none may be empty."""
    words, numbers = np.unique(labels, return_inverse=True)
    if len(words) > reading.MAX_CLASSES:
        raise DatasetError(
            f"{where}: holds {len(words):,} different labels, at most {reading.MAX_CLASSES} are read"
        )
    names = [str(word) for word in words]
    if "" in names:
        raise DatasetError(f"{where}: holds an empty label; every image needs one")
    order = sorted(range(len(names)), key=lambda i: natural(names[i]))
    rank = np.argsort(np.array(order))
    return rank[numbers.reshape(-1)].astype(np.int64), tuple(names[i] for i in order)


def natural(name: str) -> tuple[tuple[int, str], ...]:
    """A key that sorts names as people do: "9" before "10", "b" after "A"."""
    parts = re.findall(r"[0-9]{1,18}|[^0-9]+", name.casefold())
    return (*((int(part), "") if part[0] in "0123456789" else (10**18, part) for part in parts), (0, name))
