"""Drawing in the window: the steps of its preparation can be looked at and switched off."""

import numpy as np
import pytest
from digits_by_hand import DIGITS, draw
from PySide6.QtCore import QMimeData, QPointF, Qt
from PySide6.QtGui import QColor, QDragEnterEvent, QDropEvent, QGuiApplication, QImage, QPainter
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QDoubleSpinBox, QLabel, QMenu, QToolButton, QWidget
from pytestqt.qtbot import QtBot

import cnn_core as cnn
from cnn_core.preprocessing import Normalization, normalize_drawing
from playground import resources
from playground.drawing import Drawing, Picture, Stroke, rasterize
from playground.journeys.draw import as_ink, note_on
from playground.main_window import MainWindow
from playground.qt_images import to_picture, to_pixels
from playground.resources import TRAINED_NETWORKS

# PySide6 6.12 wants a QPointF, which 6.11 does not take.
pytestmark = pytest.mark.filterwarnings("ignore:Function. 'QDragEnterEvent:DeprecationWarning")

CORNER = Drawing((Stroke(((0.1, 0.7), (0.15, 0.9))),))
SMALL = Drawing((Stroke(((0.8, 0.1), (0.9, 0.1), (0.84, 0.2))),))


def seen(window: MainWindow) -> np.ndarray:
    window.parts.probe.run()
    assert window.parts.probe.reading is not None
    return window.parts.probe.reading.seen


def texts(widget: QWidget) -> str:
    return " | ".join(label.text() for label in widget.findChildren(QLabel))


def test_the_button_shows_the_steps_and_space_switches_one_off(window: MainWindow, qtbot: QtBot) -> None:
    window.parts.document.show_picture(CORNER, "stroke")
    whole = seen(window)
    QTest.mouseClick(window.why_button, Qt.MouseButton.LeftButton)
    assert window.tabs.currentWidget() is window.pipeline_view
    QTest.keyClick(window.pipeline_view.switches["crop"], Qt.Key.Key_Space)
    assert not np.array_equal(seen(window), whole)
    assert "Prepared without: crop" in window.seen_view.accessibleDescription()


def test_a_switch_is_undone_like_any_edit(window: MainWindow) -> None:
    document = window.parts.document
    document.show_picture(CORNER, "stroke")
    whole = seen(window)
    document.prepare_drawings(Normalization(center=False, crop=False))
    assert not document.modified
    seen(window)
    assert not window.pipeline_view.switches["crop"].isChecked()
    window.actions_.undo.trigger()
    assert np.array_equal(seen(window), whole)
    assert window.pipeline_view.switches["crop"].isChecked()
    assert "Prepared" not in window.seen_view.accessibleDescription()


@pytest.mark.parametrize("digit", DIGITS)
def test_a_digit_of_a_tenth_of_the_canvas_is_read(window: MainWindow, digit: int) -> None:
    tiny = [[(0.84 + 0.16 * x, 0.16 * y) for x, y in stroke] for stroke in DIGITS[digit]]
    draw(window.draw_canvas, tiny)
    window.parts.probe.run()
    reading = window.parts.probe.reading
    assert reading is not None and reading.probabilities is not None
    assert (int(reading.probabilities.argmax()), reading.familiar) == (digit, True)


@pytest.mark.parametrize("digit", DIGITS)
def test_a_large_digit_in_hairlines_is_seen_with_a_pen_of_its_size(window: MainWindow, digit: int) -> None:
    def seen_with(pen: float) -> np.ndarray:
        strokes = tuple(Stroke(tuple(stroke), width=pen) for stroke in DIGITS[digit])
        window.parts.document.show_picture(Drawing(strokes), "stroke")
        return seen(window)

    assert np.array_equal(seen_with(0.005), seen_with(0.01))


def test_that_the_pen_was_made_finer_is_said_and_goes_with_the_scaling(window: MainWindow) -> None:
    window.show_tab(window.pipeline_view)
    window.parts.document.show_picture(SMALL, "stroke")
    seen(window)
    assert "the pen fitted" in texts(window.pipeline_view)
    window.parts.document.prepare_drawings(Normalization(scale=False))
    thick = seen(window)
    assert "the pen fitted" not in texts(window.pipeline_view)
    assert np.array_equal(thick, normalize_drawing(rasterize(SMALL), Normalization(scale=False)))


def test_an_image_of_the_data_is_taken_as_it_is(window: MainWindow) -> None:
    window.parts.document.prepare_drawings(Normalization(scale=False))
    window.dataset_browser.image_selected.emit(0)
    seen(window)
    assert not window.pipeline_view.switches["scale"].isEnabled()
    assert "Prepared" not in window.seen_view.accessibleDescription()


