"""Teaching through the window: keep, correct, undo, train on it, survive a restart and a damaged file."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QContextMenuEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import (
    QApplication,
    QInputDialog,
    QLabel,
    QLineEdit,
    QStyleOptionToolButton,
    QToolButton,
)
from pytestqt.qtbot import QtBot

import cnn_core as cnn
from playground import my_drawings
from playground.data import AND_MINE, MINE, Data
from playground.drawing import Drawing, Picture, Stroke
from playground.journeys.teach import TeachJourney
from playground.main_window import MainWindow
from playground.views.class_bars import ClassBars
from playground.views.my_drawings_dialog import MyDrawingsDialog

SEVEN = Drawing((Stroke(((0.3, 0.25), (0.7, 0.25), (0.45, 0.8))),))
FLAT = Drawing((Stroke(((0.2, 0.3), (0.8, 0.3), (0.3, 0.7))),))  # other sevens
STEEP = Drawing((Stroke(((0.35, 0.2), (0.6, 0.2), (0.5, 0.9))),))


@pytest.fixture(autouse=True)
def collection(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A collection file of the test's own."""
    path = tmp_path / "user" / "my-drawings.npz"
    monkeypatch.setattr(my_drawings, "location", lambda: path)
    yield path


def draw(window: MainWindow, qtbot: QtBot, drawing: Drawing = SEVEN) -> int:
    """A seven on the canvas; the class that is answered."""
    window.parts.document.show_picture(drawing, "stroke")
    qtbot.waitUntil(lambda: window.prediction_panel.predictedClass >= 0, timeout=10_000)
    return int(window.prediction_panel.predictedClass)


def pick(window: MainWindow, name: str) -> None:
    """Choose an entry of the menu of classes with the mouse."""
    QTest.mouseClick(window.teach_panel.correct_button, Qt.MouseButton.LeftButton)
    menu = window.teach_panel.menu
    assert menu.isVisible()
    action = next(action for action in menu.actions() if action.text().lstrip("&") == name)
    QTest.mouseClick(menu, Qt.MouseButton.LeftButton, pos=menu.actionGeometry(action).center())


def test_an_empty_canvas_cannot_be_kept(window: MainWindow) -> None:
    assert not window.teach_panel.keep_button.isEnabled()
    assert not window.teach_panel.correct_button.isEnabled()


def test_one_click_keeps_the_drawing_as_what_was_answered(
    window: MainWindow, qtbot: QtBot, collection: Path
) -> None:
    answer = draw(window, qtbot)
    assert window.teach_panel.keep_button.text() == f"Keep as {answer}"
    QTest.mouseClick(window.teach_panel.keep_button, Qt.MouseButton.LeftButton)
    kept = my_drawings.read(collection)
    assert kept.names == (str(answer),)
    seen = window.parts.probe.reading.seen
    assert np.abs(kept.images[0].astype(float) - seen * 255).max() <= 1
    assert "1 drawing of yours" in window.notice.text


def test_a_picture_is_kept_as_the_network_sees_it(window: MainWindow, qtbot: QtBot, collection: Path) -> None:
    sheet = np.full((300, 200), 255, np.uint8)
    sheet[40:120, 30:45] = 0
    window.draw_canvas.image_dropped.emit(sheet)
    qtbot.waitUntil(lambda: window.prediction_panel.predictedClass >= 0, timeout=10_000)
    window.actions_.keep_drawing.trigger()
    kept = my_drawings.read(collection)
    seen = window.parts.probe.reading.seen
    assert np.count_nonzero(seen) > 60
    assert np.abs(kept.images[0].astype(float) - seen * 255).max() <= 1


def bars(window: MainWindow) -> ClassBars:
    found = window.prediction_panel.findChild(ClassBars)
    assert found is not None
    return found


def say(window: MainWindow, row: int) -> None:
    """Click the button in a row of the answer."""
    place = bars(window).button_rect(row)
    QTest.mouseMove(bars(window), place.center())
    QTest.mouseClick(bars(window), Qt.MouseButton.LeftButton, pos=place.center())


