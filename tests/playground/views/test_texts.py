"""Short texts: as they would be drawn, shortened where they do not fit."""

import numpy as np
import pytest
from numpy.typing import NDArray
from PySide6.QtCore import QRectF
from PySide6.QtGui import QImage, QPainter
from pytestqt.qtbot import QtBot

from playground.views.texts import write_line


def ink(text: str, box: QRectF, *, at_right: bool = False, role: str = "small") -> NDArray[np.uint8]:
    """(40, 120) where something was written."""
    image = QImage(120, 40, QImage.Format.Format_Grayscale8)
    image.fill(0)
    painter = QPainter(image)
    painter.setPen("white")
    write_line(painter, box, role, text, at_right=at_right)
    painter.end()
    return np.frombuffer(image.constBits(), np.uint8).reshape(40, image.bytesPerLine())[:, :120].copy()


@pytest.mark.parametrize("at_right", [False, True])
def test_a_line_starts_at_one_side_of_its_box_in_the_middle_of_its_height(
    qtbot: QtBot, at_right: bool
) -> None:
    rows, columns = np.nonzero(ink("0–1.24", QRectF(10, 0, 100, 40), at_right=at_right))
    assert abs((rows.min() + rows.max()) / 2 - 20) <= 3
    assert (columns.max() >= 105) if at_right else (columns.min() <= 14)
    assert columns.min() >= 10
    assert columns.max() < 110


def test_what_is_too_long_is_shortened(qtbot: QtBot) -> None:
    written = ink("a name that is much too long for this", QRectF(10, 0, 60, 40))
    assert written[:, 70:].max() == 0
    assert written.max() > 0


def test_a_role_and_a_text_are_kept_apart(qtbot: QtBot) -> None:
    box = QRectF(0, 0, 120, 40)
    small, strong, other = ink("7", box), ink("7", box, role="strong"), ink("1", box)
    assert (small != strong).any()
    assert (small != other).any()
    assert (small == ink("7", box)).all()
