"""Drawings that are no digits, for a network to learn what a digit is not: made up, by a seed.

What is learned is measured on what `strangers` draws: in part the same things otherwise made, in part things
that are not drawn here. A drawing is strokes, each (n, 2) points x, y, y downwards, in any unit.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cnn_core.datasets.digit_strokes import write
from cnn_core.datasets.digit_styles import STYLES, Style
from playground import hands, strokes

Points = NDArray[np.float64]
Strokes = list[Points]
Random = np.random.Generator
Draw = Callable[[int, Random], list[Strokes]]

BY_OTHER_HANDS = 0.5  # share of the drawings as another hand would have drawn them on another device
# How people write letters, as the built-in digits are described; none that is also a digit.
LETTERS: Mapping[str, tuple[str, ...]] = {
    "A": ("0,100 50,0! 100,100 | 22,62 78,62", "0,100 10,30 50,0 90,30 100,100 | 8,60 92,60"),
    "E": ("90,0 5,0! 5,100! 92,100 | 5,48 75,48", "85,10 40,0 10,22 45,48! 8,70 30,98 92,88"),
    "H": ("5,0 5,100 | 95,0 95,100 | 5,50 95,50",),
    "K": ("5,0 5,100 | 88,0 10,55! 92,100", "5,0 5,100 | 95,5 8,60 | 30,45 92,100"),
    "M": ("0,100 8,0! 50,70! 92,0! 100,100", "5,100 5,0! 50,45! 95,0! 95,100"),
    "N": ("5,100 5,0! 92,100! 92,0", "0,100 15,0! 75,100! 100,0"),
    "P": ("5,100 5,0 60,2 90,25 60,52 8,54", "10,0 8,100 | 0,8 60,-2 95,25 60,50 10,52"),
    "R": ("5,100 5,0 60,2 88,25 60,50 8,52 | 45,52 92,100", "8,100 8,0! 60,0 88,25 60,48 10,52! 92,100"),
    "T": ("0,2 100,0 | 50,2 50,100", "0,0 50,0! 50,100! 50,0! 100,0"),
    "U": ("5,0 6,65 28,98 70,98 94,65 95,0", "0,0 8,80 45,100 85,75 92,0! 92,98"),
    "V": ("0,0 50,100! 100,0",),
    "X": ("0,0 100,100 | 100,0 0,100",),
    "Y": ("0,0 50,50 | 100,0 50,50! 50,100", "0,0 50,55 | 100,0 20,100"),
    "a": (
        "80,30 45,10 10,45 25,90 60,85 82,30! 80,80 98,98",
        "15,15 60,0 85,30 85,100 | 84,45 30,50 8,80 40,98 84,75",
    ),
    "f": ("85,10 60,0 42,20 42,100 | 12,42 78,42", "90,5 55,5 45,40 48,130 | 15,48 85,45"),
    "h": ("8,0 8,100! 20,55 60,42 85,60 86,100",),
    "k": ("8,0 8,100 | 75,40 12,68! 80,100",),
    "r": ("10,30 12,100! 20,55 45,35 80,40", "5,30 10,100 | 8,60 40,32 75,35 85,45"),
    "u": ("5,30 8,75 35,98 75,85 88,30! 90,80 100,98",),
    "w": ("0,30 22,100! 50,45! 78,100! 100,30", "0,30 5,85 30,95 50,40! 55,85 80,98 100,30"),
}
SHAPES: Mapping[str, tuple[str, ...]] = {
    "a square": (
        "5,5 50,4! 95,5! 95,50! 95,95! 50,96! 5,95! 5,50! 5,5",
        "95,5! 5,5! 5,95! 95,95! 95,0",
        "5,5 5,95! 95,95 | 5,5 95,5! 95,95",
    ),
    "a triangle": (
        "50,2 75,50! 98,96! 50,96! 2,96! 25,50! 50,2",
        "2,4 50,4! 98,4! 75,50! 50,98! 25,50! 2,4",
        "2,98 2,2! 98,98! 0,98",
        "95,2! 5,50! 95,98! 95,0",
    ),
    "a diamond": ("50,0 95,50! 50,100! 5,50! 50,0", "50,2! 5,50! 50,98 | 50,2 95,50! 50,98"),
    "a star": ("20,98 50,2! 80,98! 3,38! 97,38! 20,98", "50,0 50,100 | 5,25 95,75 | 95,25 5,75"),
    "a heart": ("50,98! 5,45 12,8 38,5 50,30! 62,5 88,8 95,45 50,98",),
    "a cross": ("50,0 50,100 | 0,50 100,50", "50,0 50,100 | 15,30 85,30"),
    "a spiral": (
        "50,50 58,44 66,56 48,70 30,52 44,26 78,32 84,72 42,92 8,58 24,8 82,4 104,60",
        "100,50 75,95 20,88 4,40 34,6 78,18 84,62 50,80 22,56 40,28 64,44 52,58",
    ),
    "a zigzag": (
        "0,20 18,90! 36,10! 54,90! 72,10! 90,90",
        "0,0 100,15! 0,35! 100,55! 0,75! 100,98",
        "0,50 12,5 25,50 38,95 50,50 62,5 75,50 88,95 100,50",
    ),
    "a grid": (
        "33,0 33,100 | 66,0 66,100 | 0,33 100,33 | 0,66 100,66",
        "5,5 95,5! 95,95! 5,95! 5,5 | 5,5 95,95 | 95,5 5,95",
    ),
}


def images(count: int, seed: int) -> NDArray[np.uint8]:
    """Return what a network sees of so many drawings, (count, 28, 28, 1): of each kind as many, shuffled."""
    random = np.random.default_rng(seed)
    each = -(-count // len(KINDS))
    drawings = [drawing for draw in KINDS.values() for drawing in draw(each, random)]
    chosen = random.permutation(len(drawings))[:count]
    return np.stack([_seen(drawings[place], random) for place in chosen])


def _seen(drawing: Sequence[Any], random: Random) -> NDArray[np.uint8]:
    lines = hands.in_unit(drawing)
    if random.random() < BY_OTHER_HANDS:
        lines = hands.by_anyone(lines, random)
    return strokes.seen(lines, random)


def _one_of(described: Mapping[str, tuple[str, ...]], aspect: float) -> Draw:
    """Return what draws each of the things described as often, in one of the ways it is described."""

    def draw(count: int, random: Random) -> list[Strokes]:
        ways = [way for way in described.values() for _ in range(-(-count // len(described)))][:count]
        styles = [
            Style(
                0,
                1,
                way[random.integers(len(way))],
                spread=2.5,
                flow=random.choice((0.2, 0.6)),
                aspect=aspect,
            )
            for way in ways
        ]
        return written(styles, random)

    return draw


def written(styles: list[Style], random: Random) -> list[Strokes]:
    """Return one drawing in each of the styles, each in a hand of its own."""
    lines = write(styles, random)
    return [
        np.split(points, np.flatnonzero(~joined) + 1)
        for points, joined in zip(lines.points.astype(np.float64), lines.pen, strict=True)
    ]


def turned_digits(count: int, random: Random) -> list[Strokes]:
    """Return digits lying on one side or the other, all but 0, which would still be one."""
    styles = [style for style in STYLES if style.digit]
    drawn = written([styles[place] for place in random.integers(len(styles), size=count)], random)
    ways = random.choice((-1.0, 1.0), count)
    return [
        [line[:, ::-1] * (way, -way) for line in drawing] for drawing, way in zip(drawn, ways, strict=True)
    ]


def several_digits(count: int, random: Random) -> list[Strokes]:
    """Return numbers of two or three digits."""
    drawn = []
    for digits in random.integers(2, 4, count):
        styles = [STYLES[place] for place in random.integers(len(STYLES), size=digits)]
        number: Strokes = []
        end = 0.0
        for digit in written(styles, random):
            low = min(line[:, 0].min() for line in digit)
            digit = [line + np.array([end - low, 0]) for line in digit]
            end = max(line[:, 0].max() for line in digit) + random.uniform(0.05, 0.3)
            number += digit
        drawn.append(number)
    return drawn


def figures(count: int, random: Random) -> list[Strokes]:
    """Return three to seven straight and bent lines, many of them starting on one drawn before."""
    drawn = []
    for pieces in random.integers(3, 8, count):
        figure: Strokes = []
        for _ in range(pieces):
            start, middle, end = random.uniform(0, 100, (3, 2))
            if figure and random.random() < 0.6:
                line = figure[random.integers(len(figure))]
                start = line[random.integers(len(line))]
            if random.random() < 0.5:
                middle = (start + end) / 2
            share = np.linspace(0, 1, 12)[:, None]
            figure.append((1 - share) ** 2 * start + 2 * share * (1 - share) * middle + share**2 * end)
        drawn.append(figure)
    return drawn


def tangles(count: int, random: Random) -> list[Strokes]:
    """Return one long line that bends now more, now less, and turns back where it would leave the paper."""
    return [[_tangle(int(steps), random)] for steps in random.integers(60, 240, count)]


def _tangle(steps: int, random: Random) -> Points:
    place, heading, bend = np.array([50.0, 50.0]), random.uniform(0, 2 * np.pi), 0.0
    points = np.empty((steps, 2))
    for step in range(steps):
        bend = 0.9 * bend + 0.12 * random.standard_normal()
        heading += bend
        if np.hypot(*(place - 50)) > 45:
            heading = np.arctan2(*(50 - place)[::-1]) + random.uniform(-0.6, 0.6)
        place = place + 6 * np.array([np.cos(heading), np.sin(heading)])
        points[step] = place
    return points


def hatching(count: int, random: Random) -> list[Strokes]:
    """Return areas filled by going to and fro."""
    drawn = []
    for turns in random.integers(5, 16, count):
        ends = np.tile([0.0, 100.0], turns)[:turns] + random.normal(0, 8, turns)
        down = np.linspace(0, random.uniform(40, 140), turns)
        angle = random.uniform(0, np.pi)
        turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
        drawn.append([np.stack([ends, down], axis=1) @ turn.T])
    return drawn


KINDS: Mapping[str, Draw] = {
    "letters": _one_of(LETTERS, 0.78),
    "more letters": _one_of(LETTERS, 1.0),
    "shapes": _one_of(SHAPES, 1.0),
    "figures": figures,
    "turned digits": turned_digits,
    "several digits": several_digits,
    "tangles": tangles,
    "hatching": hatching,
}
