"""A few numbers as bars with names: the scores and probabilities at the end of a network."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QPainter

from playground.theme import Theme, font, format_number
from playground.views.mosaic import Scale, Values

_TALLEST = 26  # px a row
_ROOM_FOR_NUMBERS = 92  # px from which on numbers are written too


def row_height(body: QRectF, count: int) -> float:
    """Return the height of a row in px."""
    return min(_TALLEST, body.height() / max(1, count))


def bar_at(body: QRectF, count: int, point: QPointF) -> int | None:
    """Return the bar at a point, or None."""
    row = int((point.y() - body.y()) // row_height(body, count))
    return row if 0 <= row < count and body.left() <= point.x() <= body.right() else None


def paint_bars(
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
    """Paint one row per number: its name, its bar from zero; `marked` is outlined.

    The largest is emphasised where `stressed`.
    """
    count = len(labels)
    height = row_height(body, count)
    painter.setFont(font("small"))
    widest = max((painter.fontMetrics().horizontalAdvance(label) for label in labels), default=0)
    name_width = min(widest, body.width() * 0.5)
    numbers = 44.0 if body.width() >= _ROOM_FOR_NUMBERS + name_width else 0.0
    winner = _winner(values) if stressed else -1
    for row, label in enumerate(labels):
        line = QRectF(body.x(), body.y() + row * height, body.width(), height)
        painter.setFont(font("strong" if row == winner else "small"))
        painter.setPen(theme.color("text" if row == winner else "muted"))
        text = painter.fontMetrics().elidedText(label, Qt.TextElideMode.ElideRight, int(name_width) + 2)
        painter.drawText(line, Qt.AlignmentFlag.AlignVCenter, text)
        track = line.adjusted(name_width + 5, height * 0.2, -numbers, -height * 0.2)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(theme.color("grid"))
        painter.drawRect(track)
        if values is not None and scale is not None:
            _paint_bar(painter, theme, track, float(values[row]), scale)
            if numbers:
                painter.setPen(theme.color("text" if row == winner else "muted"))
                aligned = Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignRight
                painter.drawText(line, aligned, _number(float(values[row]), scale))
        if row == marked:
            painter.setPen(theme.color("accent"))
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawRoundedRect(line.adjusted(-2, 0.5, 2, -0.5), 3, 3)


def _winner(values: Values | None) -> int:
    """Return the place of the largest number, -1 where several share it."""
    if values is None or np.count_nonzero(values == values.max()) != 1:
        return -1
    return int(np.argmax(values))


def _number(value: float, scale: Scale) -> str:
    """Return a probability with three decimals, other numbers with three digits."""
    return format_number(value) if scale.signed or scale.limit_of(0) > 1 else f"{value:.3f}"


def _paint_bar(painter: QPainter, theme: Theme, track: QRectF, value: float, scale: Scale) -> None:
    """Fill the track from zero (the middle of a signed scale) to the value."""
    share = min(max(value / max(scale.limit_of(0), 1e-12), -1.0), 1.0) if np.isfinite(value) else 0.0
    whole = track.width() / 2 if scale.signed else track.width()
    zero = track.center().x() if scale.signed else track.x()
    if not scale.signed:
        share = max(share, 0.0)
    start = zero + min(share, 0.0) * whole
    painter.setBrush(QColor(theme.series[0 if share < 0 else 1]))
    painter.drawRect(QRectF(start, track.y(), abs(share) * whole, track.height()))
    if scale.signed:
        painter.setPen(theme.color("muted", 0.6))
        painter.drawLine(QPointF(zero, track.top() - 1), QPointF(zero, track.bottom() + 1))
        painter.setPen(Qt.PenStyle.NoPen)
