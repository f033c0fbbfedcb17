"""Digits as a person would draw them: strokes in units of the canvas, and how to draw them with the mouse."""

import math

from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QWidget

Stroke = list[tuple[float, float]]


def arc(x: float, y: float, width: float, height: float, begin: float, end: float) -> Stroke:
    """Points on an ellipse around (x, y), angles in turns, 0 to the right, 0.25 downwards."""
    angles = [2 * math.pi * (begin + (end - begin) * i / 16) for i in range(17)]
    return [(x + width / 2 * math.cos(angle), y + height / 2 * math.sin(angle)) for angle in angles]


DIGITS: dict[int, list[Stroke]] = {
    0: [arc(0.5, 0.5, 0.4, 0.6, -0.25, 0.75)],
    1: [[(0.5, 0.2), (0.5, 0.35), (0.5, 0.5), (0.5, 0.65), (0.5, 0.8)]],
    2: [
        [
            *arc(0.5, 0.36, 0.36, 0.32, -0.5, 0.1),
            (0.55, 0.6),
            (0.42, 0.7),
            (0.3, 0.8),
            (0.5, 0.8),
            (0.72, 0.8),
        ]
    ],
    3: [[*arc(0.48, 0.35, 0.34, 0.3, -0.42, 0.22), *arc(0.48, 0.65, 0.4, 0.32, -0.22, 0.4)]],
    4: [
        [(0.35, 0.2), (0.32, 0.35), (0.3, 0.52), (0.5, 0.53), (0.7, 0.52)],
        [(0.62, 0.2), (0.61, 0.5), (0.6, 0.82)],
    ],
    7: [[(0.3, 0.22), (0.5, 0.22), (0.7, 0.22), (0.6, 0.42), (0.52, 0.62), (0.45, 0.82)]],
}


def draw(canvas: QWidget, strokes: list[Stroke]) -> None:
    """Draw with the left mouse button, a move event for each point."""
    side = min(canvas.width(), canvas.height()) - 2
    left, top = (canvas.width() - side) / 2, (canvas.height() - side) / 2
    for stroke in strokes:
        places = [QPoint(round(left + x * side), round(top + y * side)) for x, y in stroke]
        QTest.mousePress(canvas, Qt.MouseButton.LeftButton, pos=places[0])
        for place in places[1:]:
            QTest.mouseMove(canvas, place)
        QTest.mouseRelease(canvas, Qt.MouseButton.LeftButton, pos=places[-1])
