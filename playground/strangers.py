"""Drawings that are no digits, to find out what a network for digits makes of them: made up, by a seed.

`other_drawings` draws what it learned from: squares and triangles too, and scribbles in another way, but none
of the letters and of the further shapes here.

A drawing is strokes, each (n, 2) points x, y, y downwards, in any unit, as `strokes.seen` takes them.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from cnn_core.datasets.digit_styles import Style
from playground.other_drawings import Draw, Points, Random, Strokes, written

LETTERS = "ACEFHKLMNPRTUVWXYaefhkmnrtuw"  # all that are not also digits: B b D G g I i J j l O o q S s Z z
SIGNS = "&#@%+=?*ΔΩΨΛψωλπ"
# How people write letters, as the built-in digits are described.
_NEW_LETTERS = (
    "95,15 55,0 15,20 0,55 20,88 60,100 95,82",  # C
    "92,0 5,0! 5,100 | 5,46 72,46",  # F
    "5,0 5,100! 90,100",  # L
    "8,55 80,50 75,15 40,5 8,40 15,85 55,100 92,85",  # e
    "5,30 8,100! 20,45 40,40 48,60 48,100! 60,45 85,42 94,60 95,100",  # m
    "8,30 10,100! 25,48 60,38 85,55 88,100",  # n
    "45,0 42,75 60,100 85,92 | 8,32 82,32",  # t
)
SHAPES: Mapping[str, str] = {
    "squares": "5,5 50,4! 95,5! 95,50! 95,95! 50,96! 5,95! 5,50! 5,5",
    "triangles": "50,2 75,50! 98,96! 50,96! 2,96! 25,50! 50,2",
    "circles": "50,0 15,15 0,50 15,85 50,100 85,85 100,50 85,15 50,0 40,2",
    "arrows": "0,50 100,50! 65,20 | 100,50 65,80",
    "houses": "10,100 10,40! 50,0! 90,40! 90,100! 10,100 | 40,100 40,70! 60,70! 60,100",
    "faces": "50,0 15,15 0,50 15,85 50,100 85,85 100,50 85,15 50,0 | 33,33 34,42 | 66,33 67,42 "
    "| 25,65 50,80 75,65",
    "people": "50,0 38,12 50,26 62,12 50,0 | 50,26 50,65 | 20,40 80,40 | 50,65 25,100 | 50,65 75,100",
    "fish": "100,25 40,80 0,50 40,20 100,75! 100,25",
    "flashes": "60,0 15,55! 55,50! 30,100",
    "diamonds": "50,0 90,50! 50,100! 10,50! 50,0",
}


def letters(count: int, random: Random) -> list[Strokes]:
    """Return the letters C F L e m n t in many hands, each as often; they are not among `other_drawings`."""
    styles = [Style(0, 1, strokes, spread=2.5, flow=0.6) for strokes in _NEW_LETTERS]
    return written([styles[i % len(styles)] for i in range(count)], random)


def shape(name: str) -> Draw:
    """Return what draws a shape; a circle is a zero, whoever drew it."""
    style = Style(0, 1, SHAPES[name], spread=2, aspect=1.0, flow=0.3)
    return lambda count, random: written([style] * count, random)


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


def _wandering(turns: int, random: Random) -> Points:
    """Return a curve through so many random places, smooth as a pen makes it."""
    places = random.uniform(0, 100, (turns, 2))
    steps = np.linspace(0, turns - 1, 8 * turns)
    curve = np.stack([np.interp(steps, np.arange(turns), axis) for axis in places.T], axis=1)
    window = np.hanning(11) / np.hanning(11).sum()
    return np.stack([np.convolve(axis, window, "valid") for axis in curve.T], axis=1)
