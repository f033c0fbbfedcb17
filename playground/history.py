"""The points of a training's curves as plain values, so that a file keeps them: thinned, never invented."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

import cnn_core as cnn

MOST_POINTS = 2000
MOST_CLASSES = 100  # confusions of more classes are left out of a file
MOST_COUNTS = 200_000  # numbers in all confusions together: what a file holds besides its arrays is bounded

_NUMBERS = ("step", "epoch", "steps_per_epoch", "loss", "accuracy", "learning_rate", "images_per_second")


def to_json(history: Sequence[cnn.Progress]) -> list[dict[str, Any]]:
    """About MOST_POINTS of the points at most, evenly chosen, and of the epochs' ends; the newest of both."""
    every = -(-len(history) // MOST_POINTS) or 1
    ends, last = _kept_ends(history), len(history) - 1
    kept = [i for i in range(len(history)) if i % every == 0 or i in ends or i == last]
    return [_plain(history[i], with_end=i in ends) for i in kept]


def _kept_ends(history: Sequence[cnn.Progress]) -> set[int]:
    """Where the epochs' ends are whose confusions are kept: the last one, evenly chosen ones before it."""
    counts = {i: p.validation.confusion.size for i, p in enumerate(history) if p.validation is not None}
    small = [i for i, size in counts.items() if size <= MOST_CLASSES**2]
    total = sum(counts[i] for i in small)
    every = max(-(-total // MOST_COUNTS), -(-len(small) // MOST_POINTS), 1)
    return set(small[::-1][::every])


def from_json(value: object) -> tuple[cnn.Progress, ...]:
    """The points written by `to_json`; none at all when anything about them is not as it should be."""
    if not isinstance(value, list):
        return ()
    try:
        points = tuple(_point(entry) for entry in value)
    except (KeyError, TypeError, ValueError, OverflowError):
        return ()
    steps = [point.step for point in points]
    return points if steps == sorted(set(steps)) else ()


def _plain(point: cnn.Progress, with_end: bool) -> dict[str, Any]:
    plain: dict[str, Any] = {name: getattr(point, name) for name in _NUMBERS}
    end = point.validation
    if end is not None and with_end:
        plain["validation"] = {"loss": end.loss, "confusion": end.confusion.tolist()}
    return plain


def _point(entry: dict[str, Any]) -> cnn.Progress:
    whole = {name: int(entry[name]) for name in _NUMBERS[:3]}
    real = {name: float(entry[name]) for name in _NUMBERS[3:]}
    if min(whole.values()) < 1 or not np.isfinite(list(real.values())).all():
        raise ValueError("numbers out of range")
    numbers: dict[str, Any] = whole | real
    return cnn.Progress(**numbers, validation=_evaluation(entry.get("validation")))


def _evaluation(value: dict[str, Any] | None) -> cnn.Evaluation | None:
    if value is None:
        return None
    confusion = np.array(value["confusion"], dtype=np.int64)
    loss = float(value["loss"])
    square = confusion.ndim == 2 and confusion.shape[0] == confusion.shape[1] <= MOST_CLASSES
    if not square or confusion.min(initial=0) < 0 or not np.isfinite(loss):
        raise ValueError("not a confusion")
    return cnn.Evaluation(loss, confusion)
