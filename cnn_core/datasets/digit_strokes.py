"""From a writing style to many different hands: splines, loose points, proportions, slant, pen pressure.

Arrays: n drawings, K control points, M points on the dense curve, POINTS on the drawn line.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache

import numpy as np
from numpy.typing import NDArray

from cnn_core.datasets.digit_curves import POINTS, curve
from cnn_core.datasets.digit_styles import Style

Array = NDArray[np.float32]
Random = np.random.Generator


@dataclass(frozen=True)
class Lines:
    """Drawings as lines: x, y of the points, relative pen width, and where a point is joined to the next."""

    points: Array  # n, POINTS, 2
    width: Array  # n, POINTS
    pen: NDArray[np.bool_]  # n, POINTS - 1


def write(styles: Sequence[Style], random: Random) -> Lines:
    """Return one drawing in each of the styles, each in a hand of its own; the unit is the box's height."""
    count = len(styles)
    points = np.empty((count, POINTS, 2), dtype=np.float32)
    pen = np.empty((count, POINTS - 1), dtype=bool)
    rows: dict[Style, list[int]] = {}
    for row, style in enumerate(styles):
        rows.setdefault(style, []).append(row)
    for style, own in rows.items():
        points[own] = _strokes(style, len(own), random)
        pen[own] = curve(style).pen
    aspect = np.array([style.aspect for style in styles], dtype=np.float32)[:, None]
    lean = np.array([style.lean for style in styles], dtype=np.float32)[:, None]
    points = _deform(points, aspect, lean, random)
    return Lines(points, _pressure(points, random), pen)


def _strokes(style: Style, count: int, random: Random) -> Array:
    """Return points (count, POINTS, 2) of one style, before what befalls a drawing as a whole."""
    prepared = curve(style)
    looseness = style.spread * np.exp(0.35 * _normal(random, (count, 1, 1)))
    control = prepared.control + looseness * _normal(random, (count, len(prepared.control), 2))
    for own, _, _ in prepared.parts:
        moved = _vary_moves(control[:, own], random)
        control[:, own] = moved if len(prepared.parts) == 1 else _move_stroke(moved, random)
    speed = style.flow * random.random((count, 1, 1), dtype=np.float32)
    dense: Array = prepared.basis @ control
    dense += speed * (prepared.rounded @ control - dense)
    lines = [
        _cut(dense[:, part], line.stop - line.start, style.trim, random) for _, part, line in prepared.parts
    ]
    joined: Array = np.concatenate(lines, axis=1) / np.float32(100)
    return joined


def _vary_moves(control: Array, random: Random) -> Array:
    """Return one stroke of each drawing with each move from point to point longer or shorter, and turned.

    Most of what the stroke's end has gone astray by is given back along the way: loops still close.
    """
    moves = control[:, 1:] - control[:, :-1]
    shape = moves.shape[:2]
    length, angle = np.exp(0.2 * _normal(random, shape)), 0.14 * _normal(random, shape)
    x, y = moves[:, :, 0] * length, moves[:, :, 1] * length
    cosine, sine = np.cos(angle), np.sin(angle)
    turned = np.empty_like(moves)
    turned[:, :, 0] = x * cosine - y * sine
    turned[:, :, 1] = x * sine + y * cosine
    astray = np.cumsum(turned - moves, axis=1)
    share = _evenly(shape[1]).astype(np.float32)[:, None]
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


def _deform(points: Array, aspect: Array, lean: Array, random: Random) -> Array:
    """Return points (n, POINTS, 2) after changed proportions, bends, waves, stretch, slant, rotation."""
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
    x = (x - 0.5) * aspect * np.exp(one(0.24))
    y = y - 0.5
    slant = 0.15 + one(0.23) + lean * random.uniform(-1, 1, (count, 1)).astype(np.float32)
    x = x - slant * y
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
    moves = dense[:, 1:] - dense[:, :-1]
    along = np.zeros((count, length))  # float64
    np.cumsum(np.hypot(moves[:, :, 0], moves[:, :, 1]) + 1e-6, axis=1, out=along[:, 1:])
    along /= along[:, -1:]
    first = 0.03 * random.random((count, 1))
    last = 1 - trim * random.random((count, 1))
    wanted = first + (last - first) * _evenly(size)
    rows = np.arange(count)[:, None]
    after = np.searchsorted((along + 2.0 * rows).ravel(), (wanted + 2.0 * rows).ravel()).reshape(count, size)
    before = np.minimum(np.maximum(after - 1, length * rows), length * rows + length - 2)  # in all strokes
    start, stop = along.ravel()[before], along.ravel()[before + 1]
    share = ((wanted - start) / (stop - start))[:, :, None].astype(np.float32)
    points = dense.reshape(-1, 2)
    left, right = points[before], points[before + 1]
    cut: Array = left + share * (right - left)
    return cut


@cache
def _evenly(size: int) -> NDArray[np.float64]:
    """Return so many numbers from 0 to 1."""
    return np.linspace(0, 1, size)


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
    """Return normal numbers without the rare far ones."""
    values = random.standard_normal(shape, dtype=np.float32)
    np.maximum(values, -2.5, out=values)  # np.clip takes longer for few numbers
    return np.minimum(values, 2.5, out=values)
