"""The whole window, driven by mouse and keys as a person would."""

import gzip
import json
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from digits_by_hand import DIGITS, draw
from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QLabel, QSpinBox, QToolButton, QWidget
from pytestqt.qtbot import QtBot

import cnn_core as cnn
from playground import resources, theme
from playground.drawing import Drawing
from playground.main_window import SMALLEST, MainWindow

pytestmark = pytest.mark.skipif(
    resources.find(resources.TRAINED_NETWORK) is None, reason="the trained network is not there yet"
)


def answer(window: MainWindow) -> int:
    """The class the prediction panel shows."""
    return int(window.findChild(QWidget, "predictionPanel").property("predictedClass"))


def canvas(window: MainWindow) -> QWidget:
    found = window.findChild(QWidget, "drawCanvas")
    assert found is not None
    return found


def press(window: MainWindow, name: str) -> None:
    """Press the button of an action as the mouse would."""
    button = next(
        button
        for button in window.findChildren(QToolButton)
        if button.defaultAction() is not None and button.defaultAction().objectName() == name
    )
    QTest.mouseClick(button, Qt.MouseButton.LeftButton)


def test_it_opens_with_a_trained_network_and_nothing_wrong(window: MainWindow) -> None:
    assert window.isVisible()
    assert window.control.reason_against() == ""
    assert answer(window) == -1
    assert window.notice.text == ""
    assert not window.isWindowModified()
    assert window.current_network().architecture.classes == 10


@pytest.mark.parametrize("digit", sorted(DIGITS))
def test_a_digit_drawn_with_the_mouse_is_recognised(window: MainWindow, qtbot: QtBot, digit: int) -> None:
    draw(canvas(window), DIGITS[digit])
    qtbot.waitUntil(lambda: answer(window) == digit, timeout=5_000)
    probabilities = window.prediction_panel.property("probabilities")
    assert len(probabilities) == 10
    assert sum(probabilities) == pytest.approx(1, abs=1e-4)


@pytest.fixture
def pen_drawings(shared_data: Path) -> Iterator[tuple[int, list[list[tuple[float, float]]]]]:
    """Real pen drawings, ten of each digit, fitted into the canvas."""
    with gzip.open(shared_data / "strokes" / "pendigits-train.json.gz") as file:
        drawings = json.load(file)
    return ((entry["label"], _fitted(entry["strokes"])) for entry in drawings[:100])


def _fitted(strokes: list[list[list[float]]]) -> list[list[tuple[float, float]]]:
    points = np.concatenate([np.array(stroke) for stroke in strokes])
    low, high = points.min(axis=0), points.max(axis=0)
    scale = 0.7 / max((high - low).max(), 1e-9)
    offset = 0.5 - (high - low) / 2 * scale
    return [
        [(float(x), float(y)) for x, y in (np.array(stroke) - low) * scale + offset] for stroke in strokes
    ]


def test_most_real_pen_drawings_are_recognised(
    window: MainWindow, pen_drawings: Iterator[tuple[int, list[list[tuple[float, float]]]]]
) -> None:
    right = 0
    for label, strokes in pen_drawings:
        window.actions_.clear_drawing.trigger()
        draw(canvas(window), strokes)
        window.parts.probe.run()
        right += answer(window) == label
    assert right >= 85


def test_strokes_are_undone_one_by_one_and_clearing_too(window: MainWindow, qtbot: QtBot) -> None:
    draw(canvas(window), DIGITS[4])
    assert len(window.parts.document.content.picture.strokes) == 2
    press(window, "clearDrawingAction")
    qtbot.waitUntil(lambda: answer(window) == -1, timeout=5_000)
    QTest.keyClick(window, Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier)
    qtbot.waitUntil(lambda: answer(window) == 4, timeout=5_000)
    QTest.keyClick(window, Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier)
    assert len(window.parts.document.content.picture.strokes) == 1
    QTest.keyClick(window, Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier)
    assert window.parts.document.content.picture == Drawing()