def test_a_dropped_scan_goes_through_the_steps(window: MainWindow) -> None:
    scan = QImage(300, 100, QImage.Format.Format_RGB32)
    scan.fill(Qt.GlobalColor.white)
    painter = QPainter(scan)
    painter.fillRect(20, 10, 10, 60, QColor("black"))
    painter.end()
    window.draw_canvas.image_dropped.emit(to_pixels(scan))
    whole = seen(window)
    assert np.flatnonzero(whole.any(axis=(1, 2))).tolist() == list(range(4, 24))
    window.parts.document.prepare_drawings(Normalization(crop=False, scale=False, center=False))
    assert seen(window).sum() < whole.sum() / 4


def test_a_network_that_sees_colours_gets_a_dropped_picture_as_it_is(window: MainWindow) -> None:
    layers = (cnn.Flatten(), cnn.Dense(units=10), cnn.Softmax())
    window.parts.document.edit_architecture(cnn.Architecture((8, 8, 3), layers), "input")
    photo = QImage(8, 8, QImage.Format.Format_RGB32)
    photo.fill(QColor(200, 40, 0))
    window.draw_canvas.image_dropped.emit(to_pixels(photo))
    assert np.allclose(seen(window), np.array([200, 40, 0]) / 255)


def clothes(window: MainWindow) -> None:
    """Open the network of grey photographs that comes along."""
    index = [network.name for network in TRAINED_NETWORKS].index("fashion-mnist")
    window.menus.trained.actions()[index].trigger()


def drop_photo(window: MainWindow) -> np.ndarray:
    """Drop a grey picture of all shades on the canvas; its shades in 0..1."""
    shades = np.arange(28 * 28, dtype=np.uint8).reshape(28, 28, 1)
    data, canvas = QMimeData(), window.draw_canvas
    data.setImageData(to_picture(shades))
    place, keys = canvas.rect().center(), Qt.KeyboardModifier.NoModifier
    copy, left = Qt.DropAction.CopyAction, Qt.MouseButton.LeftButton
    QApplication.sendEvent(canvas, QDragEnterEvent(place, copy, data, left, keys))
    QApplication.sendEvent(canvas, QDropEvent(QPointF(place), copy, data, left, keys))
    return shades / np.float32(255)


def other_way(window: MainWindow) -> QToolButton:
    """The button that takes a picture the other way."""
    action = window.actions_.take_otherwise
    return next(b for b in window.findChildren(QToolButton) if b.defaultAction() is action)


@pytest.mark.skipif(resources.find("fashion-mnist.cnn") is None, reason="the network is not there yet")
def test_a_network_of_photographs_gets_a_dropped_one_as_it_is(window: MainWindow) -> None:
    clothes(window)
    shades = drop_photo(window)
    assert np.allclose(seen(window), shades, atol=1e-6)
    QTest.mouseClick(other_way(window), Qt.MouseButton.LeftButton)
    assert not np.allclose(seen(window), shades, atol=0.1)
    QTest.mouseClick(other_way(window), Qt.MouseButton.LeftButton)
    assert np.allclose(seen(window), shades, atol=1e-6)


def test_the_empty_canvas_says_what_the_network_is_made_for(window: MainWindow) -> None:
    canvas, document = window.draw_canvas, window.parts.document
    assert canvas.accessibleDescription().startswith("Draw a digit.")
    digits = canvas.grab().toImage()
    document.set_class_names((*"0123456789", "star"))
    assert canvas.accessibleDescription().startswith("Draw something.")
    document.set_class_names(("cat", "dog"))
    assert canvas.accessibleDescription().startswith("Drop a picture here.")
    assert canvas.grab().toImage() != digits
    document.set_class_names(tuple("0123456789"))
    assert canvas.grab().toImage() == digits
    document.edit_architecture(cnn.Architecture((8, 8, 3), document.content.architecture.layers), "input")
    assert canvas.accessibleDescription().startswith("Drop a picture here.")


def test_one_click_takes_a_dropped_picture_as_it_is_and_undo_for_a_drawing_again(window: MainWindow) -> None:
    shades = drop_photo(window)
    as_drawing = seen(window)
    assert not np.allclose(as_drawing, shades, atol=0.1)
    assert other_way(window).text() == "Take as it is"
    QTest.mouseClick(other_way(window), Qt.MouseButton.LeftButton)
    assert np.allclose(seen(window), shades, atol=1e-6)
    assert other_way(window).text() == "Take as drawing"
    assert window.actions_.undo.text() == "&Undo taking the picture as it is"
    window.actions_.undo.trigger()
    assert np.array_equal(seen(window), as_drawing)
    QTest.keyClick(
        window, Qt.Key.Key_V, Qt.KeyboardModifier.ControlModifier | Qt.KeyboardModifier.ShiftModifier
    )
    assert np.allclose(seen(window), shades, atol=1e-6)


