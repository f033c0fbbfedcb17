"""Views on the screen: a network's with its columns, and what of a window has to be painted anew."""

import numpy as np
from numpy.typing import NDArray
from PySide6.QtGui import QImage, QPixmap
from PySide6.QtWidgets import QApplication, QWidget
from pytestqt.qtbot import QtBot

from playground.views.layer_column import LayerColumn
from playground.views.network_view import NetworkView


def network_view(qtbot: QtBot) -> NetworkView:
    """An empty view of a network of three classes."""
    view = NetworkView()
    qtbot.addWidget(view)
    view.resize(900, 320)
    view.set_class_names(("cat", "dog", "owl"))
    view.show()
    return view


def column(view: NetworkView, layer: int) -> LayerColumn:
    """The column of a layer; -1 is the input."""
    columns = [each for each in view.findChildren(LayerColumn) if each.isVisible()]
    return sorted(columns, key=lambda each: each.x())[layer + 1]


def stale_pixels(window: QWidget) -> int:
    """How many pixels on the screen are not as they should be: they had to be painted again and were not.

    On scaled screens only the upper left part is looked at: of these the offscreen platform (Qt 6.11) gives
    as many pixels as the window has at 100 %.
    """
    for _ in range(3):
        QApplication.processEvents()
    shown = pixels(window.screen().grabWindow(window.winId()))
    anew = pixels(window.grab())[: shown.shape[0], : shown.shape[1]]
    return int(np.count_nonzero((shown != anew).any(axis=2)))


def pixels(picture: QPixmap) -> NDArray[np.uint8]:
    """(H, W, 3) uint8."""
    image = picture.toImage().convertToFormat(QImage.Format.Format_RGB32)
    rows = np.frombuffer(image.constBits(), np.uint8).reshape(image.height(), image.bytesPerLine())
    return rows[:, : 4 * image.width()].reshape(image.height(), image.width(), 4)[:, :, :3].copy()
