"""From a writing style to many different hands: splines, loose points, proportions, slant, pen pressure.

Arrays: n drawings of one style, K control points, M points on the dense curve, POINTS on the drawn line.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from cnn_core.datasets.digit_styles import Style

Array = NDArray[np.float32]
Random = np.random.Generator

POINTS = 80  # points of one drawing's line, shared out over its strokes
_DENSE = 10  # points of the dense curve between two control points


@dataclass(frozen=True)
class Lines:
    """Drawings as lines: x, y of the points, relative pen width, and where a point is joined to the next."""

    points: Array  # n, POINTS, 2
    width: Array  # n, POINTS
    pen: NDArray[np.bool_]  # POINTS - 1


@dataclass(frozen=True)
class _Curve:
    """A style prepared: curve = basis @ control points; the rounded basis cuts corners like a fast pen."""

    control: Array  # K, 2
    basis: Array  # M, K
    rounded: Array  # M, K
    parts: tuple[
        tuple[slice, slice, int], ...
    ]  # per stroke: its part of K, its part of M, points on its line


def write(style: Style, count: int, random: Random) -> Lines:
    """Return `count` drawings of one style, each in a different hand, in units of the style's box height."""
    curve = _curve(style)
    looseness = _spread(random, count, 0.35)[:, None, None] * style.spread
    control = curve.control + looseness * _normal(random, (count, len(curve.control), 2))
    for own, _, _ in curve.parts:
        moved = _vary_moves(control[:, own], random)
        control[:, own] = moved if len(curve.parts) == 1 else _move_stroke(moved, random)
    speed = style.flow * random.random((count, 1, 1), dtype=np.float32)
    dense: Array = curve.basis @ control
    dense += speed * (curve.rounded @ control - dense)
    dense = _deform(dense / np.float32(100), style, random)
    lines = [_cut(dense[:, part], size, style.trim, random) for _, part, size in curve.parts]
    pen = np.ones(POINTS, dtype=bool)
    pen[np.cumsum([size for _, _, size in curve.parts]) - 1] = False
    points = np.concatenate(lines, axis=1)
    return Lines(points, _pressure(points, random), pen[:-1])


def _vary_moves(control: Array, random: Random) -> Array:
    """Return one stroke of each drawing with each move from point to point longer or shorter, and turned.

    Most of what the stroke's end has gone astray by is given back along the way: loops still close.
    """
    moves = np.diff(control, axis=1)
    shape = moves.shape[:2]
    length, angle = np.exp(0.15 * _normal(random, shape)), 0.1 * _normal(random, shape)
    x, y = moves[:, :, 0] * length, moves[:, :, 1] * length
    turned = np.stack([x * np.cos(angle) - y * np.sin(angle), x * np.sin(angle) + y * np.cos(angle)], axis=2)
    astray = np.cumsum(turned - moves, axis=1)
    share = np.linspace(0, 1, shape[1], dtype=np.float32)[:, None]
    varied = control.copy()
    varied[:, 1:] += astray - 0.7 * share * astray[:, -1:]
    return varied


def _move_stroke(control: Array, random: Random) -> Array:
    """Return one stroke of each drawing a little moved and stretched against the others."""
    count = len(control)
    middle = control.mean(axis=1, keepdims=True)
    stretch = np.exp(0.1 * _normal(random, (count, 1, 2)))
    moved: Array = (control - middle) * stretch + middle + 3 * _normal(random, (count, 1, 2))
    return moved


def _deform(points: Array, style: Style, random: Random) -> Array:
    """Return points (n, M, 2) after changed proportions, bends, waves, stretch, slant, rotation."""
    count = len(points)

    def one(sigma: float) -> Array:
        return sigma * _normal(random, (count, 1))

    x, y = points[:, :, 0], points[:, :, 1]
    bump_x, bump_y = np.sin(np.pi * x), np.sin(np.pi * y)
    x, y = x + one(0.05) * bump_x, y + one(0.075) * bump_y  # where the middle is
    x = 0.5 + (x - 0.5) * (1 + one(0.14) * (2 * y - 1))  # wider above or below
    y = 0.5 + (y - 0.5) * (1 + one(0.08) * (2 * x - 1))  # taller left or right
    x, y = x + one(0.04) * bump_y, y + one(0.03) * bump_x  # bent
    for _ in range(2):
        x, y = x + _wave(x, y, 0.018, random), y + _wave(x, y, 0.018, random)
    x = (x - 0.5) * style.aspect * np.exp(one(0.24))
    y = y - 0.5
    lean = style.lean * random.uniform(-1, 1, (count, 1)).astype(np.float32)
    x = x - (0.15 + one(0.23) + lean) * y
    angle = one(0.1)
    cosine, sine = np.cos(angle), np.sin(angle)
    return np.stack([cosine * x - sine * y, sine * x + cosine * y], axis=2).astype(np.float32)


