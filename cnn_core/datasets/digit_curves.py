"""Writing styles as curves: splines through a style's points, as matrices: one product writes many hands.

K control points make M points on the dense curve; POINTS points make the line that is drawn in the end.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from cnn_core.datasets.digit_styles import Style

Array = NDArray[np.float32]

POINTS = 80  # points of one drawing's line, shared out over its strokes
_DENSE = 10  # points of the dense curve between two control points


@dataclass(frozen=True)
class Curve:
    """A style prepared: curve = basis @ control; the rounded basis cuts corners like a fast pen."""

    control: Array  # K, 2
    basis: Array  # M, K
    rounded: Array  # M, K
    parts: tuple[tuple[slice, slice, slice], ...]  # per stroke: its part of K, of M, of POINTS
    pen: NDArray[np.bool_]  # POINTS - 1, True where a point is joined to the next


@cache
def curve(style: Style) -> Curve:
    """Return the style's curve."""
    strokes = [[_point(word) for word in stroke.split()] for stroke in style.strokes.split("|")]
    control = np.array([place for stroke in strokes for place, _ in stroke], dtype=np.float32)
    bases = [_stroke_basis([corner for _, corner in stroke]) for stroke in strokes]
    roundings = [_smoothing(len(basis)) @ basis for basis in bases]
    parts = _parts(control, bases)
    pen = np.ones(POINTS - 1, dtype=bool)
    pen[[part.start - 1 for _, _, part in parts[1:]]] = False
    return Curve(control, _block_diagonal(bases), _block_diagonal(roundings), parts, pen)


def _parts(control: Array, bases: list[Array]) -> tuple[tuple[slice, slice, slice], ...]:
    """Return which control points, curve points and line points belong to each stroke, by its length."""
    points, dense = (np.cumsum([0] + [basis.shape[axis] for basis in bases]) for axis in (1, 0))
    own = [slice(*ends) for ends in pairwise(points.tolist())]
    lengths = [
        np.hypot(*np.diff(basis @ control[part], axis=0).T).sum() + 20
        for basis, part in zip(bases, own, strict=True)
    ]
    line = np.rint(POINTS * np.cumsum([0.0, *lengths]) / sum(lengths)).astype(int)
    of_curve = [slice(*ends) for ends in pairwise(dense.tolist())]
    of_line = [slice(*ends) for ends in pairwise(line.tolist())]
    return tuple(zip(own, of_curve, of_line, strict=True))


def _point(word: str) -> tuple[tuple[float, float], bool]:
    x, y = word.rstrip("!").split(",")
    return (float(x), float(y)), word.endswith("!")


def _stroke_basis(corners: list[bool]) -> Array:
    """Return (m, k) weights of a Catmull-Rom curve through k points, broken at the corners."""
    count = len(corners)
    ends = [0, *(i for i in range(1, count - 1) if corners[i]), count - 1]
    rows: list[NDArray[np.float64]] = []
    for first, last in pairwise(ends):
        rows.extend(_span(first, last, i, count) for i in range(first, last))
    rows.append(np.eye(count)[-1:])
    return np.concatenate(rows).astype(np.float32)


def _span(first: int, last: int, i: int, count: int) -> NDArray[np.float64]:
    """Return the weights between points i and i + 1 of a piece that runs from `first` to `last`."""
    unit = np.eye(count)
    before = unit[i - 1] if i > first else 2 * unit[i] - unit[i + 1]
    after = unit[i + 2] if i + 1 < last else 2 * unit[i + 1] - unit[i]
    t = (np.arange(_DENSE) / _DENSE)[:, None]
    weights: NDArray[np.float64] = 0.5 * (
        2 * unit[i]
        + (unit[i + 1] - before) * t
        + (2 * before - 5 * unit[i] + 4 * unit[i + 1] - after) * t**2
        + (3 * unit[i] - before - 3 * unit[i + 1] + after) * t**3
    )
    return weights


def _smoothing(size: int) -> Array:
    """Return (size, size) Gaussian weights along a stroke that leave its two ends in place."""
    index = np.arange(size)
    reach = np.minimum(0.8 * _DENSE, np.minimum(index, size - 1 - index) / 2 + 1e-3)[:, None]
    weights = np.exp(-0.5 * ((index[None, :] - index[:, None]) / reach) ** 2)
    smoothing: Array = (weights / weights.sum(axis=1, keepdims=True)).astype(np.float32)
    return smoothing


def _block_diagonal(blocks: list[Array]) -> Array:
    rows, columns = (sum(block.shape[axis] for block in blocks) for axis in (0, 1))
    whole = np.zeros((rows, columns), dtype=np.float32)
    row = column = 0
    for block in blocks:
        whole[row : row + block.shape[0], column : column + block.shape[1]] = block
        row, column = row + block.shape[0], column + block.shape[1]
    return whole
