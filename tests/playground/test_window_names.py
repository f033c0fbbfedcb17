"""Names for people with screen readers, for the keyboard, and for automation."""

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QKeySequence
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QAbstractButton, QApplication, QLabel, QListView, QWidget

from playground.main_window import MainWindow


def test_every_focusable_widget_has_a_name(window: MainWindow) -> None:
    window.network_view.layer_selected.emit(0)
    unnamed = [
        f"{type(widget).__name__} {widget.objectName()} in {type(widget.parent()).__name__}"
        for widget in window.findChildren(QWidget)
        if widget.focusPolicy() != Qt.FocusPolicy.NoFocus
        and widget.focusProxy() is None
        and not widget.objectName().startswith("qt_")
        and not widget.accessibleName()
        and not (isinstance(widget, QAbstractButton | QLabel) and widget.text())
        and not isinstance(widget, QListView)  # the list a combo box opens is named by the box
    ]
    assert unnamed == []


def test_every_action_has_a_name_a_key_a_tooltip_with_it_and_a_menu(window: MainWindow) -> None:
    in_menus = set()
    for menu in window.menuBar().findChildren(type(window.menus.recent)):
        in_menus |= {action.objectName() for action in menu.actions()}
    keys: dict[str, str] = {}
    for action in window.actions_.everything():
        key = action.shortcut().toString()
        assert key, action.text()
        assert key not in keys, (key, keys.get(key), action.objectName())
        keys[key] = action.objectName()
        assert action.shortcut().toString(action.shortcut().SequenceFormat.NativeText) in action.toolTip()
        assert action.objectName() in in_menus, action.objectName()


def test_no_underlined_letter_takes_the_key_of_an_action(window: MainWindow) -> None:
    keys = {action.shortcut().toString() for action in window.actions_.everything()}
    underlined = {
        QKeySequence.mnemonic(part.text()).toString(): part.text()
        for part in window.findChildren(QWidget)
        if isinstance(part, QAbstractButton | QLabel)
    }
    assert [text for key, text in underlined.items() if key in keys] == []


@pytest.mark.parametrize(
    "name",
    ["train", "step", "epoch", "reset", "undo", "redo", "clearDrawing", "open", "save", "export"],
)
def test_actions_have_their_fixed_names(window: MainWindow, name: str) -> None:
    assert window.findChild(type(window.actions_.train), f"{name}Action") is not None


VIEWS = (
    *("drawCanvas", "predictionPanel", "networkView", "inspectorPanel"),
    *("trainingPanel", "metricsPlot", "confusionView", "datasetBrowser"),
)


@pytest.mark.parametrize("name", VIEWS)
def test_views_have_their_fixed_names(window: MainWindow, name: str) -> None:
    assert window.findChild(QWidget, name) is not None


def test_tab_follows_the_eye(window: MainWindow) -> None:
    stops = [window.training_panel.buttons[0], window.draw_canvas, window.brush]
    stops += [window.network_view, window.tabs, window.inspector_panel]
    window.training_panel.buttons[0].setFocus()
    met: list[int] = []
    for _ in range(40):
        focused = QApplication.focusWidget()
        assert focused is not None
        place = next(
            (i for i, stop in enumerate(stops) if stop is focused or stop.isAncestorOf(focused)), None
        )
        if place is not None and (not met or met[-1] != place):
            met.append(place)
        QTest.keyClick(focused, Qt.Key.Key_Tab)
    assert met[: len(stops)] == [0, 1, 2, 3, 4, 5]