def _wave(x: Array, y: Array, sigma: float, random: Random) -> Array:
    """Return a smooth random displacement of about a wave over the box, the same where strokes meet."""
    count = len(x)
    across, down = random.uniform(-8, 8, (2, count, 1)).astype(np.float32)
    phase = random.uniform(0, 2 * np.pi, (count, 1)).astype(np.float32)
    wave: Array = sigma * _normal(random, (count, 1)) * np.sin(across * x + down * y + phase)
    return wave


def _cut(dense: Array, size: int, trim: float, random: Random) -> Array:
    """Return (n, size, 2) points evenly along each stroke (n, m, 2), a random bit missing at both ends."""
    count, length = dense.shape[:2]
    steps = np.hypot(*np.moveaxis(np.diff(dense, axis=1), 2, 0)) + 1e-6
    along = np.concatenate([np.zeros((count, 1)), np.cumsum(steps, axis=1, dtype=np.float64)], axis=1)
    along /= along[:, -1:]
    first = 0.03 * random.random((count, 1))
    last = 1 - trim * random.random((count, 1))
    wanted = first + (last - first) * np.linspace(0, 1, size)
    rows = 2.0 * np.arange(count)[:, None]
    after = np.searchsorted((along + rows).ravel(), (wanted + rows).ravel()).reshape(count, size)
    before = np.clip(after - 1 - length * np.arange(count)[:, None], 0, length - 2)
    start, stop = (np.take_along_axis(along, before + offset, axis=1) for offset in (0, 1))
    share = ((wanted - start) / (stop - start))[:, :, None].astype(np.float32)
    left, right = (np.take_along_axis(dense, (before + offset)[:, :, None], axis=1) for offset in (0, 1))
    cut: Array = left + share * (right - left)
    return cut


def _pressure(points: Array, random: Random) -> Array:
    """Return the relative pen width (n, POINTS): slow swells, and a nib wider one way than the other."""
    count = len(points)
    along = np.linspace(0, 1, POINTS, dtype=np.float32)
    waves, phase = random.uniform(2, 14, (count, 1)), random.uniform(0, 2 * np.pi, (count, 1))
    swell = 0.08 * _normal(random, (count, 1)) * np.sin(waves * along + phase)
    direction = np.gradient(points, axis=1)
    angle = np.arctan2(direction[:, :, 1], direction[:, :, 0])
    nib = 0.08 * _normal(random, (count, 1)) * np.cos(2 * (angle - random.uniform(0, np.pi, (count, 1))))
    rough = _normal(random, points.shape[:2])
    rough = (rough + np.roll(rough, 1, axis=1)) * 0.09 * random.random((count, 1), dtype=np.float32)
    return np.clip(1 + swell + nib + rough, 0.5, 1.5).astype(np.float32)


def _normal(random: Random, shape: tuple[int, ...]) -> Array:
    return np.clip(random.standard_normal(shape, dtype=np.float32), -2.5, 2.5)


def _spread(random: Random, count: int, sigma: float) -> Array:
    factors: Array = np.exp(sigma * _normal(random, (count,)))
    return factors


@cache
def _curve(style: Style) -> _Curve:
    strokes = [[_point(word) for word in stroke.split()] for stroke in style.strokes.split("|")]
    control = np.array([place for stroke in strokes for place, _ in stroke], dtype=np.float32)
    bases = [_stroke_basis([corner for _, corner in stroke]) for stroke in strokes]
    roundings = [_smoothing(len(basis)) @ basis for basis in bases]
    lengths = []
    parts: list[tuple[slice, slice, int]] = []
    first_k = first_m = 0
    for basis in bases:
        m, k = basis.shape
        own, part = slice(first_k, first_k + k), slice(first_m, first_m + m)
        lengths.append(np.hypot(*np.diff(basis @ control[own], axis=0).T).sum() + 20)
        parts.append((own, part, 0))
        first_k, first_m = first_k + k, first_m + m
    sizes = [int(POINTS * length / sum(lengths)) for length in lengths]
    sizes[0] += POINTS - sum(sizes)
    return _Curve(
        control,
        _block_diagonal(bases),
        _block_diagonal(roundings),
        tuple((own, part, size) for (own, part, _), size in zip(parts, sizes, strict=True)),
    )


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