def test_one_click_in_the_row_of_a_class_corrects_a_wrong_answer_and_one_takes_it_back(
    window: MainWindow, qtbot: QtBot, collection: Path
) -> None:
    answer = draw(window, qtbot)
    right = (answer + 3) % 10
    place = window.parts.selection.place
    say(window, right)
    assert my_drawings.read(collection).names == (str(right),)
    assert f"Kept as {right}" in window.notice.text
    assert window.parts.selection.place == place  # nothing else was selected
    undo = next(b for b in window.notice.findChildren(QToolButton) if b.defaultAction())
    assert undo.text() == f"Undo keeping as {right}"
    QTest.mouseClick(undo, Qt.MouseButton.LeftButton)
    assert not collection.exists()


def test_a_drawing_corrected_twice_is_kept_once_and_undo_goes_back_one_step(
    window: MainWindow, qtbot: QtBot, collection: Path
) -> None:
    draw(window, qtbot, FLAT)
    say(window, 1)
    draw(window, qtbot)
    say(window, 3)
    say(window, 4)
    assert my_drawings.read(collection).names == ("1", "4")
    assert window.notice.text == "Kept as 4 now, no more as 3."
    window.actions_.undo.trigger()
    assert my_drawings.read(collection).names == ("1", "3")
    window.actions_.redo.trigger()
    assert my_drawings.read(collection).names == ("1", "4")


def test_what_is_kept_is_marked_and_not_kept_twice(
    window: MainWindow, qtbot: QtBot, collection: Path
) -> None:
    answer = draw(window, qtbot)
    say(window, answer)
    assert bars(window).button_rect(answer).isEmpty()
    assert not window.actions_.keep_drawing.isEnabled()
    assert window.teach_panel.keep_button.text() == f"Kept as {answer}"
    pick(window, str(answer))
    assert len(my_drawings.read(collection)) == 1
    draw(window, qtbot, FLAT)
    assert not bars(window).button_rect(answer).isEmpty()
    window.actions_.undo.trigger()
    assert bars(window).button_rect(answer).isEmpty()  # the one that is kept is on the canvas again


def test_enter_on_a_class_corrects_and_space_looks_at_it(
    window: MainWindow, qtbot: QtBot, collection: Path
) -> None:
    draw(window, qtbot)
    bars(window).setFocus()
    for _ in range(4):
        QTest.keyClick(bars(window), Qt.Key.Key_Down)
    QTest.keyClick(bars(window), Qt.Key.Key_Space)
    assert window.parts.selection.place.channel == 4
    assert not collection.exists()
    QTest.keyClick(bars(window), Qt.Key.Key_Return)
    assert my_drawings.read(collection).names == ("4",)


def test_a_row_beside_its_button_shows_the_class_everywhere(
    window: MainWindow, qtbot: QtBot, collection: Path
) -> None:
    draw(window, qtbot)
    at = QPoint(4, bars(window).button_rect(6).center().y())
    QTest.mouseClick(bars(window), Qt.MouseButton.LeftButton, pos=at)
    assert window.parts.selection.place.channel == 6
    assert not collection.exists()


def test_a_wrong_answer_is_corrected_in_the_menu_and_taken_back(
    window: MainWindow, qtbot: QtBot, collection: Path
) -> None:
    draw(window, qtbot)
    pick(window, "3")
    draw(window, qtbot, FLAT)
    pick(window, "4")
    assert my_drawings.read(collection).names == ("3", "4")
    window.actions_.undo.trigger()
    assert my_drawings.read(collection).names == ("3",)
    window.actions_.undo.trigger()  # the flat drawing goes
    window.actions_.undo.trigger()
    assert not collection.exists()
    window.actions_.redo.trigger()
    assert my_drawings.read(collection).names == ("3",)


def test_a_new_class_is_typed_in_and_said_to_need_a_fitting_network(
    window: MainWindow, qtbot: QtBot, collection: Path
) -> None:
    draw(window, qtbot)
    pick(window, "Something new…")
    dialog = window.findChild(QInputDialog)
    assert dialog is not None
    QTest.keyClicks(dialog.findChild(QLineEdit), "a star")
    QTest.keyClick(dialog, Qt.Key.Key_Return)
    assert my_drawings.read(collection).names == ("a star",)
    assert "Fit to the data" in window.notice.text
    draw(window, qtbot, FLAT)
    pick(window, "a star")
    assert len(my_drawings.read(collection)) == 2


def test_the_keyboard_goes_from_keep_to_the_canvas(window: MainWindow, qtbot: QtBot) -> None:
    draw(window, qtbot)
    button = window.teach_panel.keep_button
    button.setFocus()
    QTest.keyClick(button, Qt.Key.Key_Space)
    assert window.notice.text.startswith("Kept as")
    assert window.focusWidget() is window.draw_canvas


