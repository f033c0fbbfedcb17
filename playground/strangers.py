"""Drawings that are no digits, to find out what a network for digits makes of them: made up, by a seed.

A drawing is strokes, each (n, 2) points x, y, y downwards, in any unit, as `strokes.seen` takes them.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np
from numpy.typing import NDArray

from cnn_core.datasets.digit_strokes import write
from cnn_core.datasets.digit_styles import Style

Points = NDArray[np.float64]
Strokes = list[Points]
Random = np.random.Generator

# How people write letters, as the built-in digits are described. Those that are also digits are left out:
# B b D G g I i J j l O o q S s Z z.
LETTERS = "ACEFHKLMNPRTUVWXYaefhkmnrtuw"
_LETTERS = (
    "0,100 50,0 100,100 | 22,62 78,62",  # A
    "90,15 55,0 15,20 0,55 20,88 60,100 95,82",  # C
    "90,0 5,0! 5,100! 92,100 | 5,48 75,48",  # E
    "92,0 5,0! 5,100 | 5,46 72,46",  # F
    "5,0 5,100 | 95,0 95,100 | 5,50 95,50",  # H
    "5,0 5,100 | 88,0 10,55! 92,100",  # K
    "5,0 5,100! 90,100",  # L
    "0,100 8,0! 50,70! 92,0! 100,100",  # M
    "5,100 5,0! 92,100! 92,0",  # N
    "5,100 5,0 60,2 90,25 60,52 8,54",  # P
    "5,100 5,0 60,2 88,25 60,50 8,52 | 45,52 92,100",  # R
    "0,2 100,0 | 50,2 50,100",  # T
    "5,0 6,65 28,98 70,98 94,65 95,0",  # U
    "0,0 50,100! 100,0",  # V
    "0,0 25,100! 50,30! 75,100! 100,0",  # W
    "0,0 100,100 | 100,0 0,100",  # X
    "0,0 50,50 | 100,0 50,50! 50,100",  # Y
    "80,30 45,10 10,45 25,90 60,85 82,30! 80,80 98,98",  # a
    "8,55 80,50 75,15 40,5 8,40 15,85 55,100 92,85",  # e
    "85,10 60,0 42,20 42,100 | 12,42 78,42",  # f
    "8,0 8,100! 20,55 60,42 85,60 86,100",  # h
    "8,0 8,100 | 75,40 12,68! 80,100",  # k
    "5,30 8,100! 20,45 40,40 48,60 48,100! 60,45 85,42 94,60 95,100",  # m
    "8,30 10,100! 25,48 60,38 85,55 88,100",  # n
    "10,30 12,100! 20,55 45,35 80,40",  # r
    "45,0 42,75 60,100 85,92 | 8,32 82,32",  # t
    "5,30 8,75 35,98 75,85 88,30! 90,80 100,98",  # u
    "0,30 22,100! 50,45! 78,100! 100,30",  # w
)
_SHAPES: Mapping[str, str] = {
    "squares": "5,5 50,4! 95,5! 95,50! 95,95! 50,96! 5,95! 5,50! 5,5",
    "triangles": "50,2 75,50! 98,96! 50,96! 2,96! 25,50! 50,2",
    "circles": "50,0 15,15 0,50 15,85 50,100 85,85 100,50 85,15 50,0 40,2",
}


def letters(count: int, random: Random) -> list[Strokes]:
    """Return letters in many hands, all but those that are also digits, each letter as often."""
    styles = [Style(0, 1, strokes, spread=2.5, flow=0.6) for strokes in _LETTERS]
    return _written([styles[i % len(styles)] for i in range(count)], random)


def shape(name: str) -> Callable[[int, Random], list[Strokes]]:
    """Return what draws squares, triangles or circles; a circle is a zero, whoever drew it."""
    style = Style(0, 1, _SHAPES[name], spread=2, aspect=1.0, flow=0.3)
    return lambda count, random: _written([style] * count, random)


def scribbles(count: int, random: Random) -> list[Strokes]:
    """Return long smooth lines that turn about at random and cross themselves many times."""
    return [[_wandering(int(turns), random)] for turns in random.integers(8, 25, count)]


def dots(count: int, random: Random) -> list[Strokes]:
    """Return two to six short touches of the pen here and there."""
    drawn = []
    for touches in random.integers(2, 7, count):
        places = random.uniform(0, 100, (touches, 2))
        drawn.append([place + random.uniform(-2, 2, (2, 2)) for place in places])
    return drawn


def _written(styles: list[Style], random: Random) -> list[Strokes]:
    lines = write(styles, random)
    drawn = []
    for points, joined in zip(lines.points.astype(np.float64), lines.pen, strict=True):
        drawn.append(np.split(points, np.flatnonzero(~joined) + 1))
    return drawn


def _wandering(turns: int, random: Random) -> Points:
    """Return a curve through so many random places, smooth as a pen makes it."""
    places = random.uniform(0, 100, (turns, 2))
    steps = np.linspace(0, turns - 1, 8 * turns)
    curve = np.stack([np.interp(steps, np.arange(turns), axis) for axis in places.T], axis=1)
    window = np.hanning(11) / np.hanning(11).sum()
    return np.stack([np.convolve(axis, window, "valid") for axis in curve.T], axis=1)
