"""What the network is given: the input image, every pixel in sight, values on hover."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QEvent, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QMouseEvent, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QSizePolicy, QWidget

from playground.qt_images import to_picture
from playground.theme import LIGHT, Theme, font
from playground.wording import format_number, format_shape

_NOTE_HEIGHT = 18  # px


class SeenView(QWidget):
    """A small picture of the input in gray or colour; black is 0, white is 1."""

    hovered = Signal(object)  # (row, column) under the pointer, or None

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("seenView")
        self.setAccessibleName("What the network sees")
        self.setMouseTracking(True)
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
        self._theme = LIGHT
        self._image: NDArray[np.generic] | None = None
        self._pixel: tuple[int, int] | None = None
        self._note = self._explanation = ""

    def set_theme(self, theme: Theme) -> None:
        """Paint in the colours of a theme."""
        self._theme = theme
        self.update()

    def set_image(self, image: NDArray[np.generic] | None) -> None:
        """Show the (H, W, C) input, float in 0..1 or uint8; None shows an empty field.

        An array handed over is not changed later: the same one again changes nothing.
        """
        if image is self._image:
            return
        self._image = image
        if image is not None and self._pixel and not _contains(image, self._pixel):
            self._pixel = None
        self._describe()
        self.update()

    def set_note(self, note: str, explanation: str = "") -> None:
        """Say below the picture, in a word or two, that it is not made as usual; "" takes the note away."""
        if note != self._note:
            self._note = note
            self.updateGeometry()
            self.update()
        self._explanation = explanation
        self.setToolTip(self.value_text() or explanation)
        self._describe()

    def _describe(self) -> None:
        shape = "nothing yet" if self._image is None else format_shape(self._image.shape)
        said = f"The input of the network: {shape}"
        self.setAccessibleDescription(f"{said}. {self._explanation}" if self._explanation else said)

    def value_text(self) -> str:
        """Return the read-out of the pixel under the pointer, "row 4, column 7: 0.51"; "" without one."""
        if self._image is None or self._pixel is None:
            return ""
        values = np.atleast_1d(self._image[self._pixel]) / (255 if self._image.dtype == np.uint8 else 1)
        numbers = ", ".join(format_number(float(value)) for value in values)
        return f"row {self._pixel[0]}, column {self._pixel[1]}: {numbers}"

    def sizeHint(self) -> QSize:
        """How large it likes to be."""
        return QSize(86, 86 + self._note_height())

    def _note_height(self) -> int:
        return _NOTE_HEIGHT if self._note else 0

    def _field(self) -> QRectF:
        """Return the rectangle the image fills, keeping its aspect."""
        height, width = self._image.shape[:2] if self._image is not None else (1, 1)
        room = self.height() - self._note_height()
        unit = min((self.width() - 2) / width, (room - 2) / height)
        size_x, size_y = unit * width, unit * height
        return QRectF((self.width() - size_x) / 2, (room - size_y) / 2, size_x, size_y)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        """Read the pixel under the pointer."""
        if self._image is None:
            return
        field, position = self._field(), event.position()
        height, width = self._image.shape[:2]
        row = int((position.y() - field.y()) / field.height() * height)
        column = int((position.x() - field.x()) / field.width() * width)
        self._hover((row, column) if field.contains(position) else None)

    def leaveEvent(self, event: QEvent) -> None:
        """Nothing is read any more."""
        self._hover(None)

    def _hover(self, pixel: tuple[int, int] | None) -> None:
        if self._image is not None and pixel is not None and not _contains(self._image, pixel):
            pixel = None
        if pixel != self._pixel:
            self._pixel = pixel
            self.setToolTip(self.value_text() or self._explanation)
            self.hovered.emit(pixel)
            self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        """The image, the pixel being read and the note."""
        painter = QPainter(self)
        field, theme = self._field(), self._theme
        if self._image is None:
            painter.fillRect(field, theme.color("raised"))
            painter.setPen(theme.color("muted"))
            painter.setFont(font("small"))
            painter.drawText(field, Qt.AlignmentFlag.AlignCenter, "no input")
        else:
            painter.drawImage(field, to_picture(self._image))
        if self._image is not None and self._pixel is not None:
            unit = field.height() / self._image.shape[0]
            corner_x, corner_y = field.x() + self._pixel[1] * unit, field.y() + self._pixel[0] * unit
            painter.setPen(QPen(theme.color("accent"), 1.5))
            painter.drawRect(QRectF(corner_x, corner_y, unit, unit))
        painter.setPen(theme.color("border"))
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.drawRect(field)
        if self._note:
            band = QRectF(0, self.height() - _NOTE_HEIGHT, self.width(), _NOTE_HEIGHT)
            painter.fillRect(band, theme.color("warning"))
            painter.setPen(theme.color("panel"))
            painter.setFont(font("small"))
            painter.drawText(band, Qt.AlignmentFlag.AlignCenter, self._note)


def _contains(image: NDArray[np.generic], pixel: tuple[int, int]) -> bool:
    height, width = image.shape[:2]
    return 0 <= pixel[0] < int(height) and 0 <= pixel[1] < int(width)