def test_undo_names_a_class_with_an_ampersand_as_it_is(window: MainWindow, qtbot: QtBot) -> None:
    draw(window, qtbot)
    pick(window, "Something new…")
    dialog = window.findChild(QInputDialog)
    assert dialog is not None
    QTest.keyClicks(dialog.findChild(QLineEdit), "cats & dogs")
    QTest.keyClick(dialog, Qt.Key.Key_Return)
    assert window.actions_.undo.text() == "&Undo keeping as cats && dogs"
    button = next(b for b in window.notice.findChildren(QToolButton) if b.defaultAction())
    option = QStyleOptionToolButton()
    button.initStyleOption(option)
    assert option.text == "Undo keeping as cats && dogs"


@pytest.mark.parametrize("name", ["", "   ", "y" * 60])
def test_what_is_no_name_cannot_be_kept_and_the_dialog_stays(
    window: MainWindow, qtbot: QtBot, collection: Path, name: str
) -> None:
    draw(window, qtbot)
    pick(window, "Something new…")
    dialog = window.findChild(QInputDialog)
    assert dialog is not None
    QTest.keyClicks(dialog.findChild(QLineEdit), name)
    QTest.keyClick(dialog, Qt.Key.Key_Return)
    assert dialog.isVisible()
    assert window.notice.text == ""
    assert dialog.labelText().startswith("A class name can have 40" if name.strip() else "What is")
    QTest.keyClick(dialog.findChild(QLineEdit), Qt.Key.Key_A, Qt.KeyboardModifier.ControlModifier)
    QTest.keyClicks(dialog.findChild(QLineEdit), "star")
    QTest.keyClick(dialog, Qt.Key.Key_Return)
    assert my_drawings.read(collection).names == ("star",)


def test_an_image_of_the_data_is_labelled_and_not_offered_to_be_kept(
    window: MainWindow, qtbot: QtBot, collection: Path
) -> None:
    draw(window, qtbot)
    data = window.control.data
    assert data is not None
    window.tabs.setCurrentWidget(window.dataset_browser)
    grid = window.dataset_browser.grid
    qtbot.waitUntil(lambda: not grid.thumbnail_rect(1).isEmpty(), timeout=10_000)
    QTest.mouseClick(grid.viewport(), Qt.MouseButton.LeftButton, pos=grid.thumbnail_rect(1).center())
    picture = window.parts.document.content.picture
    assert isinstance(picture, Picture)
    window.parts.probe.run()
    label = f"labelled {picture.label}"
    assert any(
        each.text() == label and each.isVisible() for each in window.prediction_panel.findChildren(QLabel)
    )
    assert window.teach_panel.keep_button.text() == "In the data"
    assert label in window.teach_panel.keep_button.toolTip()
    assert not window.teach_panel.keep_button.isEnabled()
    assert not window.teach_panel.correct_button.isEnabled()
    assert bars(window).button_rect(4).isEmpty()
    window.actions_.undo.trigger()
    window.parts.probe.run()
    assert window.teach_panel.keep_button.isEnabled()
    assert label not in window.prediction_panel.accessibleDescription()


def test_a_drawing_of_ones_own_can_be_corrected_among_the_data(
    window: MainWindow, qtbot: QtBot, collection: Path
) -> None:
    draw(window, qtbot)
    window.teach_panel.keep_requested.emit("1")
    kept = Picture(my_drawings.read(collection).images[0], "My drawings, image 0: 1", label="1")
    window.parts.document.show_picture(kept, "image from the data")
    window.parts.probe.run()
    assert "labelled 1" in window.prediction_panel.accessibleDescription()
    say(window, 4)
    assert my_drawings.read(collection).names == ("4",)


