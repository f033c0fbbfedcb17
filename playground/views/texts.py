"""Short texts that are painted frame after frame: laid out once, then only put on the screen."""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache
from math import ceil

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QPainter, QStaticText

from playground.theme import font


def write_line(
    painter: QPainter,
    box: QRectF,
    role: str,
    text: str,
    *,
    at_right: bool = False,
    shorter: Iterable[str] = (),
) -> None:
    """Write one line into a box, in the middle of its height and in the painter's colour; `role` as for
    `theme.font`. What is too long gives way to the first of the `shorter` that fits, or ends in dots."""
    painter.setFont(font(role))
    written = _laid_out(role, text)
    size = written.size()
    if size.width() > box.width():
        for text in shorter:
            written = _laid_out(role, text)
            size = written.size()
            if size.width() <= box.width():
                break
    if size.width() > box.width():
        shortened = painter.fontMetrics().elidedText(text, Qt.TextElideMode.ElideRight, int(box.width()))
        written = _laid_out(role, shortened)
        size = written.size()
    x = box.right() - size.width() if at_right else box.x()
    painter.drawStaticText(QPointF(x, box.y() + (box.height() - size.height()) / 2), written)


def line_width(role: str, text: str) -> int:
    """Return the px that `write_line` needs for a text."""
    return ceil(_laid_out(role, text).size().width())


@lru_cache(maxsize=2048)
def _laid_out(role: str, text: str) -> QStaticText:
    """Return the text with its letters in place: with a dash or a narrow space in it that takes longer than
    all the rest of writing a number."""
    result = QStaticText(text)
    result.setTextFormat(Qt.TextFormat.PlainText)
    result.prepare(font=font(role))
    return result
