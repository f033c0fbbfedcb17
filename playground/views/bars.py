"""A few numbers as bars with names: the scores and probabilities at the end of a network."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QPainter, QPixmap

from playground.theme import Theme
from playground.views.mosaic import Scale, Values
from playground.views.texts import line_width, write_line
from playground.wording import format_number

_TALLEST = 26  # px a row
_ROOM_FOR_NUMBERS = 92  # px from which on numbers are written too
_NUMBERS = 44.0  # px


def row_height(body: QRectF, count: int) -> float:
    """Return the height of a row in px."""
    return min(_TALLEST, body.height() / max(1, count))


def bar_at(body: QRectF, count: int, point: QPointF) -> int | None:
    """Return the bar at a point, or None."""
    row = int((point.y() - body.y()) // row_height(body, count))
    return row if 0 <= row < count and body.left() <= point.x() <= body.right() else None


class Bars:
    """Paints one row per number: its name, its bar from zero, the largest emphasised.

    Names and grooves are the same from frame to frame: they are painted once and kept as a picture.
    """

    def __init__(self) -> None:
        self._ground = QPixmap()
        self._made_of: tuple[object, ...] = ()  # what the picture shows
        self._grooves: list[tuple[float, float, float, float]] = []  # x, y, width, height of each bar's place
        self._names = 0.0  # px, width of the names
        self._numbers = 0.0  # px, width of the numbers; 0 where there is no room for them

    def paint(
        self,
        painter: QPainter,
        theme: Theme,
        body: QRectF,
        values: Values | None,
        scale: Scale | None,
        labels: Sequence[str],
        marked: int | None,
        *,
        stressed: bool = True,
    ) -> None:
        """Paint a row for each label into `body`; the largest is emphasised where `stressed`, `marked` is
        outlined."""
        if not labels:
            return
        winner = _winner(values) if stressed else -1
        ratio = painter.device().devicePixelRatio()
        made_of = (theme, body.getRect(), tuple(labels), winner, ratio)
        if made_of != self._made_of:
            self._made_of = made_of
            self._paint_ground(theme, body, labels, winner, ratio)
        painter.drawPixmap(body.topLeft(), self._ground)
        if values is not None and scale is not None:
            self._paint_values(painter, theme, values, scale)
            if self._numbers:
                self._write_numbers(painter, theme, body, values, scale, winner)
        if marked is not None and 0 <= marked < len(labels):
            painter.setPen(theme.color("accent"))
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawRoundedRect(line_rect(body, len(labels), marked).adjusted(-2, 0.5, 2, -0.5), 3, 3)

    def _paint_ground(
        self, theme: Theme, body: QRectF, labels: Sequence[str], winner: int, ratio: float
    ) -> None:
        """Paint names and grooves, the winner's name emphasised."""
        self._ground = QPixmap((body.size() * ratio).toSize())
        self._ground.setDevicePixelRatio(ratio)
        self._ground.fill(theme.color("panel"))
        self._grooves = []
        inside = QRectF(0, 0, body.width(), body.height())
        painter = QPainter(self._ground)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        widest = max(line_width(role, label) for label in labels for role in ("small", "strong"))
        self._names = min(widest, body.width() * 0.5)
        self._numbers = _NUMBERS if body.width() >= _ROOM_FOR_NUMBERS + self._names else 0.0
        for row, label in enumerate(labels):
            line = line_rect(inside, len(labels), row)
            painter.setPen(theme.color("text" if row == winner else "muted"))
            name = QRectF(line.x(), line.y(), self._names + 3, line.height())
            write_line(painter, name, "strong" if row == winner else "small", label)
            groove = line.adjusted(self._names + 5, line.height() * 0.2, -self._numbers, -line.height() * 0.2)
            painter.fillRect(groove, theme.color("grid"))
            place = groove.translated(body.topLeft())
            self._grooves.append((place.x(), place.y(), place.width(), place.height()))
        painter.end()

    def _paint_values(self, painter: QPainter, theme: Theme, values: Values, scale: Scale) -> None:
        """Fill each groove from zero (the middle of a signed scale) to the value."""
        limit = max(scale.limit_of(0), 1e-12)
        shares = np.clip(np.where(np.isfinite(values), values / limit, 0), -1.0 if scale.signed else 0.0, 1.0)
        negative, positive = QColor(theme.series[0]), QColor(theme.series[1])
        for (x, y, whole, high), share in zip(self._grooves, shares.tolist(), strict=False):
            if scale.signed:
                whole /= 2
                x += whole
            bar = QRectF(x + min(share, 0.0) * whole, y, abs(share) * whole, high)
            painter.fillRect(bar, negative if share < 0 else positive)
        if scale.signed:
            zeros = [QRectF(x + whole / 2 - 0.5, y - 1, 1, high + 2) for x, y, whole, high in self._grooves]
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(theme.color("muted", 0.6))
            painter.drawRects(zeros)

    def _write_numbers(
        self, painter: QPainter, theme: Theme, body: QRectF, values: Values, scale: Scale, winner: int
    ) -> None:
        """Write each value at the right."""
        small = not scale.signed and scale.limit_of(0) <= 1  # probabilities: three decimals
        painter.setPen(theme.color("muted"))
        for row, value in enumerate(values.tolist()):
            line, wins = line_rect(body, len(values), row), row == winner
            if wins:
                painter.setPen(theme.color("text"))
            write_line(painter, line, "strong" if wins else "small", _number(value, small), at_right=True)
            if wins:
                painter.setPen(theme.color("muted"))


def line_rect(body: QRectF, count: int, row: int) -> QRectF:
    """Return the place of a row."""
    height = row_height(body, count)
    return QRectF(body.x(), body.y() + row * height, body.width(), height)


def _winner(values: Values | None) -> int:
    """Return the place of the largest number, -1 where several share it."""
    if values is None or np.count_nonzero(values == values.max()) != 1:
        return -1
    return int(np.argmax(values))


def _number(value: float, probability: bool) -> str:
    """Return a probability with three decimals, other numbers with three digits."""
    return f"{value:.3f}" if probability else format_number(value)
