"""The input image with its values."""

import numpy as np
from PySide6.QtCore import QPoint
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot

from playground.views.seen_view import SeenView


def shown(qtbot: QtBot, image: np.ndarray) -> SeenView:
    view = SeenView()
    qtbot.addWidget(view)
    view.set_image(image)
    view.resize(86, 86)
    view.show()
    return view


def test_one_is_white_and_zero_is_black(qtbot: QtBot) -> None:
    image = np.zeros((28, 28, 1), np.float32)
    image[:, 14:] = 1
    pixels = shown(qtbot, image).grab().toImage()
    assert pixels.pixelColor(20, 43).value() == 0
    assert pixels.pixelColor(66, 43).value() == 255


def test_hovering_reads_row_column_and_value(qtbot: QtBot) -> None:
    image = np.zeros((28, 28, 1), np.float32)
    image[4, 7] = 0.5
    view = shown(qtbot, image)
    pixels: list[object] = []
    view.hovered.connect(pixels.append)
    QTest.mouseMove(view, QPoint(1 + 7 * 3 + 1, 1 + 4 * 3 + 1))
    assert pixels[-1] == (4, 7)
    assert view.value_text() == "row 4, column 7: 0.500"


def test_without_an_input_there_is_nothing_to_read(qtbot: QtBot) -> None:
    view = shown(qtbot, np.zeros((28, 28, 1), np.float32))
    view.set_image(None)
    QTest.mouseMove(view, QPoint(40, 40))
    assert view.value_text() == ""
    assert "nothing" in view.accessibleDescription()


def test_a_note_has_its_own_room_below_the_picture(qtbot: QtBot) -> None:
    view = shown(qtbot, np.ones((28, 28, 1), np.float32))
    before = view.sizeHint()
    view.set_note("crop is off", "Prepared without: crop")
    assert view.sizeHint().width() == before.width()
    assert view.sizeHint().height() > before.height()
    assert "Prepared without: crop" in view.accessibleDescription()
    assert view.toolTip() == "Prepared without: crop"
    view.set_note("")
    assert view.sizeHint() == before
    assert "Prepared" not in view.accessibleDescription()
