"""What is on the canvas, as frozen values: a drawing, and how it becomes pixels, or a picture."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property, lru_cache
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QPointF, Qt
from PySide6.QtGui import QColor, QImage, QPainter, QPainterPath, QPen

RASTER_SIZE = 280  # px; ten times the input of the usual digit networks
DEFAULT_WIDTH = 0.07  # of the canvas; after framing about as thick as the strokes of MNIST
FINEST, BROADEST = 0.06, 0.25  # of what a drawing spans: finer lines fade, broader ones fill the loops

Point = tuple[float, float]  # x to the right, y down, the canvas spans 0..1


@dataclass(frozen=True)
class Stroke:
    """One movement of the pen: its points and width in units of the canvas; an erasing one removes ink."""

    points: tuple[Point, ...]
    width: float = DEFAULT_WIDTH
    erase: bool = False

    @cached_property
    def bounds(self) -> tuple[float, float, float, float]:
        """Left, top, right and bottom of the points; found once, while other strokes go on."""
        x, y = zip(*self.points, strict=True)
        return min(x), min(y), max(x), max(y)

    def extended(self, point: Point) -> Stroke:
        """Return the stroke with one more point at its end."""
        return replace(self, points=(*self.points, point))


@dataclass(frozen=True)
class Drawing:
    """Strokes in the order they were made."""

    strokes: tuple[Stroke, ...] = ()

    def with_stroke(self, stroke: Stroke) -> Drawing:
        """Return the drawing with one more stroke on top."""
        return Drawing((*self.strokes, stroke))

    def __bool__(self) -> bool:
        return bool(self.strokes)


@dataclass(frozen=True, eq=False)
class Picture:
    """An image that was not drawn with the pen but taken from a data set or a file.

    `pixels` (H, W, C) uint8, and a caption for people such as `digits 17: 3`.

    With `as_drawing` the pixels are ink (H, W, 1), bright on dark, and are prepared as strokes are; without,
    the network gets them as they are. `label` is the class an image of a data set has there, by name. `scan`
    (H, W, 3) uint8 are the pixels of a picture from outside, which can be taken either way.
    """

    pixels: NDArray[np.uint8]
    caption: str
    as_drawing: bool = False
    label: str = ""
    scan: NDArray[np.uint8] | None = None


def stroke_path(stroke: Stroke, size: float) -> QPainterPath:
    """Return the stroke's middle line, scaled to size, smooth through the pen's samples.

    Quadratic curves run from the middle of one segment to the middle of the next with the sample between
    as control point, so a fast pen draws curves, not corners.
    """
    points = [QPointF(x * size, y * size) for x, y in stroke.points]
    path = QPainterPath(points[0])
    for point, following in pairwise(points[1:]):
        path.quadTo(point, (point + following) / 2)
    path.lineTo(points[-1])
    return path


def paint_stroke(painter: QPainter, stroke: Stroke, size: float, color: QColor) -> None:
    """Paint one stroke with round ends on a square of the given size, at the painter's origin."""
    pen = QPen(
        color, stroke.width * size, Qt.PenStyle.SolidLine, Qt.PenCapStyle.RoundCap, Qt.PenJoinStyle.RoundJoin
    )
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setPen(pen)
    painter.setBrush(Qt.BrushStyle.NoBrush)
    if len(set(stroke.points)) == 1:
        x, y = stroke.points[0]
        painter.drawPoint(QPointF(x * size, y * size))
    else:
        painter.drawPath(stroke_path(stroke, size))


def with_fitting_pen(drawing: Drawing) -> Drawing:
    """Return the drawing as pens that fit its size would have left it, itself where its own do.

    They are `FINEST` to `BROADEST` of what the drawing spans wide; an eraser stays as it is. A dot, which
    spans less than its pen is wide, stays one.
    """
    pens = [stroke for stroke in drawing.strokes if not stroke.erase]
    if not pens:
        return drawing
    left, top, right, bottom = zip(*(stroke.bounds for stroke in pens), strict=True)
    span = max(max(right) - min(left), max(bottom) - min(top))
    if max(stroke.width for stroke in pens) > span:
        return drawing
    fitting = tuple(
        stroke
        if stroke.erase
        else replace(stroke, width=min(max(stroke.width, FINEST * span), BROADEST * span))
        for stroke in drawing.strokes
    )
    return drawing if fitting == drawing.strokes else Drawing(fitting)


def rasterize(drawing: Drawing) -> NDArray[np.uint8]:
    """Return (280, 280) uint8: ink 255, paper 0, edges smooth. Works without a window."""
    if not drawing:
        return np.zeros((RASTER_SIZE, RASTER_SIZE), np.uint8)
    image = _finished(drawing.strokes[:-1]).copy()
    _paint(image, drawing.strokes[-1:])
    pixels = np.frombuffer(image.constBits(), np.uint8).reshape(RASTER_SIZE, RASTER_SIZE, 4)
    return pixels[:, :, 1].copy()  # a colour, in either order of bytes


@lru_cache(maxsize=4)
def _finished(strokes: tuple[Stroke, ...]) -> QImage:
    """Return the image of all strokes but the one under the pen: the same for every move of that pen."""
    # Gray, but in three equal channels: on a gray image Qt 6.11 takes more than twice as long for the same.
    image = QImage(RASTER_SIZE, RASTER_SIZE, QImage.Format.Format_RGB32)
    image.fill(Qt.GlobalColor.black)
    _paint(image, strokes)
    return image


def _paint(image: QImage, strokes: tuple[Stroke, ...]) -> None:
    """Paint strokes on an image in place, white on black."""
    painter = QPainter(image)
    for stroke in strokes:
        ink = Qt.GlobalColor.black if stroke.erase else Qt.GlobalColor.white
        paint_stroke(painter, stroke, RASTER_SIZE, QColor(ink))
    painter.end()