def test_kept_drawings_are_data_alone_and_mixed_in(window: MainWindow, qtbot: QtBot) -> None:
    base = window.control.data
    assert base is not None
    box = window.training_panel.dataset_box
    assert box.findData(MINE) < 0
    draw(window, qtbot)
    pick(window, "7")
    draw(window, qtbot, FLAT)
    pick(window, "7")
    assert box.itemText(box.findData(MINE)) == "My drawings (2)"
    window.training_panel.dataset_requested.emit(MINE)
    qtbot.waitUntil(lambda: window.control.data.spec == MINE, timeout=10_000)
    assert window.control.data.train.labels.tolist() == [7]
    assert window.control.reason_against() == ""
    draw(window, qtbot, STEEP)
    pick(window, "7")
    qtbot.waitUntil(lambda: len(window.control.data.train) == 2, timeout=10_000)
    window.training_panel.dataset_requested.emit(base.spec + AND_MINE)
    qtbot.waitUntil(lambda: window.control.data.spec == base.spec + AND_MINE, timeout=10_000)
    assert len(window.control.data.train) > len(base.train)
    assert box.currentText() == f"{base.name} + my drawings"


def test_saving_does_not_end_a_run_on_drawings_of_which_one_was_kept_meanwhile(
    window: MainWindow, qtbot: QtBot, tmp_path: Path
) -> None:
    base, document = window.control.data, window.parts.document
    assert base is not None
    draw(window, qtbot)
    window.actions_.keep_drawing.trigger()
    window.training_panel.dataset_requested.emit(base.spec + AND_MINE)
    qtbot.waitUntil(lambda: window.control.data.spec == base.spec + AND_MINE, timeout=10_000)
    data = window.control.data
    document.edit_settings(replace(document.content.settings, epochs=10_000))
    window.actions_.train.trigger()
    draw(window, qtbot, FLAT)
    window.teach_panel.keep_requested.emit("7")
    document.path = tmp_path / "net.cnn"
    window.actions_.save.trigger()
    assert document.path.exists()
    assert not window.parts.loading.busy
    assert window.control.running
    window.actions_.train.trigger()
    qtbot.waitUntil(lambda: window.control.data is not data, timeout=30_000)


def use_drawings(
    window: MainWindow, qtbot: QtBot, drawings: Sequence[Drawing], *, alone: bool
) -> tuple[Data, str]:
    """Keep drawings and use them, alone or among the data in use; return these and what is chosen then."""
    base = window.control.data
    assert base is not None
    for drawing in drawings:
        draw(window, qtbot, drawing)
        window.teach_panel.keep_requested.emit("7")
    spec = MINE if alone else base.spec + AND_MINE
    window.training_panel.dataset_requested.emit(spec)
    qtbot.waitUntil(lambda: window.control.data.spec == spec, timeout=10_000)
    return base, spec


@pytest.mark.parametrize("alone", [True, False])
def test_with_too_few_drawings_left_the_data_without_them_are_in_use(
    window: MainWindow, qtbot: QtBot, alone: bool
) -> None:
    base, spec = use_drawings(window, qtbot, (SEVEN, FLAT), alone=alone)
    window.actions_.undo.trigger()
    if not alone:
        qtbot.waitUntil(lambda: not window.parts.loading.busy, timeout=10_000)
        assert window.control.data.spec == spec  # one is enough among others
        window.actions_.undo.trigger()  # the flat drawing goes
        window.actions_.undo.trigger()
    qtbot.waitUntil(lambda: window.control.data is base, timeout=10_000)
    assert window.training_panel.dataset_box.currentData() == base.spec
    assert window.notice.text == f"Too few drawings of yours are left to train on: back to {base.name}."


@pytest.mark.parametrize("alone", [True, False])
def test_data_that_ran_empty_of_drawings_are_in_use_again_when_that_is_undone(
    window: MainWindow, qtbot: QtBot, alone: bool
) -> None:
    base, spec = use_drawings(window, qtbot, (SEVEN, FLAT)[: 2 if alone else 1], alone=alone)
    window.actions_.my_drawings.trigger()
    page = window.findChild(MyDrawingsDialog)
    assert page is not None
    QTest.mouseClick(
        page.grid.viewport(), Qt.MouseButton.LeftButton, pos=page.grid.thumbnail_rect(0).center()
    )
    QTest.mouseClick(page.remove_button, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: window.control.data is base, timeout=10_000)
    QTest.mouseClick(page.undo_button, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: window.control.data.spec == spec, timeout=10_000)
    assert window.training_panel.dataset_box.currentData() == spec
    assert (window.notice.kind, window.notice.text) == (
        "info",
        f"{window.control.data.name} are in use again.",
    )
    page.close()
    window.training_panel.dataset_requested.emit(base.spec)
    qtbot.waitUntil(lambda: window.control.data is base, timeout=10_000)
    assert window.notice.text == ""  # they no longer are


