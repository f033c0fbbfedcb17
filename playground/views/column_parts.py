"""The painted parts of a layer's column that are words: header, problem, legend."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from math import ceil

from PySide6.QtCore import QRect, QRectF, Qt
from PySide6.QtGui import QColor, QFontMetrics, QImage, QPainter, QPen, QPixmap

from playground.theme import ColorTable, Theme, font
from playground.views.texts import line_width, write_line

LINE = 16  # px, height of a line of the header
_RAMP, _LONGEST_RAMP = 5, 72  # px, height and width of a strip of colours
ROLES = ("strong", "small", "small")  # fonts of name, shape and detail


@dataclass(frozen=True, kw_only=True)
class Caption:
    """The words of a column; names, shapes and details each from full to shortest, or empty."""

    names: tuple[str, ...] = ()  # "MaxPool2D 1", "MaxPool 1"
    shapes: tuple[str, ...] = ()  # "26×26×32", "26×26\n×32"
    details: tuple[str, ...] = ()  # "320 parameters", "320"
    tip: str = ""
    problem: str = ""  # why the layer does not fit
    waiting: str = ""  # why there is nothing to show

    @property
    def lines(self) -> tuple[tuple[str, ...], tuple[str, ...], tuple[str, ...]]:
        """The lines of the header, each in all its lengths."""
        return self.names, self.shapes, self.details

    @property
    def words(self) -> str:
        """Name, shape and detail in full."""
        return ", ".join(texts[0] for texts in self.lines if texts)


def text_width(role: str, text: str) -> int:
    """Return the px that the longest line of a text takes in a font."""
    return max(line_width(role, line) for line in text.split("\n"))


def paint_header(painter: QPainter, theme: Theme, body: QRectF, caption: Caption) -> None:
    """Write name, shape and detail, each in the fullest form that fits."""
    room, row = int(body.width()) + 3, 0
    colors = "error" if caption.problem else "text", "text", "muted"
    for role, color, texts in zip(ROLES, colors, caption.lines, strict=True):
        painter.setFont(font(role))
        painter.setPen(theme.color(color))
        metrics = painter.fontMetrics()
        elided = [
            [metrics.elidedText(line, Qt.TextElideMode.ElideRight, room) for line in text.split("\n")]
            for text in texts
        ]
        whole = [lines for lines, text in zip(elided, texts, strict=True) if "\n".join(lines) == text]
        for line in (whole or elided[-1:] or [[]])[0]:
            box = QRectF(body.x(), 2 + LINE * row, room, LINE)
            painter.drawText(box, Qt.AlignmentFlag.AlignVCenter, line)
            row += 1


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


@lru_cache(maxsize=64)
def _ramp(table: bytes, width: float, ratio: float, border: str) -> QPixmap:
    """Return the colours of a (256, 3) table from left to right, framed; kept, each frame needs it again."""
    picture = QPixmap(ceil(width * ratio), ceil((_RAMP + 1) * ratio))
    strip = QRectF(0.5, 0.5, width - 1, _RAMP)  # the frame lies on whole pixels
    picture.setDevicePixelRatio(ratio)
    picture.fill(Qt.GlobalColor.transparent)
    painter = QPainter(picture)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.drawImage(strip, QImage(table, 256, 1, 3 * 256, QImage.Format.Format_RGB888))
    painter.setPen(QColor(border))
    painter.drawRect(strip)
    painter.end()
    return picture


def paint_ramp(
    painter: QPainter,
    theme: Theme,
    room: QRectF,
    table: ColorTable | None,
    text: str,
    shorter: Iterable[str] = (),
) -> None:
    """Paint a strip of the colours with what they reach to below it; without a table only the words."""
    if table is not None:
        ratio = painter.device().devicePixelRatio()
        ramp = _ramp(table.tobytes(), min(room.width(), _LONGEST_RAMP), ratio, theme.border)
        painter.drawPixmap(room.topLeft().toPoint(), ramp)
    painter.setPen(theme.color("muted"))
    box = QRectF(room.x(), room.y() + 6, room.width(), 15)
    write_line(painter, box, "small", text, shorter=shorter)
