"""How the sheet of the drawing canvas is painted: paper, strokes or picture, hint, brush."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QImage, QPainter, QPen, QPixmap

from playground.drawing import Drawing, Point, Stroke, paint_stroke
from playground.qt_images import to_picture
from playground.theme import Theme, font, rgb


def color_of(theme: Theme, stroke: Stroke) -> QColor:
    """Return what a stroke is painted with: ink, or paper when it erases."""
    return theme.color("paper" if stroke.erase else "ink")


def finished_sheet(
    theme: Theme, drawing: Drawing, picture: NDArray[np.uint8] | None, side: float, ratio: float
) -> QPixmap:
    """Return the sheet with its picture, in its aspect, else its strokes; side in px, ratio = screen pixels
    per px."""
    pixmap = QPixmap(QSize(round(side * ratio), round(side * ratio)))
    pixmap.setDevicePixelRatio(ratio)
    pixmap.fill(theme.color("paper"))
    painter = QPainter(pixmap)
    if picture is not None:
        height, width = (length * side / max(picture.shape[:2]) for length in picture.shape[:2])
        place = QRectF((side - width) / 2, (side - height) / 2, width, height)
        painter.drawImage(place, _on_paper(theme, picture))
    else:
        for stroke in drawing.strokes:
            paint_stroke(painter, stroke, side, color_of(theme, stroke))
    painter.end()
    return pixmap


def _on_paper(theme: Theme, picture: NDArray[np.uint8]) -> QImage:
    """Return a picture for the sheet; gray ones run from paper (0) to ink (255), colours stay."""
    if picture.ndim == 3 and picture.shape[2] == 3:
        return to_picture(picture)
    gray = picture if picture.ndim == 2 else picture[:, :, 0]
    paper, ink = np.array(rgb(theme.paper)), np.array(rgb(theme.ink))
    return to_picture((paper + (ink - paper) * (gray[:, :, None] / 255)).astype(np.uint8))


def paint_hint(painter: QPainter, theme: Theme, side: float, hint: str, more: str) -> None:
    """Write what to do on an empty sheet."""
    painter.setPen(theme.color("muted"))
    painter.setFont(font("title"))
    painter.drawText(QRectF(0, side / 2 - 28, side, 24), Qt.AlignmentFlag.AlignCenter, hint)
    painter.setFont(font("small"))
    painter.drawText(QRectF(0, side / 2, side, 20), Qt.AlignmentFlag.AlignCenter, more)


def paint_brush(painter: QPainter, theme: Theme, at: Point, width: float, side: float) -> None:
    """Ring of the brush's size where the pen is: the mouse pointer's, and the keyboard's."""
    painter.setPen(QPen(theme.color("accent"), 1.5))
    painter.setBrush(Qt.BrushStyle.NoBrush)
    painter.drawEllipse(QPointF(at[0] * side, at[1] * side), width * side / 2, width * side / 2)


def paint_border(painter: QPainter, theme: Theme, sheet: QRectF, *, focused: bool) -> None:
    """The edge of the sheet, strong where the keyboard moves the pen."""
    painter.setBrush(Qt.BrushStyle.NoBrush)
    meaning, wide = ("accent", 2) if focused else ("border", 1)
    painter.setPen(QPen(theme.color(meaning), wide))
    painter.drawRoundedRect(sheet, 3, 3)
