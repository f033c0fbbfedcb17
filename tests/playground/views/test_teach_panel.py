"""The row below the prediction that keeps a drawing with its class."""

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QAction
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QStyleOptionToolButton, QToolButton
from pytestqt.qtbot import QtBot

from playground.views.teach_panel import NEW_CLASS, TeachPanel, keep_text


@pytest.fixture
def panel(qtbot: QtBot) -> TeachPanel:
    """A panel with two classes on the screen."""
    panel = TeachPanel(QAction("Keep as 7"), QAction("No, it is"))
    panel.keep_button.defaultAction().setParent(panel)
    panel.correct_button.defaultAction().setParent(panel)
    panel.set_classes(("7", "R&D"))
    qtbot.addWidget(panel)
    panel.show()
    return panel


def test_a_click_in_the_menu_says_which_class_it_is(panel: TeachPanel, qtbot: QtBot) -> None:
    QTest.mouseClick(panel.correct_button, Qt.MouseButton.LeftButton)
    place = panel.menu.actionGeometry(panel.menu.actions()[1]).center()
    with qtbot.waitSignal(panel.keep_requested) as kept:
        QTest.mouseClick(panel.menu, Qt.MouseButton.LeftButton, pos=place)
    assert kept.args == ["R&D"]


def test_the_last_entry_is_for_what_is_not_there_yet(panel: TeachPanel, qtbot: QtBot) -> None:
    panel.open_menu()
    last = panel.menu.actions()[-1]
    assert last.text() == NEW_CLASS
    place = panel.menu.actionGeometry(last).center()
    with qtbot.waitSignal(panel.new_class_requested):
        QTest.mouseClick(panel.menu, Qt.MouseButton.LeftButton, pos=place)


def test_the_menu_opens_above_its_button_the_first_time_too(panel: TeachPanel) -> None:
    panel.move(100, 400)
    for _ in range(2):
        QTest.mouseClick(panel.correct_button, Qt.MouseButton.LeftButton)
        assert panel.menu.isVisible()
        top = panel.correct_button.mapToGlobal(QPoint(0, 0)).y()
        assert panel.menu.geometry().bottom() < top
        assert panel.menu.geometry().bottom() > top - 4
        QTest.keyClick(panel.menu, Qt.Key.Key_Escape)


def test_there_is_no_menu_while_there_is_nothing_to_keep(panel: TeachPanel) -> None:
    panel.correct_button.defaultAction().setEnabled(False)
    panel.open_menu()
    assert not panel.menu.isVisible()


def painted(button: QToolButton) -> str:
    """What is written on a button, where "&&" is a single one."""
    option = QStyleOptionToolButton()
    button.initStyleOption(option)
    return option.text


def test_a_name_without_room_on_the_button_loses_its_end(panel: TeachPanel) -> None:
    def written(width: int) -> str:
        panel.keep_button.resize(width, 30)
        return painted(panel.keep_button)

    panel.keep_button.defaultAction().setText("&Keep as T-shirt/top")
    assert written(400) == "Keep as T-shirt/top"
    assert written(110).startswith("Keep as") and written(110).endswith("…")


@pytest.mark.parametrize("name", ["R&D", "&&&&&&"])
def test_a_name_with_an_ampersand_is_on_the_button_as_it_is(panel: TeachPanel, name: str) -> None:
    panel.keep_button.defaultAction().setText(keep_text(name, done=False))
    panel.keep_button.resize(panel.fontMetrics().horizontalAdvance(f"Keep as {name}") + 20, 30)
    assert painted(panel.keep_button) == f"Keep as {name.replace('&', '&&')}"
