"""Short texts: as they would be drawn, shortened where they do not fit."""

import numpy as np
import pytest
from numpy.typing import NDArray
from PySide6.QtCore import QRectF
from PySide6.QtGui import QImage, QPainter
from pytestqt.qtbot import QtBot

from playground.theme import LIGHT
from playground.views import texts
from playground.views.bars import Bars
from playground.views.class_bars import ClassBars
from playground.views.mosaic import Scale
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


@pytest.mark.parametrize("name", ["dogs", "ill", "Ankle boot", "す (su)", "WWW"])
def test_the_winner_is_written_in_full_where_there_is_room(
    qtbot: QtBot, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    written: list[str] = []
    laid_out = texts._laid_out
    monkeypatch.setattr(texts, "_laid_out", lambda role, text: written.append(text) or laid_out(role, text))
    rows = ClassBars()
    qtbot.addWidget(rows)
    rows.set_rows([0.9, 0.1], (name, "i"))
    rows.resize(300, 60)
    rows.grab()
    sheet = QImage(300, 60, QImage.Format.Format_RGB32)
    painter = QPainter(sheet)
    values = np.array([2, 1], np.float32)
    Bars().paint(painter, LIGHT, QRectF(0, 0, 300, 60), values, Scale(2.0, False), (name, "i"), None)
    painter.end()
    assert name in written
    assert [text for text in written if "…" in text] == []