def test_the_prediction_follows_the_pen_before_it_is_lifted(window: MainWindow, qtbot: QtBot) -> None:
    paper = canvas(window)
    QTest.mousePress(paper, Qt.MouseButton.LeftButton, pos=QPoint(paper.width() // 2, 40))
    for y in range(40, paper.height() - 40, 8):
        QTest.mouseMove(paper, QPoint(paper.width() // 2, y))
    qtbot.waitUntil(lambda: answer(window) == 1, timeout=5_000)
    QTest.mouseRelease(paper, Qt.MouseButton.LeftButton, pos=QPoint(paper.width() // 2, paper.height() - 40))


@pytest.mark.usefixtures("long_runs")
def test_the_maps_change_while_training_and_drawing_goes_on(window: MainWindow, qtbot: QtBot) -> None:
    press(window, "resetAction")
    draw(canvas(window), DIGITS[3])
    window.parts.probe.run()
    before = [values.copy() for values in window.parts.probe.reading.activations]
    seen = window.parts.probe.reading.seen.copy()
    press(window, "trainAction")
    assert window.control.running
    assert window.actions_.train.isChecked()
    qtbot.waitUntil(lambda: window.control.step >= 5, timeout=60_000)
    qtbot.waitUntil(lambda: window.parts.probe.reading.step > 1, timeout=60_000)
    reading = window.parts.probe.reading
    assert np.array_equal(reading.seen, seen)
    assert all(not np.array_equal(a, b) for a, b in zip(before, reading.activations, strict=True))
    draw(canvas(window), DIGITS[7])
    qtbot.waitUntil(lambda: not np.array_equal(window.parts.probe.reading.seen, seen), timeout=5_000)
    assert window.control.running
    press(window, "trainAction")
    qtbot.waitUntil(lambda: not window.control.running, timeout=10_000)
    assert len(window.metrics_plot.history) == window.control.step
    assert window.isWindowModified()


def test_step_trains_on_one_batch_and_reset_is_undone(window: MainWindow, qtbot: QtBot) -> None:
    press(window, "resetAction")
    initial = window.current_network().parameters["0.weight"].copy()
    press(window, "stepAction")
    qtbot.waitUntil(lambda: not window.control.running, timeout=30_000)
    assert window.control.step == 1
    trained = window.current_network().parameters["0.weight"].copy()
    assert not np.array_equal(trained, initial)
    press(window, "resetAction")
    assert np.array_equal(window.current_network().parameters["0.weight"], initial)
    window.actions_.undo.trigger()
    assert np.array_equal(window.current_network().parameters["0.weight"], trained)


def type_number(box: QSpinBox, number: int) -> None:
    """Select all and type, as a person does."""
    box.setFocus()
    box.selectAll()
    QTest.keyClicks(box, str(number))
    QTest.keyClick(box, Qt.Key.Key_Return)


def test_an_error_in_the_architecture_turns_training_off_and_undo_turns_it_on(
    window: MainWindow, qtbot: QtBot
) -> None:
    draw(canvas(window), DIGITS[3])
    qtbot.waitUntil(lambda: answer(window) == 3, timeout=5_000)
    window.network_view.layer_selected.emit(3)
    box = next(
        box for box in window.inspector_panel.findChildren(QSpinBox) if box.accessibleName() == "Kernel size"
    )
    qtbot.waitUntil(box.isVisible)
    type_number(box, 50)
    assert window.parts.document.content.architecture.error is not None
    assert not window.actions_.train.isEnabled()
    reason = window.control.reason_against()
    assert reason.startswith("Conv2D 2: kernel_size 50 is larger than its 13x13 input")
    assert reason in window.actions_.train.toolTip()
    status = window.training_panel.findChild(QLabel, "trainingStatus")
    assert reason in status.text()
    qtbot.waitUntil(lambda: answer(window) == -1, timeout=5_000)
    assert len(window.parts.probe.reading.activations) == 3
    window.actions_.undo.trigger()
    assert window.actions_.train.isEnabled()
    qtbot.waitUntil(lambda: answer(window) == 3, timeout=5_000)


def test_layers_are_inserted_moved_and_removed_by_the_menu(window: MainWindow) -> None:
    def names() -> list[str]:
        return [layer.name for layer in window.parts.document.content.architecture.layers]

    before = names()
    window.network_view.layer_selected.emit(1)
    window.menus.insert.aboutToShow.emit()
    entry = next(entry for entry in window.menus.insert.actions() if entry.text().startswith("Dropout"))
    entry.trigger()
    assert names() == [*before[:2], "Dropout", *before[2:]]
    window.actions_.move_left.trigger()
    assert names() == [before[0], "Dropout", *before[1:]]
    window.actions_.remove.trigger()
    assert names() == before
    for _ in range(3):
        window.actions_.undo.trigger()
    assert names() == before


def test_a_preset_is_fitted_to_the_data_and_undone(window: MainWindow) -> None:
    before = window.parts.document.content.architecture
    next(entry for entry in window.menus.presets.actions() if entry.text() == "vgg").trigger()
    assert window.parts.document.content.architecture.input_shape == (28, 28, 1)
    assert window.control.reason_against() == ""
    window.actions_.undo.trigger()
    assert window.parts.document.content.architecture == before


def test_escape_goes_back_one_step_at_a_time(window: MainWindow, qtbot: QtBot) -> None:
    draw(canvas(window), DIGITS[3])
    window.network_view.channel_selected.emit(0, 3)
    assert window.tabs.currentWidget() is window.channel_view
    window.network_view.setFocus()
    depths = []
    for _ in range(3):
        depths.append(window.parts.selection.place.depth)
        QTest.keyClick(window, Qt.Key.Key_Escape)
    assert depths == [2, 1, 0]
    assert window.tabs.currentWidget() is not window.channel_view


def test_the_breadcrumb_leads_back(window: MainWindow) -> None:
    window.network_view.channel_selected.emit(3, 5)
    texts = [part.text() for part in window.breadcrumb.findChildren(QLabel)] + [
        part.text() for part in window.breadcrumb.findChildren(QToolButton)
    ]
    assert {"Network", "Conv2D 2", "Channel 5"} <= set(texts)
    button = next(part for part in window.breadcrumb.findChildren(QToolButton) if part.text() == "Network")
    QTest.mouseClick(button, Qt.MouseButton.LeftButton)
    assert window.parts.selection.place.depth == 0


def test_an_image_of_the_data_can_be_put_before_the_network(window: MainWindow, qtbot: QtBot) -> None:
    images = window.control.data.validation
    window.dataset_browser.image_selected.emit(4)
    qtbot.waitUntil(lambda: bool(window.parts.probe.reading.seen.any()), timeout=5_000)
    assert np.allclose(window.parts.probe.reading.seen, images.images[4] / np.float32(255))
    draw(canvas(window), DIGITS[1])
    assert len(window.parts.document.content.picture.strokes) == 1


def test_data_that_cannot_be_read_is_told_in_a_sentence_and_the_old_data_stays(
    window: MainWindow, qtbot: QtBot, tmp_path: Path
) -> None:
    before = window.control.data
    broken = tmp_path / "broken.npz"
    broken.write_bytes(b"PK\x03\x04 nothing")
    window.training_panel.dataset_requested.emit(str(broken))
    qtbot.waitUntil(lambda: window.notice.text != "", timeout=10_000)
    assert window.notice.kind == "error"
    assert "broken.npz" in window.notice.text
    assert "\n" not in window.notice.text
    assert window.control.data is before
    assert window.control.reason_against() == ""


def test_confusion_and_answers_are_measured_by_themselves(window: MainWindow, qtbot: QtBot) -> None:
    measuring = window.parts.measuring
    with qtbot.waitSignal(measuring.done, timeout=30_000) as done:
        window.parts.document.network_changed.emit()
        window.actions_.reset.trigger()
    assert done.args is not None
    assert done.args[0].confusion.sum() == len(window.control.data.validation)


@pytest.mark.parametrize("mode", ["dark", "light"])
def test_the_theme_reaches_every_view(window: MainWindow, mode: str) -> None:
    window.actions_.theme_modes[mode].trigger()
    assert window.theme.name == mode
    assert window.palette().window().color().name() == window.theme.window


@pytest.fixture
def dressed(qapp: QApplication) -> None:
    """Widgets made after this have the look of the program."""
    theme.apply(qapp, theme.LIGHT)


def test_all_tabs_are_in_sight_in_the_smallest_window(
    dressed: None, window: MainWindow, qtbot: QtBot
) -> None:
    window.resize(SMALLEST)
    qtbot.waitUntil(lambda: window.size() == SMALLEST)
    bar = window.tabs.tabBar()
    assert bar.sizeHint().width() <= window.tabs.width()
    assert bar.rect().contains(bar.tabRect(bar.count() - 1))


@pytest.mark.usefixtures("long_runs")
def test_closing_during_training_ends_the_run(window: MainWindow, qtbot: QtBot) -> None:
    window.before_close.clear()
    window.control.start()
    qtbot.waitUntil(lambda: window.control.step > 0, timeout=60_000)
    window.close()
    assert not window.control.running
    assert not window.isVisible()


def test_another_network_is_classified_with_its_own_input(
    window: MainWindow, qtbot: QtBot, small_file: Path
) -> None:
    window.parts.document.open(small_file)
    draw(canvas(window), DIGITS[1])
    qtbot.waitUntil(lambda: window.parts.probe.reading.seen.shape == (8, 8, 1), timeout=5_000)
    assert len(window.prediction_panel.property("probabilities")) == 3
    sizes = "the images are 28×28×1, the network takes 8×8×1"
    assert window.control.reason_against() == f"{sizes}; fit it to the data"
    window.actions_.fit_to_data.trigger()
    assert window.control.reason_against() == ""
    assert isinstance(window.parts.document.content.architecture.layers[3], cnn.Dense)


def test_pressing_the_same_button_again_by_key_does_the_same_again(window: MainWindow, qtbot: QtBot) -> None:
    window.activateWindow()
    step = window.training_panel.buttons[1]
    QTest.mouseClick(step, Qt.MouseButton.LeftButton)
    for steps in (1, 2, 3):
        qtbot.waitUntil(lambda: not window.control.running, timeout=10_000)
        assert window.control.step == steps
        focused = QApplication.focusWidget()
        assert focused is step
        QTest.keyClick(focused, Qt.Key.Key_Space)


def test_a_value_half_typed_counts_when_the_window_is_closed(window: MainWindow) -> None:
    window.activateWindow()
    box = window.training_panel.learning_rate.box
    box.setFocus()
    box.selectAll()
    QTest.keyClicks(box, "0.003")
    modified: list[bool] = []
    window.before_close[:] = [lambda: modified.append(window.parts.document.modified) or False]
    assert not window.close()
    assert modified == [True]
    assert window.parts.document.content.settings.optimizer.learning_rate == 0.003
    assert QApplication.focusWidget() in (box, box.lineEdit())
