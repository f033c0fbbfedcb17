"""One small bar a class."""

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot

from playground.theme import LIGHT
from playground.views.class_balance import ClassBalance


@pytest.fixture
def balance(qtbot: QtBot) -> ClassBalance:
    """Three classes, the middle one without an image."""
    balance = ClassBalance()
    balance.set_counts(("cat", "dog", "fish"), (20, 0, 10))
    qtbot.addWidget(balance)
    balance.resize(90, 40)
    balance.show()
    return balance


def accents(balance: ClassBalance, index: int) -> int:
    """How many pixels in the middle of a bar are filled."""
    image, middle = balance.grab().toImage(), int(balance.bar_rect(index).center().x())
    color = LIGHT.color("accent").rgb()
    return sum(image.pixel(middle, y) == color for y in range(image.height()))


def test_bars_are_as_tall_as_their_counts(balance: ClassBalance) -> None:
    tallest = accents(balance, 0)
    assert tallest > 10
    assert abs(accents(balance, 2) - tallest / 2) <= 1
    assert accents(balance, 1) == 0


def test_a_bar_that_is_clicked_is_told(balance: ClassBalance, qtbot: QtBot) -> None:
    with qtbot.waitSignal(balance.class_selected) as chosen:
        place = balance.bar_rect(2).center().toPoint()
        QTest.mouseClick(balance, Qt.MouseButton.LeftButton, pos=place)
    assert chosen.args == [2]


def test_all_counts_are_there_in_words(balance: ClassBalance) -> None:
    assert balance.accessibleDescription() == "cat: 20, dog: 0, fish: 10"
    assert balance.read_out(0) == "cat: 20 images"


def test_a_thousand_classes_have_a_place_each(balance: ClassBalance, qtbot: QtBot) -> None:
    balance.set_counts([str(i) for i in range(1000)], [1] * 1000)
    balance.resize(320, 40)
    assert balance.bar_rect(999).right() == pytest.approx(320)
    assert accents(balance, 0) > 10 and accents(balance, 998) > 10
    with qtbot.waitSignal(balance.class_selected) as chosen:
        QTest.mouseClick(balance, Qt.MouseButton.LeftButton, pos=QPoint(319, 5))
    assert chosen.args[0] > 990
