import dataclasses

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QWheelEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QLabel, QWidget
from pytestqt.qtbot import QtBot

import cnn_core as cnn
from cnn_core.layers import LAYERS
from playground.field_texts import field_text
from playground.views.field_editors import NumberBox, next_of_1_2_5
from playground.views.layer_form import LayerForm
from playground.views.size_editors import PaddingEditor, SizeEditor

Edits = list[tuple[int, object]]


@pytest.fixture
def form(qtbot: QtBot) -> LayerForm:
    form = LayerForm()
    qtbot.addWidget(form)
    form.show()
    return form


def edits_of(form: LayerForm) -> Edits:
    edits: Edits = []
    form.layer_edited.connect(lambda index, layer: edits.append((index, layer)))
    return edits


def type_into(box: QWidget, text: str) -> None:
    box.setFocus()
    QTest.keyClick(box, Qt.Key.Key_A, Qt.KeyboardModifier.ControlModifier)
    QTest.keyClicks(box, text)
    QTest.keyClick(box, Qt.Key.Key_Return)


def shown_errors(form: LayerForm) -> list[str]:
    labels = form.findChildren(QLabel)
    return [label.text() for label in labels if label.property("role") == "error" and label.isVisible()]


def layers() -> list[cnn.layers.Layer]:
    needed = {"Conv2D": {"filters": 4}, "Dense": {"units": 3}}
    return [kind(**needed.get(name, {})) for name, kind in LAYERS.items()]


@pytest.mark.parametrize("layer", layers(), ids=lambda layer: layer.name)
def test_every_field_of_every_layer_has_an_editor_a_name_and_an_explanation(
    form: LayerForm, layer: cnn.layers.Layer
) -> None:
    form.set_layer(2, layer)
    for field in dataclasses.fields(layer):
        editor = form.form.editor(field.name)
        assert editor.accessibleName() and editor.toolTip()
        assert field_text(layer.name, field.name).explanation, field.name
        assert [
            label for label in form.findChildren(QLabel) if label.buddy() in (editor, editor.focusProxy())
        ]


def test_typing_a_number_sends_the_layer_once_it_is_confirmed(form: LayerForm) -> None:
    form.set_layer(3, cnn.Conv2D(filters=32))
    edits = edits_of(form)
    type_into(form.form.editor("filters"), "48")
    assert edits == [(3, cnn.Conv2D(filters=48))]


def test_an_arrow_key_sends_the_layer_at_once(form: LayerForm) -> None:
    form.set_layer(0, cnn.Dense(units=10))
    edits = edits_of(form)
    QTest.keyClick(form.form.editor("units"), Qt.Key.Key_Up)
    assert edits == [(0, cnn.Dense(units=11))]


def test_showing_a_layer_sends_nothing(form: LayerForm) -> None:
    edits = edits_of(form)
    for layer in layers():
        form.set_layer(1, layer)
    assert not edits


def test_height_and_width_can_be_given_separately(form: LayerForm) -> None:
    form.set_layer(0, cnn.Conv2D(filters=4, kernel_size=3))
    edits = edits_of(form)
    editor = form.form.editor("kernel_size")
    assert isinstance(editor, SizeEditor)
    assert not editor.width_box.isVisible()
    QTest.mouseClick(editor.two_button, Qt.MouseButton.LeftButton)
    type_into(editor.width_box, "5")
    assert edits == [(0, cnn.Conv2D(filters=4, kernel_size=(3, 5)))]
    QTest.mouseClick(editor.two_button, Qt.MouseButton.LeftButton)
    assert edits[-1] == (0, cnn.Conv2D(filters=4, kernel_size=3))


def test_padding_is_a_name_or_a_number(form: LayerForm) -> None:
    form.set_layer(0, cnn.Conv2D(filters=4))
    edits = edits_of(form)
    editor = form.form.editor("padding")
    assert isinstance(editor, PaddingEditor)
    editor.choice.setFocus()
    QTest.keyClick(editor.choice, Qt.Key.Key_Down)
    assert edits[-1][1] == cnn.Conv2D(filters=4, padding="same")
    QTest.keyClick(editor.choice, Qt.Key.Key_Down)
    assert edits[-1][1] == cnn.Conv2D(filters=4, padding=0)
    type_into(editor.size_editor.height_box, "2")
    assert edits[-1][1] == cnn.Conv2D(filters=4, padding=2)


