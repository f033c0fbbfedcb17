"""Augmentation through the window: reached, set, seen on the drawing, undone."""

import numpy as np
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot

import cnn_core as cnn
from cnn_core.datasets.augment import HANDWRITING
from playground.drawing import Drawing, Stroke
from playground.main_window import MainWindow

LINE = Drawing((Stroke(((0.3, 0.2), (0.5, 0.8))),))


def shown(window: MainWindow) -> np.ndarray:
    image = window.augmentation_view._image
    assert image is not None
    return image


def test_the_button_of_the_training_panel_leads_to_it_and_says_what_is_on(window: MainWindow) -> None:
    button = window.training_panel.augmentation_button
    assert button.text() == "Off"
    QTest.mouseClick(button, Qt.MouseButton.LeftButton)
    assert window.tabs.currentWidget() is window.augmentation_view
    assert window.augmentation_view.cards["rotation"].slider.hasFocus()
    QTest.mouseClick(window.augmentation_view.presets["Handwriting"], Qt.MouseButton.LeftButton)
    assert window.parts.document.content.settings.augmentation == HANDWRITING
    assert button.text() == "Handwriting"
    window.actions_.undo.trigger()
    assert window.parts.document.content.settings.augmentation == cnn.Augmentation()
    assert window.augmentation_view.presets["None"].isChecked()


def test_it_is_reached_by_key_and_from_the_further_settings(window: MainWindow) -> None:
    QTest.keyClick(window, Qt.Key.Key_G, Qt.KeyboardModifier.ControlModifier)
    assert window.tabs.currentWidget() is window.augmentation_view
    window.tabs.setCurrentIndex(0)
    further = window.training_panel.further
    further.open_below(window.training_panel.further_button)
    QTest.mouseClick(further.preview_button, Qt.MouseButton.LeftButton)
    assert not further.isVisible()
    assert window.tabs.currentWidget() is window.augmentation_view


def test_numbers_typed_in_the_further_settings_move_the_sliders(window: MainWindow) -> None:
    further = window.training_panel.further
    further.open_below(window.training_panel.further_button)
    QTest.keyClick(further.editor("rotation"), Qt.Key.Key_Up)
    assert window.augmentation_view.cards["rotation"].slider.value() == 5
    further.close()


def test_the_drawing_is_shown_as_the_network_sees_it_and_without_one_an_image_of_the_data(
    window: MainWindow, qtbot: QtBot
) -> None:
    assert window.control.data is not None
    window.show()
    window.actions_.show_augmentation.trigger()
    np.testing.assert_array_equal(shown(window), window.control.data.train.images[0])
    window.parts.document.show_picture(LINE, "stroke")
    qtbot.waitUntil(lambda: window.prediction_panel.predictedClass >= 0, timeout=10_000)
    seen = window.parts.probe.reading.seen
    np.testing.assert_array_equal(shown(window), (seen * 255).round().astype(np.uint8))


def test_nothing_is_done_for_the_view_while_it_is_hidden_and_it_catches_up(
    window: MainWindow, qtbot: QtBot
) -> None:
    window.show()
    window.actions_.show_augmentation.trigger()
    before = shown(window)
    window.tabs.setCurrentIndex(0)
    window.parts.document.show_picture(LINE, "stroke")
    qtbot.waitUntil(lambda: window.prediction_panel.predictedClass >= 0, timeout=10_000)
    assert shown(window) is before
    window.actions_.show_augmentation.trigger()
    assert (shown(window) != before).any()


def test_training_uses_what_is_set_and_nothing_can_be_changed_meanwhile(
    window: MainWindow, qtbot: QtBot
) -> None:
    view = window.augmentation_view
    QTest.mouseClick(view.presets["Handwriting"], Qt.MouseButton.LeftButton)
    window.control.start(2)
    assert not view.presets["None"].isEnabled()
    qtbot.waitUntil(lambda: not window.control.running, timeout=30_000)
    assert view.presets["None"].isEnabled()
    assert window.control.history[-1].step == 2
