"""Editing through the window: what cannot be is said, what fits the data is made."""

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QWidget

import cnn_core as cnn
from playground.data import Data, fitted
from playground.journeys.edit import EditJourney
from playground.main_window import MainWindow
from playground.selection import Place


@pytest.fixture
def edit(window: MainWindow) -> EditJourney:
    found = window.findChild(EditJourney)
    assert found is not None
    return found


@pytest.mark.parametrize("name", cnn.presets.names())
def test_every_preset_can_be_trained_on_the_data_in_use(
    window: MainWindow, edit: EditJourney, name: str
) -> None:
    edit.load_preset(name)
    assert window.control.reason_against() == ""


def test_more_layers_than_the_limit_are_refused_with_a_notice(window: MainWindow, edit: EditJourney) -> None:
    many = cnn.Architecture((8, 8, 1), (cnn.ReLU(),) * 200)
    window.parts.document.edit_architecture(many, "many")
    edit.insert(0, cnn.ReLU())
    assert len(window.parts.document.content.architecture.layers) == 200
    assert window.notice.kind == "error"
    assert "too many" in window.notice.text


def test_the_last_layer_cannot_be_moved_further(window: MainWindow, edit: EditJourney) -> None:
    before = window.parts.document.content.architecture
    edit.move(10, 11)
    edit.move(0, -1)
    assert window.parts.document.content.architecture == before


def test_removing_every_layer_is_an_error_that_undo_repairs(window: MainWindow, edit: EditJourney) -> None:
    before = window.parts.document.content.architecture
    for _ in before.layers:
        edit.remove(0)
    assert "no layers" in window.control.reason_against()
    for _ in before.layers:
        window.actions_.undo.trigger()
    assert window.parts.document.content.architecture == before
    assert window.control.reason_against() == ""


def test_fitting_sets_input_and_classes(small_data: Data) -> None:
    architecture = fitted(cnn.presets.load("tiny"), small_data.train)
    assert architecture.input_shape == (8, 8, 1)
    assert [layer.units for layer in architecture.layers if isinstance(layer, cnn.Dense)] == [3]


def test_what_an_edit_resets_is_said_with_a_way_back(window: MainWindow, edit: EditJourney) -> None:
    edit.insert(3, cnn.Conv2D(filters=16, padding="same"))
    assert "new weights" in window.notice.text
    assert "Conv2D 2" in window.notice.text


def type_into(box: QWidget, text: str) -> None:
    """Write a number in the place of the one in a box."""
    box.setFocus()
    QTest.keyClick(box, Qt.Key.Key_A, Qt.KeyboardModifier.ControlModifier)
    QTest.keyClicks(box, text)
    QTest.keyClick(box, Qt.Key.Key_Return)


def test_undo_calls_a_layer_as_its_column_and_a_field_as_the_form(
    window: MainWindow, edit: EditJourney
) -> None:
    edit.insert(2, cnn.Conv2D(filters=8, padding="same"))
    window.parts.selection.select(Place(4))  # the third convolution, behind the new one and a pooling
    field = window.inspector_panel.findChild(QWidget, "kernel_sizeField")
    assert field is not None
    type_into(field.focusProxy(), "2")
    assert window.actions_.undo.text() == "&Undo kernel size of Conv2D 3"


def test_undo_names_the_setting_that_was_changed(window: MainWindow) -> None:
    rate = window.training_panel.findChild(QWidget, "learningRateBox")
    assert rate is not None
    type_into(rate, "0.02")
    assert window.actions_.undo.text() == "&Undo learning rate"
    type_into(window.training_panel.batch_box, "32")
    assert window.actions_.undo.text() == "&Undo batch"


def test_layers_that_start_anew_are_listed(window: MainWindow) -> None:
    document = window.parts.document
    layers = (*document.content.architecture.layers[:-2], cnn.Dense(units=3), cnn.Softmax())
    document.edit_architecture(cnn.Architecture((32, 32, 3), layers), "input")
    assert window.notice.text.startswith("Conv2D 1, Dense 1 and Dense 2 start with new weights")
