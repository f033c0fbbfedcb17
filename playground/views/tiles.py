"""Small images side by side, each in a square of its own."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QImage, QPainter, QPaintEvent, QPen, QResizeEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from playground.qt_images import to_picture
from playground.theme import LIGHT, SPACING, Theme, font

_SMALLEST, _LARGEST = 18, 72  # px, side of a square
_GAP = SPACING // 2


class Tiles(QWidget):
    """As many squares as were asked for (`count`), or as many as there is room for (None)."""

    def __init__(self, name: str, count: int | None = None) -> None:
        super().__init__()
        self.setAccessibleName(name)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self._theme, self._count = LIGHT, count
        self._images: list[QImage] = []
        self._faded, self._first_is_original = False, False
        self._note = ""

    def set_theme(self, theme: Theme) -> None:
        """Paint in the colours of a theme."""
        self._theme = theme
        self.update()

    def set_images(
        self,
        images: Sequence[NDArray[np.uint8]],
        *,
        faded: bool = False,
        original_first: bool = False,
        note: str = "",
    ) -> None:
        """Show (H, W, C) images, `faded` where they are not in use, and a note beside the last one.

        The first can be marked as the original.
        """
        self._images = [to_picture(image) for image in images]
        self._faded, self._first_is_original, self._note = faded, original_first, note
        self.setAccessibleDescription(note)
        self.update()

    def sizeHint(self) -> QSize:
        """How large it likes to be."""
        return QSize((self._count or 8) * 40, self._ideal_height())

    def minimumSizeHint(self) -> QSize:
        """How small it still works."""
        return QSize((self._count or 2) * (_SMALLEST + _GAP), _SMALLEST)

    @property
    def room(self) -> int:
        """How many images there is room for."""
        across, down, _ = self._grid()
        return across * down

    def tile_rect(self, index: int) -> QRectF:
        """Return the square of an image, px."""
        across, _, side = self._grid()
        row, column = divmod(index, across)
        return QRectF(column * (side + _GAP), row * (side + _GAP), side, side)

    def _ideal_height(self) -> int:
        """Return the side that a row of so many squares fills its width with, px."""
        if self._count is None:
            return 40
        return min(max((self.width() + _GAP) // self._count - _GAP, _SMALLEST), _LARGEST)

    def _grid(self) -> tuple[int, int, int]:
        """Return squares across and down, and their side in px."""
        width, height = self.width(), self.height()
        if self._count is not None:
            side = min((width + _GAP) // self._count - _GAP, height, _LARGEST)
            return self._count, 1, max(side, 1)
        down = max(1, (height + _GAP) // (_LARGEST // 3 * 2 + _GAP))
        side = max(min((height + _GAP) // down - _GAP, _LARGEST), 1)
        return max(1, (width + _GAP) // (side + _GAP)), down, side

    def resizeEvent(self, event: QResizeEvent) -> None:
        """A row of so many squares needs no more height than its width gives them."""
        super().resizeEvent(event)
        if self._count is not None:
            self.setMaximumHeight(self._ideal_height())
            self.updateGeometry()

    def paintEvent(self, event: QPaintEvent) -> None:
        """The images, smooth when made smaller."""
        painter = QPainter(self)
        ratio = self.devicePixelRatioF()
        for index, image in enumerate(self._images[: self.room]):
            place = self.tile_rect(index)
            smaller = image.width() > place.width() * ratio
            painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform, smaller)
            painter.setOpacity(0.3 if self._faded else 1.0)
            painter.drawImage(place, image)
            painter.setOpacity(1.0)
            original = self._first_is_original and index == 0
            painter.setPen(QPen(self._theme.color("accent" if original else "border"), 2 if original else 1))
            painter.setBrush(Qt.BrushStyle.NoBrush)
            inside = 1.0 if original else 0.5
            painter.drawRect(place.adjusted(inside, inside, -inside, -inside))
        if self._note:
            beside = self.tile_rect(len(self._images))
            room = QRectF(beside.left() + SPACING, 0, self.width() - beside.left() - SPACING, beside.height())
            painter.setFont(font("body"))
            painter.setPen(self._theme.color("muted"))
            wrapped = Qt.AlignmentFlag.AlignVCenter | Qt.TextFlag.TextWordWrap
            painter.drawText(room, wrapped, self._note)
