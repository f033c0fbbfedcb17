"""Thousands of images in a scrolling grid, of which only the visible ones are touched."""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QPointF, QRect, Qt, Signal
from PySide6.QtGui import (
    QFocusEvent,
    QFontMetrics,
    QImage,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QPen,
    QResizeEvent,
)
from PySide6.QtWidgets import QAbstractScrollArea, QFrame, QWidget

from playground import theme as looks
from playground.theme import LIGHT, SPACING, Theme
from playground.wording import format_number

_USUAL_SIDE, _LARGEST_SIDE = 48, 72  # px, of a thumbnail
_CAPTION = 16  # px
_ARROW = " \N{RIGHTWARDS ARROW} "


class ThumbnailGrid(QAbstractScrollArea):
    """Shows some of the images (N, H, W, C) of a data set with their classes, wrong predictions marked.

    Emits `image_selected(int)` with the image's index in the data set on a click or Enter, and
    `read_out_changed(str)` with what the cursor is on.
    """

    image_selected = Signal(int)
    read_out_changed = Signal(str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAccessibleName("Images of the data set")
        self.setToolTip("Click an image to give it to the network")
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.verticalScrollBar().setAccessibleName("Scroll images")
        self.viewport().setMouseTracking(True)
        self.viewport().setAutoFillBackground(False)
        self._theme = LIGHT
        self._images: NDArray[np.uint8] = np.zeros((0, 1, 1, 1), np.uint8)
        self._labels: NDArray[np.int64] = np.zeros(0, np.int64)
        self._names: tuple[str, ...] = ()
        self._predictions: NDArray[np.int64] | None = None
        self._shown: NDArray[np.int64] = np.zeros(0, np.int64)  # indices of images, in order
        self._remark: Callable[[int], str] | None = None
        self._cursor: int | None = None  # position among the shown
        self._selected: int | None = None  # index of an image
        self._thin, self._width, self._height = 1, 1, 1  # every how many pixels; size of a thumbnail

    def set_theme(self, theme: Theme) -> None:
        """Paint in a theme's colours."""
        self._theme = theme
        self.viewport().update()

    def set_images(
        self, images: NDArray[np.uint8], labels: NDArray[np.int64], class_names: tuple[str, ...]
    ) -> None:
        """Take a data set and show all of it."""
        self._images, self._labels, self._names = images, labels, class_names
        self._predictions, self._selected = None, None
        height, width = images.shape[1:3]
        longest = max(height, width)
        self._thin = -(-longest // _LARGEST_SIDE)
        scale = max(round(_USUAL_SIDE / longest), 1)
        self._width, self._height = (-(-side // self._thin) * scale for side in (width, height))
        self.set_shown(np.arange(len(images)))

    def set_predictions(self, predictions: NDArray[np.int64] | None) -> None:
        """Mark the images whose predicted class is not their own; None marks none."""
        self._predictions = predictions
        self.viewport().update()

    def set_remarks(self, remark: Callable[[int], str] | None) -> None:
        """Let `remark(index)` add to what is read out of an image; None adds nothing."""
        self._remark = remark

    def set_shown(self, indices: NDArray[np.int64], from_top: bool = True) -> None:
        """Show these images, in this order, scrolled to the top or where the grid is."""
        self._shown = indices
        self._cursor = None
        self._measure()
        if from_top:
            self.verticalScrollBar().setValue(0)
        self._tell()
        self.viewport().update()

    def set_selected(self, index: int | None) -> None:
        """Outline an image by its index in the data set and scroll to it if it is shown."""
        self._selected = index
        found = np.flatnonzero(self._shown == index)
        if found.size:
            self._scroll_to(int(found[0]))
        self.viewport().update()

    @property
    def shown(self) -> NDArray[np.int64]:
        """The indices of the images shown, in order."""
        return self._shown

    def thumbnail_rect(self, position: int) -> QRect:
        """Where the image at a position among the shown is, in the viewport."""
        row, column = divmod(position, self._columns())
        pitch_x, pitch_y = self._pitch()
        top = row * pitch_y - self.verticalScrollBar().value()
        return QRect(SPACING + column * pitch_x, top + SPACING // 2, self._width, self._height)

    def read_out(self) -> str:
        """The image under the cursor in words."""
        if self._cursor is None or self._cursor >= len(self._shown):
            return ""
        index = int(self._shown[self._cursor])
        text = f"image {format_number(index)}: {self._names[self._labels[index]]}"
        if self._predictions is None:
            return text
        right = self._predictions[index] == self._labels[index]
        text = f"{text}, predicted {self._predicted_name(index)} ({'right' if right else 'wrong'})"
        return text if self._remark is None else f"{text}, {self._remark(index)}"

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Fill the new width."""
        self._measure()

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        """Read out the image under the cursor."""
        self._move_to(self._at(event.position()))

    def leaveEvent(self, event: object) -> None:
        """Forget the cursor."""
        self._move_to(None)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Select the image under the cursor."""
        self._move_to(self._at(event.position()))
        self._select()

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        """Part of the click; nothing behind the grid needs it."""
        event.accept()

    def focusInEvent(self, event: QFocusEvent) -> None:
        """Show where the arrow keys start when the focus came by the keyboard."""
        super().focusInEvent(event)
        by_key = event.reason() in (Qt.FocusReason.TabFocusReason, Qt.FocusReason.BacktabFocusReason)
        if by_key and self._cursor is None and len(self._shown):
            self._move_to(self._in_view()[0])

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Arrows and page keys walk the images, Enter selects one."""
        columns, last = self._columns(), len(self._shown) - 1
        page = columns * max(self.viewport().height() // self._pitch()[1], 1)
        now = -1 if self._cursor is None else self._cursor
        targets = {
            Qt.Key.Key_Left: now - 1,
            Qt.Key.Key_Right: now + 1,
            Qt.Key.Key_Up: now - columns,
            Qt.Key.Key_Down: now + columns if now >= 0 else 0,
            Qt.Key.Key_PageUp: now - page,
            Qt.Key.Key_PageDown: now + page,
            Qt.Key.Key_Home: 0,
            Qt.Key.Key_End: last,
        }
        key = Qt.Key(event.key())
        if key in targets and last >= 0:
            self._move_to(min(max(targets[key], 0), last))
            self._scroll_to(min(max(targets[key], 0), last))
        elif key in (Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_Space):
            self._select()
        else:
            event.ignore()

    def paintEvent(self, event: QPaintEvent) -> None:
        """Paint the rows in view from one strip of images."""
        first, last = self._in_view()
        painter = QPainter(self.viewport())
        painter.setFont(looks.font("small"))
        if last > first:
            strip = self._strip(self._shown[first:last])
            height = strip.height() // (last - first)
            for position in range(first, last):
                source = QRect(0, (position - first) * height, strip.width(), height)
                painter.drawImage(self.thumbnail_rect(position), strip, source)
                self._paint_caption(painter, position)
        painter.end()

    def _predicted_name(self, index: int) -> str:
        """Name what an image was taken for; a network may give more scores than there are classes."""
        assert self._predictions is not None
        predicted = int(self._predictions[index])
        return self._names[predicted] if predicted < len(self._names) else str(predicted)

    def _paint_caption(self, painter: QPainter, position: int) -> None:
        index = int(self._shown[position])
        rect = self.thumbnail_rect(position)
        names, meaning = [self._names[self._labels[index]]], "muted"
        if self._predictions is not None and self._predictions[index] != self._labels[index]:
            names.append(self._predicted_name(index))
            meaning = "error"
            painter.setPen(QPen(self._theme.color("error"), 1))
            painter.drawRect(rect.adjusted(-1, -1, 0, 0))
        if index == self._selected or position == self._cursor:
            chosen = index == self._selected
            painter.setPen(QPen(self._theme.color("accent" if chosen else "text"), 2 if chosen else 1))
            painter.drawRect(rect.adjusted(-2, -2, 1, 1))
        painter.setPen(self._theme.color("text" if position == self._cursor else meaning))
        below = QRect(rect.x() - 4, rect.bottom() + 2, rect.width() + 8, _CAPTION - 2)
        text = _fitted(names, painter.fontMetrics(), below.width())
        painter.drawText(below, Qt.AlignmentFlag.AlignCenter, text)

    def _strip(self, indices: NDArray[np.int64]) -> QImage:
        """The images below each other; of two or four channels the first one or three are shown."""
        images = self._images[indices][:, :: self._thin, :: self._thin]
        count, height, width, channels = images.shape
        kept = 3 if channels >= 3 else 1
        rows = np.ascontiguousarray(images[..., :kept])
        shape = QImage.Format.Format_RGB888 if kept == 3 else QImage.Format.Format_Grayscale8
        return QImage(rows.data, width, count * height, kept * width, shape).copy()

    def _select(self) -> None:
        if self._cursor is not None:
            self._selected = int(self._shown[self._cursor])
            self.viewport().update()
            self.image_selected.emit(self._selected)

    def _move_to(self, position: int | None) -> None:
        if position != self._cursor:
            self._cursor = position
            self._tell()
            self.viewport().update()

    def _tell(self) -> None:
        self.setAccessibleDescription(self.read_out())
        self.read_out_changed.emit(self.read_out())

    def _scroll_to(self, position: int) -> None:
        bar, pitch = self.verticalScrollBar(), self._pitch()[1]
        top = position // self._columns() * pitch
        bar.setValue(min(max(bar.value(), top + pitch + SPACING - self.viewport().height()), top))

    def _measure(self) -> None:
        bar, pitch = self.verticalScrollBar(), self._pitch()[1]
        rows = -(-len(self._shown) // self._columns())
        bar.setRange(0, max(rows * pitch + SPACING - self.viewport().height(), 0))
        bar.setPageStep(self.viewport().height())
        bar.setSingleStep(pitch // 2)

    def _pitch(self) -> tuple[int, int]:
        return self._width + SPACING, self._height + _CAPTION + SPACING // 2

    def _columns(self) -> int:
        return max((self.viewport().width() - SPACING) // self._pitch()[0], 1)

    def _in_view(self) -> tuple[int, int]:
        """The first shown image in view and the one after the last."""
        offset, pitch, columns = self.verticalScrollBar().value(), self._pitch()[1], self._columns()
        last = (offset + self.viewport().height()) // pitch + 1
        return offset // pitch * columns, min(last * columns, len(self._shown))

    def _at(self, point: QPointF) -> int | None:
        pitch_x, pitch_y = self._pitch()
        column = int(point.x() - SPACING // 2) // pitch_x
        position = int(point.y() + self.verticalScrollBar().value()) // pitch_y * self._columns() + column
        return position if 0 <= column < self._columns() and position < len(self._shown) else None


def _fitted(names: list[str], metrics: QFontMetrics, width: int) -> str:
    """The names with an arrow between, each shortened alike if they do not fit."""
    text = _ARROW.join(names)
    if metrics.horizontalAdvance(text) <= width:
        return text
    room = (width - metrics.horizontalAdvance(_ARROW) * (len(names) - 1)) // len(names)
    return _ARROW.join(metrics.elidedText(name, Qt.TextElideMode.ElideRight, room) for name in names)
