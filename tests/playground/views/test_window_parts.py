"""The small views around the content: breadcrumb, notices, About, shortcuts."""

from collections.abc import Iterator

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QAction, QGuiApplication
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QLabel, QPushButton, QToolButton, QWidget
from pytestqt.qtbot import QtBot

from playground.views import notice_bar
from playground.views.about_dialog import AboutDialog
from playground.views.breadcrumb import Breadcrumb
from playground.views.notice_bar import NoticeBar
from playground.views.shortcuts_dialog import ShortcutsDialog


@pytest.fixture
def bar(qtbot: QtBot) -> Iterator[NoticeBar]:
    parent = QWidget()
    qtbot.addWidget(parent)
    parent.resize(800, 400)
    parent.show()
    yield NoticeBar(parent)


def test_the_breadcrumb_asks_for_the_depth_that_was_pressed(qtbot: QtBot) -> None:
    crumbs = Breadcrumb()
    qtbot.addWidget(crumbs)
    crumbs.set_names(["Network", "Conv2D 1", "Channel 3"])
    buttons = crumbs.findChildren(QToolButton)
    assert [button.text() for button in buttons] == ["Network", "Conv2D 1"]
    with qtbot.waitSignal(crumbs.depth_requested) as asked:
        QTest.mouseClick(buttons[1], Qt.MouseButton.LeftButton)
    assert asked.args == [1]


def test_a_notice_is_seen_inside_its_parent_and_dismissed(bar: NoticeBar) -> None:
    assert bar.text == ""
    bar.say("The disk is full.", "error")
    assert bar.text == "The disk is full."
    assert bar.parentWidget().rect().contains(bar.geometry())
    button = next(button for button in bar.findChildren(QToolButton) if button.text() == "Dismiss")
    QTest.mouseClick(button, Qt.MouseButton.LeftButton)
    assert bar.text == ""


def test_a_long_notice_is_as_high_as_its_lines(bar: NoticeBar) -> None:
    bar.say("The disk is full.", "error")
    one = bar.height()
    bar.say("The disk is full, and so is the other one that was to take what is left. " * 3, "error")
    label = max(bar.findChildren(QLabel), key=lambda label: len(label.text()))
    lines = round(label.heightForWidth(label.width()) / label.fontMetrics().lineSpacing())
    assert lines >= 2
    assert bar.height() <= one + lines * label.fontMetrics().lineSpacing()
    assert label.height() >= label.heightForWidth(label.width())


def test_news_goes_by_itself_and_errors_stay(qtbot: QtBot, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(notice_bar, "STAYS_MILLISECONDS", 30)
    parent = QWidget()
    qtbot.addWidget(parent)
    parent.show()
    bar = NoticeBar(parent)
    bar.say("Saved.", "good")
    qtbot.waitUntil(lambda: bar.text == "")
    bar.say("Not saved.", "error")
    qtbot.wait(80)
    assert bar.text == "Not saved."


def test_a_notice_goes_when_its_button_would_do_something_else(bar: NoticeBar) -> None:
    undo = QAction("Undo reset", bar)
    bar.say("The initial weights are back", action=undo)
    undo.setEnabled(False)
    undo.setEnabled(True)
    assert bar.text == "The initial weights are back"
    undo.setText("Undo stroke")
    assert bar.text == ""
    bar.say("Saved")
    undo.setText("Undo another stroke")
    assert bar.text == "Saved"


def test_a_notice_offers_what_to_do(bar: NoticeBar, qtbot: QtBot) -> None:
    undo = QAction("Undo", bar)
    bar.say("Weights reset.", action=undo)
    button = next(button for button in bar.findChildren(QToolButton) if button.defaultAction() is undo)
    with qtbot.waitSignal(undo.triggered):
        QTest.mouseClick(button, Qt.MouseButton.LeftButton)
    bar.say("Something else.")
    assert not button.isVisible()


def test_about_names_versions_and_copies_them(qtbot: QtBot) -> None:
    dialog = AboutDialog()
    qtbot.addWidget(dialog)
    text = dialog.versions.text()
    for part in ("CNN Playground", "Python", "PySide6", "NumPy", "pyqtgraph"):
        assert part in text
    copy = next(button for button in dialog.findChildren(QPushButton) if "Copy" in button.text())
    QTest.mouseClick(copy, Qt.MouseButton.LeftButton)
    assert QGuiApplication.clipboard().text() == text


def test_shortcuts_are_read_from_the_actions(qtbot: QtBot) -> None:
    action = QAction("Train", None)
    action.setShortcut("F5")
    action.setStatusTip("Train the network")
    dialog = ShortcutsDialog([action, QAction("Without key", None)])
    qtbot.addWidget(dialog)
    texts = [label.text() for label in dialog.findChildren(QLabel)]
    assert texts[texts.index("F5") + 1] == "Train the network"
    assert "Without key" not in texts
