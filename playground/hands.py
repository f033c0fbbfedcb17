"""Other hands, other devices: the lines of a drawing as another person, pen, finger or mouse leaves them.

A drawing is a list of lines, each (n, 2) float64 points x, y in drawing units: its longer side is 1.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

Line = NDArray[np.float64]
Random = np.random.Generator

STRETCH = 0.3  # natural logarithm of width against height, at most, either way
SLANT = 0.2  # standard deviation of the tangent
TURN = 6.0  # degrees, standard deviation
BEND = 0.04  # how far a wave over the whole drawing moves its points, at most
SPACING = (0.012, 0.18)  # between two points: from a tablet to a mouse in a hurry
TREMOR = 0.03  # standard deviation of what a hand goes astray, at most
OVERSHOOT = (-0.04, 0.08)  # by which a line ends too early or too late
GRID = (12, 60)  # pixels a drawing is high on a coarse canvas
COARSE = 0.25  # share of the drawings made on one
GAP = (0.03, 0.09)  # length of a piece of line that was not noticed
BROKEN = 0.1  # share of the drawings with one
SPECKED = 0.03  # share of the drawings with a dot where the pen touched the paper by accident
UNCHANGED = 0.25  # share of the drawings left as they are


def in_unit(strokes: Sequence[Sequence[Sequence[float]]]) -> list[Line]:
    """Return the strokes of any unit as lines, the longer side of their box 1, its corner at 0, 0."""
    lines = [np.asarray(stroke, np.float64) for stroke in strokes]
    points = np.concatenate(lines)
    low, extent = points.min(axis=0), np.ptp(points, axis=0)
    return [(line - low) / max(float(extent.max()), 1e-9) for line in lines]


def by_anyone(lines: Sequence[Line], random: Random) -> list[Line]:
    """Return the lines by another hand and on another device, or as they are, by chance."""
    if random.random() < UNCHANGED:
        return list(lines)
    return on_another_device(by_another_hand(lines, random), random)


def by_another_hand(lines: Sequence[Line], random: Random) -> list[Line]:
    """Return the lines in other proportions: stretched, slanted, turned, bent as a whole."""
    stretch = np.exp(random.uniform(-STRETCH, STRETCH) / 2)
    slant = float(np.clip(random.normal(0, SLANT), -0.5, 0.5))
    angle = np.radians(np.clip(random.normal(0, TURN), -15, 15))
    cosine, sine = np.cos(angle), np.sin(angle)
    turn = np.array([[cosine, -sine], [sine, cosine]])
    matrix = turn @ np.array([[1.0, slant], [0.0, 1.0]]) @ np.diag([stretch, 1 / stretch])
    waves = [
        (random.uniform(-0.9, 0.9, 2), random.uniform(0, 2 * np.pi), random.uniform(-BEND, BEND, 2))
        for _ in range(2)
    ]
    return [
        (line + sum(np.sin(2 * np.pi * (line @ way) + phase)[:, None] * by for way, phase, by in waves))
        @ matrix.T
        for line in lines
    ]


def on_another_device(lines: Sequence[Line], random: Random) -> list[Line]:
    """Return the lines as fewer points, shaken, ending elsewhere, some on a coarse grid or with a gap."""
    spacing = float(np.exp(random.uniform(*np.log(SPACING))))
    tremor = random.uniform(0, TREMOR) * random.integers(0, 2)
    grid = random.uniform(*GRID) if random.random() < COARSE else 0.0
    made = []
    for line in lines:
        line = _ending_elsewhere(_evenly(line, spacing), random)
        line = line + tremor * _astray(len(line), spacing, random)
        made.append(np.round(line * grid) / grid if grid else line)
    if random.random() < BROKEN:
        made = _with_gap(made, random)
    if random.random() < SPECKED:
        made.append(random.uniform(-0.15, 1.15, (1, 2)))
    return made


def _evenly(line: Line, spacing: float) -> Line:
    """Return points along the line about `spacing` apart, its ends kept; one point of a dot."""
    along = np.concatenate([[0.0], np.cumsum(np.hypot(*np.diff(line, axis=0).T))])
    if along[-1] <= 0:
        return line[:1]
    wanted = np.linspace(0, along[-1], max(2, round(along[-1] / spacing) + 1))
    return np.stack([np.interp(wanted, along, line[:, axis]) for axis in (0, 1)], axis=1)


def _ending_elsewhere(line: Line, random: Random) -> Line:
    """Return the line with its last point moved along its direction, and a little beside it."""
    if len(line) < 2:
        return line
    direction = line[-1] - line[-2]
    length = float(np.hypot(*direction))
    further = max(random.uniform(*OVERSHOOT), -length / 2)
    moved = line[-1] + direction / max(length, 1e-9) * further + random.normal(0, abs(further) / 4, 2)
    return np.concatenate([line[:-1], moved[None]])


def _astray(count: int, spacing: float, random: Random) -> Line:
    """Return (count, 2) offsets of spread 1 that change over a tenth to a third of the drawing."""
    length = random.uniform(0.08, 0.3)
    knots = max(2, int(count * spacing / length) + 2)
    places = np.linspace(0, knots - 1, count)
    return np.stack(
        [np.interp(places, np.arange(knots), random.standard_normal(knots)) for _ in "xy"], axis=1
    )


def _with_gap(lines: Sequence[Line], random: Random) -> list[Line]:
    """Return the lines, the longest one in two parts with a gap between them."""
    longest = max(range(len(lines)), key=lambda index: len(lines[index]))
    line = _evenly(lines[longest], 0.01)
    missing = round(random.uniform(*GAP) / 0.01)
    if len(line) < 4 * missing:
        return list(lines)
    start = int(random.integers(missing, len(line) - 2 * missing))
    parts = [line[:start], line[start + missing :]]
    return [*lines[:longest], *parts, *lines[longest + 1 :]]
