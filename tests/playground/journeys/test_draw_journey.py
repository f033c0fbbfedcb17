"""Drawing in the window: the steps of its preparation can be looked at and switched off."""

import numpy as np
from PySide6.QtCore import Qt
from PySide6.QtGui import QColor, QImage, QPainter
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot

from cnn_core.preprocessing import Normalization
from playground.drawing import Drawing, Stroke
from playground.journeys.draw import as_ink, note_on
from playground.main_window import MainWindow
from playground.pictures import to_gray

CORNER = Drawing((Stroke(((0.1, 0.7), (0.15, 0.9))),))


def seen(window: MainWindow) -> np.ndarray:
    window.parts.probe.run()
    assert window.parts.probe.reading is not None
    return window.parts.probe.reading.seen


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
    window.draw_canvas.image_dropped.emit(to_gray(scan))
    whole = seen(window)
    assert np.flatnonzero(whole.any(axis=(1, 2))).tolist() == list(range(4, 24))
    window.parts.document.prepare_drawings(Normalization(crop=False, scale=False, center=False))
    assert seen(window).sum() < whole.sum() / 4


def test_a_scan_is_put_in_the_middle_of_a_square_sheet() -> None:
    dark_on_light = np.full((10, 30), 255, np.uint8)
    dark_on_light[5, 15] = 0
    ink = as_ink(dark_on_light)
    assert ink.shape == (30, 30, 1)
    assert np.argwhere(ink[:, :, 0]).tolist() == [[15, 15]]


def test_the_note_names_one_step_and_counts_several() -> None:
    assert note_on(Normalization()) == ("", "")
    assert note_on(Normalization(center=False)) == ("centre is off", "Prepared without: centre")
    assert note_on(Normalization(smooth=False)) == ("smooth is off", "Prepared without: smooth")
    assert note_on(Normalization(crop=False, scale=False))[0] == "2 steps are off"