@pytest.mark.parametrize("moved_on", ["another choice", "another network", "a run"])
def test_data_that_ran_empty_of_drawings_stay_away_from_who_moved_on(
    window: MainWindow, qtbot: QtBot, moved_on: str
) -> None:
    base, _ = use_drawings(window, qtbot, (SEVEN,), alone=False)
    window.actions_.undo.trigger()
    qtbot.waitUntil(lambda: window.control.data is base, timeout=10_000)
    if moved_on == "a run":
        QTest.keyClick(window, Qt.Key.Key_F6)
        qtbot.waitUntil(lambda: not window.control.running, timeout=30_000)
    elif moved_on == "another network":
        window.parts.document.opened.emit()
        qtbot.waitUntil(lambda: not window.parts.loading.busy, timeout=10_000)
    else:
        window.training_panel.dataset_requested.emit(base.spec)
        qtbot.waitUntil(lambda: not window.parts.loading.busy, timeout=10_000)
    window.teach_panel.keep_requested.emit("7")
    assert not window.parts.loading.busy
    assert window.control.data is base


def test_an_undo_that_cannot_be_written_is_not_redone(
    window: MainWindow, qtbot: QtBot, collection: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(_path: Path, _drawings: my_drawings.MyDrawings) -> None:
        raise OSError(28, "No space left on device")

    draw(window, qtbot)
    window.teach_panel.keep_requested.emit("7")
    with monkeypatch.context() as patch:
        patch.setattr(my_drawings, "write", full)
        window.actions_.undo.trigger()
        assert "No space left on device" in window.notice.text
    window.actions_.redo.trigger()
    assert my_drawings.read(collection).names == ("7",)
    window.actions_.undo.trigger()
    assert not collection.exists()
    with monkeypatch.context() as patch:
        patch.setattr(my_drawings, "write", full)
        window.actions_.redo.trigger()
    window.actions_.undo.trigger()
    window.actions_.redo.trigger()
    assert my_drawings.read(collection).names == ("7",)


def test_fitting_lets_a_network_learn_a_new_class(window: MainWindow, qtbot: QtBot) -> None:
    base = window.control.data
    assert base is not None
    draw(window, qtbot)
    window.teach_panel.keep_requested.emit("star")
    window.training_panel.dataset_requested.emit(base.spec + AND_MINE)
    qtbot.waitUntil(lambda: window.control.data.spec != base.spec, timeout=10_000)
    assert "11 classes" in window.notice.text
    assert window.control.reason_against()
    window.actions_.fit_to_data.trigger()
    assert window.control.reason_against() == ""
    assert window.parts.document.content.architecture.classes == 11


def test_a_new_class_has_its_name_as_soon_as_the_network_is_fitted(window: MainWindow, qtbot: QtBot) -> None:
    base, document = window.control.data, window.parts.document
    assert base is not None
    before = document.content
    draw(window, qtbot)
    window.teach_panel.keep_requested.emit("star")
    window.training_panel.dataset_requested.emit(base.spec + AND_MINE)
    qtbot.waitUntil(lambda: window.control.data.spec != base.spec, timeout=10_000)
    QTest.keySequence(window, window.actions_.fit_to_data.shortcut())
    assert document.content.class_names[10:] == ("star",)
    qtbot.waitUntil(lambda: len(bars(window)._names) == 11, timeout=10_000)
    assert bars(window)._names[10] == "star"
    document.undo_stack.undo()
    assert document.content.class_names == before.class_names
    assert document.content.architecture == before.architecture


def test_single_drawings_are_removed_on_their_page(
    window: MainWindow, qtbot: QtBot, collection: Path
) -> None:
    for name, drawing in zip("123", (SEVEN, FLAT, STEEP), strict=True):
        draw(window, qtbot, drawing)
        window.teach_panel.keep_requested.emit(name)
    window.actions_.my_drawings.trigger()
    page = window.findChild(MyDrawingsDialog)
    assert page is not None
    assert page.isVisible()
    assert page.about.text() == "3 drawings: 1 (1), 2 (1), 3 (1)"
    place = page.grid.thumbnail_rect(1).center()  # the newest comes first
    QTest.mouseClick(page.grid.viewport(), Qt.MouseButton.LeftButton, pos=place)
    QTest.mouseClick(page.remove_button, Qt.MouseButton.LeftButton)
    assert my_drawings.read(collection).names == ("1", "3")
    QTest.mouseClick(page.undo_button, Qt.MouseButton.LeftButton)
    assert my_drawings.read(collection).names == ("1", "2", "3")
    page.close()


def test_drawings_of_before_are_there_after_a_start(collection: Path, request: pytest.FixtureRequest) -> None:
    my_drawings.write(collection, my_drawings.EMPTY.with_drawing(np.ones((28, 28, 1), np.uint8), "star"))
    window: MainWindow = request.getfixturevalue("window")
    assert window.training_panel.dataset_box.findData(MINE) > 0


def test_drawings_kept_by_another_window_meanwhile_stay(
    window: MainWindow, qtbot: QtBot, collection: Path
) -> None:
    draw(window, qtbot)
    window.teach_panel.keep_requested.emit("1")
    other = my_drawings.read(collection).with_drawing(np.ones((28, 28, 1), np.uint8), "moon")
    my_drawings.write(collection, other)
    draw(window, qtbot, FLAT)
    window.teach_panel.keep_requested.emit("2")
    assert my_drawings.read(collection).names == ("1", "moon", "2")
    for _ in range(3):  # keeping, drawing, keeping
        window.actions_.undo.trigger()
    assert my_drawings.read(collection).names == ("moon",)


def test_a_class_of_the_network_is_kept_by_its_name_however_long(
    window: MainWindow, qtbot: QtBot, collection: Path
) -> None:
    draw(window, qtbot)
    long = "x" * 60
    window.parts.document.set_class_names((long, *"123456789"))
    window.teach_panel.keep_requested.emit(long)
    assert my_drawings.read(collection).names == (long,)
    draw(window, qtbot, FLAT)
    window.teach_panel.keep_requested.emit("y" * 60)
    assert "40 characters" in window.notice.text


def test_a_damaged_file_is_kept_aside_and_said(
    collection: Path, request: pytest.FixtureRequest, qtbot: QtBot
) -> None:
    collection.parent.mkdir()
    collection.write_bytes(b"not drawings")
    window: MainWindow = request.getfixturevalue("window")
    aside = collection.with_name("my-drawings-damaged-1.npz")
    assert aside.read_bytes() == b"not drawings"
    draw(window, qtbot)
    window.teach_panel.keep_requested.emit("7")
    assert len(my_drawings.read(collection)) == 1


def test_what_cannot_be_written_is_said_and_changes_nothing(
    window: MainWindow, qtbot: QtBot, collection: Path
) -> None:
    collection.parent.write_bytes(b"a file where the folder should be")
    draw(window, qtbot)
    before = window.parts.document.undo_stack.count()
    window.teach_panel.keep_requested.emit("7")
    assert "stay as they were" in window.notice.text
    assert window.parts.document.undo_stack.count() == before


def test_drawings_are_exported_as_data(window: MainWindow, qtbot: QtBot, tmp_path: Path) -> None:
    draw(window, qtbot)
    window.teach_panel.keep_requested.emit("7")
    teach = window.findChild(TeachJourney)
    assert teach is not None
    teach.export_file(tmp_path / "out.npz")
    assert cnn.datasets.from_npz(tmp_path / "out.npz").class_names == ("7",)
    teach.export_folder(tmp_path)
    assert len(list((tmp_path / "my-drawings" / "7").glob("*.png"))) == 1


def test_a_right_click_on_the_answer_corrects_it(window: MainWindow, qtbot: QtBot, collection: Path) -> None:
    draw(window, qtbot)
    panel = window.prediction_panel
    place = panel.rect().center()
    child = panel.childAt(place)
    event = QContextMenuEvent(
        QContextMenuEvent.Reason.Mouse, child.mapFrom(panel, place), panel.mapToGlobal(place)
    )
    QApplication.sendEvent(child, event)
    menu = window.teach_panel.menu
    assert menu.isVisible()
    QTest.keyClick(menu, Qt.Key.Key_2)
    assert my_drawings.read(collection).names == ("2",)


def test_the_menu_of_classes_opens_by_key(window: MainWindow, qtbot: QtBot, collection: Path) -> None:
    draw(window, qtbot)
    window.actions_.correct_drawing.trigger()
    menu = window.teach_panel.menu
    assert QApplication.activePopupWidget() is menu
    QTest.keyClick(menu, Qt.Key.Key_5)
    assert my_drawings.read(collection).names == ("5",)
