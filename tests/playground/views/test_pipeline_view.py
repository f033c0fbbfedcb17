"""The steps from a drawing to the network's input, and their switches."""

import numpy as np
import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QLabel
from pytestqt.qtbot import QtBot

from cnn_core.preprocessing import Normalization
from playground.theme import DARK, LIGHT, Theme
from playground.views.elided_label import ElidedLines
from playground.views.pipeline_view import PipelineView


def corner_square() -> np.ndarray:
    drawn = np.zeros((280, 280), np.uint8)
    drawn[180:230, 20:60] = 255
    return drawn


@pytest.fixture
def view(qtbot: QtBot) -> PipelineView:
    view = PipelineView()
    qtbot.addWidget(view)
    view.resize(860, 220)
    view.show()
    return view


def texts(view: PipelineView) -> str:
    return " | ".join(label.text() for label in view.findChildren(QLabel))


def test_each_step_says_what_it_did(view: PipelineView) -> None:
    view.set_drawing(corner_square(), Normalization())
    assert "Cut to its ink" in texts(view)
    assert "Longer side made 20 pixels: 16 by 20 pixels" in texts(view)
    assert "Each pixel is the mean of its area" in texts(view)
    assert "Centre of mass moved to the middle" in texts(view)


def test_a_step_that_is_off_says_so(view: PipelineView) -> None:
    view.set_drawing(corner_square(), Normalization(crop=False))
    assert "Kept as drawn" in texts(view)
    assert not view.switches["crop"].isChecked()


def test_without_smoothing_the_picture_stays_jagged_to_the_end(view: PipelineView) -> None:
    def grays(pane: int) -> int:
        image = view._panes[pane]._image
        assert image is not None
        return int(((image > 0) & (image < 1)).sum())

    rows, columns = np.indices((280, 280)) - 139.5
    disc = ((np.hypot(rows, columns) < 90) * 255).astype(np.uint8)
    view.set_drawing(disc, Normalization())
    assert grays(2) == 0 and grays(3) > 20 and grays(4) > 20
    view.set_drawing(disc, Normalization(smooth=False))
    assert "Each pixel is the ink at its middle" in texts(view)
    assert [grays(pane) for pane in (2, 3, 4)] == [0, 0, 0]


@pytest.mark.parametrize("field", ["crop", "scale", "smooth", "center"])
def test_the_keyboard_switches_one_step_and_leaves_the_others(view: PipelineView, field: str) -> None:
    edits: list[Normalization] = []
    view.normalization_edited.connect(edits.append)
    view.set_drawing(corner_square(), Normalization())
    QTest.keyClick(view.switches[field], Qt.Key.Key_Space)
    assert edits == [Normalization(**{field: False})]


def test_showing_a_setting_is_no_edit(view: PipelineView) -> None:
    edits: list[Normalization] = []
    view.normalization_edited.connect(edits.append)
    view.set_drawing(corner_square(), Normalization(crop=False, scale=False))
    view.set_drawing(corner_square(), Normalization())
    assert edits == []


def test_an_image_taken_as_it_is_has_no_steps(view: PipelineView) -> None:
    view.set_drawing(None, Normalization())
    assert "taken as it is" in texts(view)
    assert not any(switch.isEnabled() for switch in view.switches.values())


def test_an_empty_sheet_shows_no_steps_but_can_be_switched(view: PipelineView) -> None:
    view.set_drawing(corner_square(), Normalization())
    view.set_drawing(np.zeros((280, 280), np.uint8), Normalization())
    assert "Cut to its ink" not in texts(view)
    assert all(switch.isEnabled() for switch in view.switches.values())


def test_what_was_drawn_while_hidden_is_there_when_shown(view: PipelineView) -> None:
    view.hide()
    view.set_drawing(corner_square(), Normalization())
    view.show()
    assert "Cut to its ink" in texts(view)


@pytest.mark.parametrize("theme", [LIGHT, DARK])
def test_ink_is_white_on_black_in_both_themes(view: PipelineView, theme: Theme) -> None:
    view.set_theme(theme)
    view.set_drawing(corner_square(), Normalization())
    pixels = view.grab().toImage()
    values = {pixels.pixelColor(x, y).value() for x in range(160) for y in range(60, 180)}
    assert {0, 255} <= values


def test_switches_explain_themselves_to_screen_readers(view: PipelineView) -> None:
    for switch in view.switches.values():
        assert switch.text()
        assert switch.accessibleDescription().startswith("Without it")


def test_a_place_without_a_picture_is_not_taken_for_a_black_one(view: PipelineView) -> None:
    view.set_drawing(corner_square(), Normalization())
    assert "As it is on the sheet" in texts(view)
    view.set_drawing(None, Normalization())
    assert "on the sheet" not in texts(view)
    assert view._panes[0].grab().toImage().pixelColor(20, 20).value() > 200


def test_no_line_of_a_sentence_is_cut_in_the_smallest_window(view: PipelineView) -> None:
    view.set_drawing(corner_square(), Normalization())
    view.resize(446, 155)
    view.grab()
    said = next(label for label in view.findChildren(QLabel) if label.text().startswith("Longer side"))
    assert isinstance(said, ElidedLines)
    assert said.fitting.endswith("…")
    assert said.toolTip() == said.text()