def test_the_stride_of_a_pool_can_follow_its_size(form: LayerForm) -> None:
    form.set_layer(0, cnn.MaxPool2D(pool_size=2))
    edits = edits_of(form)
    editor = form.form.editor("stride")
    assert isinstance(editor, SizeEditor)
    QTest.keyClick(editor.height_box, Qt.Key.Key_Up)
    assert edits == [(0, cnn.MaxPool2D(pool_size=2, stride=1))]
    QTest.keyClick(editor.height_box, Qt.Key.Key_Down)
    assert edits[-1] == (0, cnn.MaxPool2D(pool_size=2, stride=None))


def test_a_refused_value_is_explained_beneath_its_field_and_not_sent(form: LayerForm) -> None:
    form.set_layer(0, cnn.Dropout(rate=0.5))
    edits = edits_of(form)
    type_into(form.form.editor("rate"), "1.5")
    assert not edits
    (error,) = shown_errors(form)
    assert "rate" in error and "1.5" in error
    type_into(form.form.editor("rate"), "0.25")
    assert edits == [(0, cnn.Dropout(rate=0.25))]
    assert not shown_errors(form)


def test_correcting_another_field_accepts_the_refused_one(form: LayerForm) -> None:
    form.set_layer(0, cnn.Conv2D(filters=8))
    edits = edits_of(form)
    type_into(form.form.editor("groups"), "3")
    assert shown_errors(form) and not edits
    type_into(form.form.editor("filters"), "9")
    assert edits == [(0, cnn.Conv2D(filters=9, groups=3))]
    assert not shown_errors(form)


def test_the_answer_of_the_document_keeps_the_field_being_edited(form: LayerForm) -> None:
    form.set_layer(0, cnn.Conv2D(filters=8))
    box = form.form.editor("filters")
    form.set_layer(0, cnn.Conv2D(filters=8, kernel_size=5))
    assert form.form.editor("filters") is box
    assert form.form.value == cnn.Conv2D(filters=8, kernel_size=5)


def test_undo_of_a_refused_edit_shows_the_layer_again(form: LayerForm) -> None:
    form.set_layer(0, cnn.Dropout(rate=0.5))
    type_into(form.form.editor("rate"), "1.5")
    form.set_layer(0, cnn.Dropout(rate=0.4))
    box = form.form.editor("rate")
    assert isinstance(box, NumberBox)
    assert box.number() == 0.4 and not shown_errors(form)


def turn_wheel(box: QWidget) -> None:
    center = box.rect().center().toPointF()
    up = QPoint(0, 120)
    event = QWheelEvent(
        center,
        box.mapToGlobal(center),
        up,
        up,
        Qt.MouseButton.NoButton,
        Qt.KeyboardModifier.NoModifier,
        Qt.ScrollPhase.NoScrollPhase,
        False,
    )
    QApplication.sendEvent(box, event)


def test_the_wheel_changes_only_a_box_that_was_chosen(form: LayerForm, qtbot: QtBot) -> None:
    form.set_layer(0, cnn.Dense(units=10))
    edits = edits_of(form)
    box = form.form.editor("units")
    box.clearFocus()
    turn_wheel(box)
    assert not edits
    box.setFocus()
    qtbot.waitUntil(box.hasFocus)
    turn_wheel(box)
    assert edits == [(0, cnn.Dense(units=11))]


@pytest.mark.parametrize(
    ("text", "number"), [("0.05", 0.05), ("1e-5", 1e-5), ("0,5", 0.5), (".5", 0.5), ("3", 3.0)]
)
def test_real_numbers_are_typed_as_people_write_them(qtbot: QtBot, text: str, number: float) -> None:
    box = NumberBox()
    qtbot.addWidget(box)
    box.show()
    type_into(box, text)
    assert box.number() == pytest.approx(number, rel=1e-9)


def test_letters_do_not_enter_a_number(qtbot: QtBot) -> None:
    box = NumberBox()
    qtbot.addWidget(box)
    box.show()
    type_into(box, "0.x2y5")
    assert box.number() == 0.25


@pytest.mark.parametrize(
    ("value", "up", "expected"),
    [(0.05, True, 0.1), (0.05, False, 0.02), (0.03, True, 0.05), (1.0, False, 0.5), (0.0, True, 1e-5)],
)
def test_logarithmic_steps_walk_1_2_5(value: float, up: bool, expected: float) -> None:
    assert next_of_1_2_5(value, up) == pytest.approx(expected)