def test_the_other_way_is_offered_in_place_of_the_brush_for_a_picture_from_outside(
    window: MainWindow,
) -> None:
    drop_photo(window)
    assert other_way(window).isVisible() and not window.brush.isVisible()
    QTest.mouseClick(window.draw_canvas, Qt.MouseButton.LeftButton)  # a dot: a drawing
    assert window.brush.isVisible() and not other_way(window).isVisible()
    window.dataset_browser.image_selected.emit(0)
    assert window.brush.isVisible() and not other_way(window).isVisible()


def test_a_network_that_sees_colours_is_not_offered_to_take_a_picture_for_a_drawing(
    window: MainWindow,
) -> None:
    drop_photo(window)
    layers = (cnn.Flatten(), cnn.Dense(units=10), cnn.Softmax())
    window.parts.document.edit_architecture(cnn.Architecture((8, 8, 3), layers), "input")
    assert other_way(window).text() == "Take as it is"  # it was taken for a drawing before
    QTest.mouseClick(other_way(window), Qt.MouseButton.LeftButton)
    assert not window.actions_.take_otherwise.isEnabled()
    window.parts.document.edit_architecture(cnn.Architecture((8, 8, 1), layers), "input")
    assert window.actions_.take_otherwise.isEnabled()
    window.actions_.undo.trigger()
    assert not window.actions_.take_otherwise.isEnabled()
    window.actions_.undo.trigger()
    window.actions_.undo.trigger()
    assert window.actions_.take_otherwise.isEnabled()


def test_a_scan_is_put_in_the_middle_of_a_square_sheet() -> None:
    dark_on_light = np.full((10, 30, 3), 255, np.uint8)
    dark_on_light[5, 15] = 0
    ink = as_ink(dark_on_light)
    assert ink.shape == (30, 30, 1)
    assert np.argwhere(ink[:, :, 0]).tolist() == [[15, 15]]


def test_the_note_names_one_step_and_counts_several() -> None:
    assert note_on(Normalization()) == ("", "")
    assert note_on(Normalization(center=False)) == ("centre is off", "Prepared without: centre")
    assert note_on(Normalization(smooth=False)) == ("smooth is off", "Prepared without: smooth")
    assert note_on(Normalization(crop=False, scale=False))[0] == "2 steps are off"


def copy_picture() -> None:
    """Put a white sheet with a bar of ink into the clipboard."""
    scan = QImage(60, 60, QImage.Format.Format_RGB32)
    scan.fill(Qt.GlobalColor.white)
    painter = QPainter(scan)
    painter.fillRect(28, 10, 6, 40, QColor("black"))
    painter.end()
    QGuiApplication.clipboard().setImage(scan)


def press_paste(widget: QWidget) -> None:
    widget.setFocus()
    QTest.keyClick(widget, Qt.Key.Key_V, Qt.KeyboardModifier.ControlModifier)


def test_a_picture_is_pasted_wherever_the_focus_is(window: MainWindow) -> None:
    copy_picture()
    for widget in (window.network_view, window.training_panel.buttons[0], window.draw_canvas):
        press_paste(widget)
        assert isinstance(window.parts.document.content.picture, Picture)
        assert window.parts.document.undo_stack.count() == 1
        window.actions_.undo.trigger()
        assert window.parts.document.content.picture == Drawing()


def test_the_edit_menu_pastes_a_picture(window: MainWindow) -> None:
    copy_picture()
    menu = next(m for m in window.menuBar().findChildren(QMenu) if window.actions_.undo in m.actions())
    menu.popup(window.pos())
    place = menu.actionGeometry(window.actions_.paste_picture).center()
    QTest.mouseClick(menu, Qt.MouseButton.LeftButton, pos=place)
    assert isinstance(window.parts.document.content.picture, Picture)


def test_a_text_field_keeps_its_own_paste(window: MainWindow) -> None:
    rate = window.training_panel.findChild(QDoubleSpinBox, "learningRateBox")
    assert rate is not None
    QGuiApplication.clipboard().setText("0.25")
    rate.setFocus()
    QTest.keyClick(rate, Qt.Key.Key_A, Qt.KeyboardModifier.ControlModifier)
    press_paste(rate)
    QTest.keyClick(rate, Qt.Key.Key_Return)
    assert rate.value() == 0.25
    assert window.notice.text == ""
    copy_picture()
    press_paste(rate)
    assert window.parts.document.content.picture == Drawing()


def test_a_clipboard_without_a_picture_is_said(window: MainWindow) -> None:
    QGuiApplication.clipboard().setText("seven")
    press_paste(window.network_view)
    assert window.notice.text == "There is no picture in the clipboard."
    assert window.parts.document.content.picture == Drawing()
