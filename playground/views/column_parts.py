"""The painted parts of a layer's column that are words: header, problem, legend."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QRect, QRectF, Qt
from PySide6.QtGui import QFontMetrics, QPainter, QPen

from playground.theme import ColorTable, Theme, font
from playground.views.mosaic import Canvas, Grid, packed

LINE = 16  # px, height of a line of the header


def paint_header(
    painter: QPainter, theme: Theme, body: QRectF, lines: Sequence[tuple[str, str]], wrong: bool
) -> None:
    """Write name, shape and detail, each as (text, shorter text for where it does not fit)."""
    room = int(body.width()) + 3
    looks = ("strong", "error" if wrong else "text"), ("small", "text"), ("small", "muted")
    for i, ((text, shorter), (role, color)) in enumerate(zip(lines, looks, strict=True)):
        painter.setFont(font(role))
        painter.setPen(theme.color(color))
        if painter.fontMetrics().horizontalAdvance(text) > room:
            text = painter.fontMetrics().elidedText(shorter or text, Qt.TextElideMode.ElideRight, room)
        painter.drawText(QRectF(body.x(), 2 + LINE * i, room, LINE), Qt.AlignmentFlag.AlignVCenter, text)


def paint_problem(painter: QPainter, theme: Theme, box: QRectF, text: str) -> None:
    """Reason and remedy in a marked box, where the layer's values would be."""
    flags = int(Qt.AlignmentFlag.AlignTop | Qt.TextFlag.TextWordWrap)
    needed = QFontMetrics(font("small")).boundingRect(QRect(0, 0, int(box.width()) - 16, 4000), flags, text)
    box.setHeight(min(box.height(), needed.height() + 36))
    painter.setPen(QPen(theme.color("error"), 1))
    painter.setBrush(theme.color("error", 0.08))
    painter.drawRoundedRect(box, 4, 4)
    inside = box.adjusted(8, 6, -8, -6)
    painter.setPen(theme.color("error"))
    painter.setFont(font("strong"))
    painter.drawText(inside, Qt.AlignmentFlag.AlignTop, "! Does not fit")
    write(painter, theme, inside.adjusted(0, 20, 0, 0), text, "text")


def write(painter: QPainter, theme: Theme, box: QRectF, text: str, color: str) -> None:
    """Write small text over as many lines as it needs."""
    painter.setPen(theme.color(color))
    painter.setFont(font("small"))
    painter.drawText(box, int(Qt.AlignmentFlag.AlignTop | Qt.TextFlag.TextWordWrap), text)


def paint_ramp(painter: QPainter, theme: Theme, room: QRectF, table: ColorTable | None, text: str) -> None:
    """Paint a strip of the colours with what they reach to below it; without a table only the words."""
    if table is not None:
        ramp = Canvas(Grid(count=1, columns=1, tile=(1, 256), gap=0), theme.panel)
        ramp.place(packed(table).reshape(1, 1, 256))
        strip = QRectF(room.x(), room.y(), min(room.width(), 72), 5)
        painter.drawImage(strip, ramp.image())
        painter.setPen(theme.color("border"))
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.drawRect(strip)
    painter.setFont(font("small"))
    painter.setPen(theme.color("muted"))
    text = painter.fontMetrics().elidedText(text, Qt.TextElideMode.ElideRight, int(room.width()) + 2)
    line = QRectF(room.x(), room.y() + 6, room.width() + 4, 15)
    painter.drawText(line, Qt.AlignmentFlag.AlignVCenter, text)
