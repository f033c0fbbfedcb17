"""The sheet to draw on: mouse, pen, finger or keys make strokes; dropped pictures are passed on."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QEvent, QMimeData, QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import (
    QDragEnterEvent,
    QDropEvent,
    QEnterEvent,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QPixmap,
    QPointingDevice,
    QTabletEvent,
    QTouchEvent,
    QWheelEvent,
)
from PySide6.QtWidgets import QSizePolicy, QWidget

from playground.drawing import DEFAULT_WIDTH, Drawing, Point, Stroke, paint_stroke
from playground.dropping import file_to_open
from playground.qt_images import PictureError, picture_in, to_bytes, to_pixels
from playground.theme import LIGHT, Theme
from playground.views.sheet import color_of, finished_sheet, paint_border, paint_brush, paint_hint

_CLOSEST = 0.002  # of the canvas; nearer samples add nothing to a stroke
_KEY_STEP = 0.02  # how far one arrow key moves the pen
_THINNEST, _THICKEST = 0.02, 0.2
_ARROWS = {
    Qt.Key.Key_Left: (-_KEY_STEP, 0.0),
    Qt.Key.Key_Right: (_KEY_STEP, 0.0),
    Qt.Key.Key_Up: (0.0, -_KEY_STEP),
    Qt.Key.Key_Down: (0.0, _KEY_STEP),
}


class DrawCanvas(QWidget):
    """A square sheet: left button or pen draws, right button or eraser tip erases, wheel sizes the brush."""

    drawing_changed = Signal(object)  # Drawing so far, on every move of the pen
    drawing_edited = Signal(object)  # Drawing, when a stroke ends
    brush_width_edited = Signal(float)  # in units of the canvas
    image_dropped = Signal(object)  # (H, W, 3) uint8 colours of a dropped or pasted picture
    drop_refused = Signal(str)  # why what was dropped or pasted is no picture

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("drawCanvas")
        self.setAccessibleName("Drawing")
        self.setToolTip(
            "Draw with the left button, erase with the right one. Wheel, [ and ]: brush size.\n"
            "Keys: arrows move the pen, Space puts it down or lifts it, Ctrl+V pastes a picture."
        )
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setMouseTracking(True)
        self.setAttribute(Qt.WidgetAttribute.WA_AcceptTouchEvents)
        self.setTabletTracking(True)
        self.setAcceptDrops(True)
        self.set_hint("Draw a digit")
        policy = QSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Preferred)
        policy.setHeightForWidth(True)
        self.setSizePolicy(policy)
        self._theme = LIGHT
        self._drawing = Drawing()
        self._stroke: Stroke | None = None  # the one under the pen
        self._image: NDArray[np.uint8] | None = None
        self._brush = DEFAULT_WIDTH
        self._finger, self._button = -1, Qt.MouseButton.NoButton  # that draw: of a hand, of a pen
        self._pen: Point | None = None  # where the brush is shown
        self._finished: QPixmap | None = None  # sheet with all finished strokes, made when first painted

    def set_theme(self, theme: Theme) -> None:
        """Paint in the colours of a theme."""
        self._theme = theme
        self._refresh()

    def set_hint(self, hint: str, more: str = "right button erases") -> None:
        """Say on an empty sheet what to do, and in small what else can be done."""
        self._hint = hint, more
        self.setAccessibleDescription(f"{hint}. Arrows move the pen, Space puts it down or lifts it.")
        self.update()

    def set_drawing(self, drawing: Drawing) -> None:
        """Show a drawing; a stroke being made goes on on top of it."""
        if drawing != self._live():
            self._drawing = drawing
        self._refresh()

    def set_image(self, image: NDArray[np.generic] | None) -> None:
        """Show a picture, (H, W[, C]), uint8 or float 0..1, until a stroke begins; None: the drawing."""
        self._image = None if image is None else to_bytes(image)
        self._refresh()

    def set_brush_width(self, width: float) -> None:
        """Make later strokes as wide as this, in units of the canvas."""
        self._brush = min(max(width, _THINNEST), _THICKEST)
        self.update()

    def take(self, data: QMimeData, where: str = "what was dropped") -> None:
        """Pass on the picture in what was dropped or is pasted, or say why there is none `where` it is."""
        try:
            image = picture_in(data, where)
        except PictureError as error:
            self.drop_refused.emit(str(error))
        else:
            self.image_dropped.emit(to_pixels(image))

    @property
    def brush_width(self) -> float:
        """The width of the next stroke, in units of the canvas."""
        return self._brush

    def sizeHint(self) -> QSize:
        """How large it likes to be."""
        return QSize(240, 240)

    def minimumSizeHint(self) -> QSize:
        """How small it still works."""
        return QSize(120, 120)

    def hasHeightForWidth(self) -> bool:
        """The sheet is square."""
        return True

    def heightForWidth(self, width: int) -> int:
        """As high as wide."""
        return width

    def _live(self) -> Drawing:
        """Return the drawing with the stroke under the pen."""
        return self._drawing if self._stroke is None else self._drawing.with_stroke(self._stroke)

    def _press(self, point: Point, *, erase: bool) -> None:
        """Begin a stroke; a picture shown so far gives way to an empty sheet."""
        if self._image is not None:
            self._image, self._drawing = None, Drawing()
            self._finished = None
        self._stroke = Stroke(points=(point,), width=self._brush * (1.6 if erase else 1.0), erase=erase)
        self._moved_to(point)
        self.drawing_changed.emit(self._live())

    def _drag(self, point: Point) -> None:
        """Extend the stroke under the pen, if there is one."""
        self._moved_to(point)
        if self._stroke is None:
            return
        x, y = self._stroke.points[-1]
        if abs(point[0] - x) + abs(point[1] - y) > _CLOSEST:
            self._stroke = self._stroke.extended(point)
            self.drawing_changed.emit(self._live())

    def _lift(self) -> None:
        """End the stroke under the pen, if there is one."""
        if self._stroke is not None:
            self._drawing, self._stroke = self._live(), None
            self._refresh()
            self.drawing_edited.emit(self._drawing)

    def _moved_to(self, point: Point | None) -> None:
        self._pen = point
        self.update()

    # -- events --------------------------------------------------------------------------------------

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Begin a stroke."""
        buttons = (Qt.MouseButton.LeftButton, Qt.MouseButton.RightButton)
        point = self._to_canvas(event.position())
        if self._stroke is None and event.button() in buttons and _inside(point):
            self._press(point, erase=event.button() == Qt.MouseButton.RightButton)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        """Extend the stroke, show the brush."""
        self._drag(self._to_canvas(event.position()))

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        """End the stroke."""
        if not event.buttons() & (Qt.MouseButton.LeftButton | Qt.MouseButton.RightButton):
            self._lift()

    def enterEvent(self, event: QEnterEvent) -> None:
        """Show the brush."""
        self._moved_to(self._to_canvas(event.position()))

    def leaveEvent(self, event: QEvent) -> None:
        """Hide the brush."""
        self._moved_to(None)

    def tabletEvent(self, event: QTabletEvent) -> None:
        """Pen and eraser tip make strokes as the mouse does; the button on the pen erases too."""
        point = self._to_canvas(event.position())
        if event.type() == QEvent.Type.TabletPress and self._stroke is None and _inside(point):
            other_end = event.pointerType() == QPointingDevice.PointerType.Eraser
            self._button = event.button()
            self._press(point, erase=other_end or event.button() == Qt.MouseButton.RightButton)
        elif event.type() == QEvent.Type.TabletMove:
            self._drag(point)
        elif event.type() == QEvent.Type.TabletRelease and event.button() == self._button:
            self._lift()
        event.accept()

    def event(self, event: QEvent) -> bool:
        """The first finger makes strokes as the mouse does; others are not taken for it."""
        if not isinstance(event, QTouchEvent):
            return super().event(event)
        if event.type() in (QEvent.Type.TouchEnd, QEvent.Type.TouchCancel):  # the latter has no points
            self._lift()
            self._moved_to(None)
            return True
        finger = event.points()[0]
        point = self._to_canvas(finger.position())
        if event.type() == QEvent.Type.TouchBegin and self._stroke is None and _inside(point):
            self._finger = finger.id()
            self._press(point, erase=False)
        elif finger.id() == self._finger:
            self._drag(point)
        return True

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Arrows move the pen, Space puts it down or lifts it."""
        key = Qt.Key(event.key())
        if key in _ARROWS and not event.modifiers() & ~Qt.KeyboardModifier.KeypadModifier:
            x, y = self._pen or (0.5, 0.5)
            self._drag((min(max(x + _ARROWS[key][0], 0.0), 1.0), min(max(y + _ARROWS[key][1], 0.0), 1.0)))
        elif key == Qt.Key.Key_Space and not event.isAutoRepeat():
            if self._stroke is None:
                self._press(self._pen or (0.5, 0.5), erase=False)
            else:
                self._lift()
        elif key in (Qt.Key.Key_BracketLeft, Qt.Key.Key_BracketRight):
            self._resize_brush(1 if key == Qt.Key.Key_BracketRight else -1)
        else:
            super().keyPressEvent(event)

    def wheelEvent(self, event: QWheelEvent) -> None:
        """Size the brush."""
        self._resize_brush(1 if event.angleDelta().y() > 0 else -1)
        event.accept()

    def _resize_brush(self, direction: int) -> None:
        self.set_brush_width(self._brush + 0.01 * direction)
        self.brush_width_edited.emit(self._brush)

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        """Pictures are welcome; what is to be opened is left to the window."""
        if file_to_open(event.mimeData()) is not None:
            event.ignore()
        elif event.mimeData().hasImage() or event.mimeData().hasUrls():
            event.acceptProposedAction()

    def dropEvent(self, event: QDropEvent) -> None:
        """Take the dropped picture."""
        event.acceptProposedAction()
        self.take(event.mimeData())

    def _sheet(self) -> QRectF:
        """Return the square of paper in the middle of the widget."""
        side = min(self.width(), self.height()) - 2
        return QRectF((self.width() - side) / 2, (self.height() - side) / 2, side, side)

    def _to_canvas(self, position: QPointF) -> Point:
        sheet = self._sheet()
        return (position.x() - sheet.x()) / sheet.width(), (position.y() - sheet.y()) / sheet.height()

    def _refresh(self) -> None:
        self._finished = None
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        """Sheet, live stroke, hint, brush, border."""
        sheet, theme = self._sheet(), self._theme
        if self._finished is None or self._finished.deviceIndependentSize() != sheet.size():
            self._finished = finished_sheet(
                theme, self._drawing, self._image, sheet.width(), self.devicePixelRatioF()
            )
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.drawPixmap(sheet.topLeft(), self._finished)
        painter.setClipRect(sheet)
        painter.translate(sheet.topLeft())
        if self._stroke is not None:
            paint_stroke(painter, self._stroke, sheet.width(), color_of(theme, self._stroke))
        elif not self._drawing and self._image is None:
            paint_hint(painter, theme, sheet.width(), *self._hint)
        if self._pen is not None:
            width = self._stroke.width if self._stroke else self._brush
            paint_brush(painter, theme, self._pen, width, sheet.width())
        painter.resetTransform()
        painter.setClipping(False)
        paint_border(painter, theme, sheet, focused=self.hasFocus())


def _inside(point: Point) -> bool:
    return 0 <= point[0] <= 1 and 0 <= point[1] <= 1
