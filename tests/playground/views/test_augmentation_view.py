"""The kinds of augmentation with their sliders and previews."""

from dataclasses import fields

import numpy as np
import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QColor
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QLabel, QWidget
from pytestqt.qtbot import QtBot

import cnn_core as cnn
from cnn_core.datasets.augment import HANDWRITING, LIMITS
from playground.theme import DARK, LIGHT, Theme
from playground.views.augmentation_kinds import KINDS, summary
from playground.views.augmentation_view import PAUSE, USUAL, AugmentationView
from playground.views.elided_label import ElidedLines
from playground.views.tiles import Tiles

NAMES = [field.name for field in fields(cnn.Augmentation)]


def bar(channels: int = 1, side: int = 28) -> np.ndarray:
    image = np.zeros((side, side, channels), np.uint8)
    image[6:22, 12:16] = 255
    return image


@pytest.fixture
def view(qtbot: QtBot) -> AugmentationView:
    view = AugmentationView()
    qtbot.addWidget(view)
    view.resize(760, 190)
    view.show()
    view.set_image(bar())
    qtbot.waitUntil(lambda: pixels(view.samples) != [])
    return view


def edits_of(view: AugmentationView) -> list[cnn.Augmentation]:
    seen: list[cnn.Augmentation] = []
    view.augmentation_edited.connect(seen.append)
    return seen


def pixels(tiles: Tiles) -> list[bytes]:
    """What the tiles show, image by image."""
    return [bytes(image.constBits()) for image in tiles._images]


def settled(view: AugmentationView, qtbot: QtBot) -> list[bytes]:
    """The samples after what is under way."""
    qtbot.wait(30)
    return pixels(view.samples)


def lead(view: AugmentationView) -> str:
    return view.findChildren(QLabel)[0].text()


def test_there_is_a_kind_for_every_setting() -> None:
    assert [kind.field for kind in KINDS] == NAMES


@pytest.mark.parametrize("name", NAMES)
def test_a_key_on_a_slider_changes_its_kind_alone_and_its_preview(
    view: AugmentationView, name: str, qtbot: QtBot
) -> None:
    card, seen = view.cards[name], edits_of(view)
    off = pixels(card.tiles)
    assert off[0] == off[1]
    assert card.value.text() == "off"
    others = {other: pixels(view.cards[other].tiles) for other in NAMES if other != name}
    for _ in range(3):
        QTest.keyClick(card.slider, Qt.Key.Key_PageUp)
    assert getattr(seen[-1], name) > 0
    assert [other for other in NAMES if getattr(seen[-1], other)] == [name]
    assert card.value.text() != "off"
    first, second = pixels(card.tiles)
    assert first != second
    assert {first, second}.isdisjoint(off)
    assert {other: pixels(view.cards[other].tiles) for other in others} == others
    samples = settled(view, qtbot)
    assert samples[0] == off[0]  # the image as it is
    assert len(set(samples)) > 3


def test_no_slider_goes_where_the_engine_refuses(view: AugmentationView) -> None:
    for side in (8, 28, 1024):
        for kind in KINDS:
            assert 0 < kind.reach(side) <= LIMITS[kind.field]
    view.set_image(bar(channels=3, side=64))
    seen = edits_of(view)
    for card in view.cards.values():
        QTest.keyClick(card.slider, Qt.Key.Key_End)
    assert len(seen) == len(NAMES)
    assert seen[-1].shift == pytest.approx(16)


def test_all_off_is_one_image_and_faded_previews(view: AugmentationView, qtbot: QtBot) -> None:
    view.set_augmentation(cnn.Augmentation())
    assert len(settled(view, qtbot)) == 1
    assert "All kinds are off" in view.samples.accessibleDescription()
    tiles = view.cards["rotation"].tiles

    def brightest() -> float:
        image = tiles.grab().toImage()
        middle = tiles.tile_rect(0).center().toPoint()
        at = image.pixelColor(middle)
        corner = image.pixelColor(int(tiles.tile_rect(0).left()) + 3, middle.y())
        return at.lightnessF() - corner.lightnessF()

    faded = brightest()
    view.set_augmentation(cnn.Augmentation(rotation=10))
    assert brightest() > 2 * faded


def test_presets_set_all_kinds_and_show_which_one_is_on(view: AugmentationView) -> None:
    seen = edits_of(view)
    QTest.mouseClick(view.presets["Handwriting"], Qt.MouseButton.LeftButton)
    assert seen == [HANDWRITING]
    assert view.presets["Handwriting"].isChecked()
    assert view.cards["rotation"].value.text() == "±10°"
    assert view.cards["scale"].value.text() == "±10 %"
    assert view.cards["elastic"].value.text() == "to 1 px"
    QTest.mouseClick(view.presets["Handwriting"], Qt.MouseButton.LeftButton)
    assert seen == [HANDWRITING]  # it is on already, and stays
    assert view.presets["Handwriting"].isChecked()
    QTest.keyClick(view.cards["noise"].slider, Qt.Key.Key_Right)
    assert not view.presets["Handwriting"].isChecked()
    QTest.keyClick(view.presets["None"], Qt.Key.Key_Space)
    assert seen[-1] == cnn.Augmentation()


def test_samples_repeat_by_their_seed_and_are_drawn_again_on_demand(
    view: AugmentationView, qtbot: QtBot
) -> None:
    view.set_augmentation(HANDWRITING, seed=1)
    first = settled(view, qtbot)
    view.set_augmentation(HANDWRITING, seed=2)
    assert settled(view, qtbot) != first
    view.set_augmentation(HANDWRITING, seed=1)
    assert settled(view, qtbot) == first
    QTest.mouseClick(view.again_button, Qt.MouseButton.LeftButton)
    assert settled(view, qtbot) != first


def test_another_image_is_shown_at_once(view: AugmentationView, qtbot: QtBot) -> None:
    view.set_augmentation(cnn.Augmentation(rotation=20))
    before = pixels(view.cards["rotation"].tiles), settled(view, qtbot)
    view.set_image(bar().transpose(1, 0, 2).copy())
    after = pixels(view.cards["rotation"].tiles), settled(view, qtbot)
    assert after[0] != before[0] and after[1] != before[1]


def test_showing_a_setting_is_no_edit_and_values_beyond_a_slider_stay(view: AugmentationView) -> None:
    seen = edits_of(view)
    view.set_augmentation(cnn.Augmentation(rotation=180, shift=0.333))
    assert seen == []
    assert view.cards["rotation"].value.text() == "±180°"
    assert view.cards["shift"].value.text() == "±0.333 px"
    QTest.keyClick(view.cards["noise"].slider, Qt.Key.Key_Right)
    assert seen == [cnn.Augmentation(rotation=180, shift=0.333, noise=0.01)]


def test_what_is_drawn_while_hidden_is_there_when_shown(view: AugmentationView, qtbot: QtBot) -> None:
    view.set_augmentation(cnn.Augmentation(rotation=20))
    before = settled(view, qtbot)
    view.hide()
    view.set_image(bar().transpose(1, 0, 2).copy())
    assert pixels(view.samples) == before
    view.show()
    assert settled(view, qtbot) != before


def test_the_kind_under_pointer_or_keyboard_is_explained(view: AugmentationView) -> None:
    assert lead(view) == USUAL
    QTest.mouseMove(view.cards["elastic"].tiles, QPoint(5, 5))
    QApplication.processEvents()
    assert lead(view).startswith("Wobble: parts of a stroke")
    QTest.mouseMove(view.again_button, QPoint(5, 5))
    QApplication.processEvents()
    assert lead(view) == USUAL
    view.activateWindow()
    view.focus_first()
    assert lead(view).startswith("Rotation: ")
    QTest.keyClick(view.cards["rotation"].slider, Qt.Key.Key_Tab)
    assert lead(view).startswith("Shift: ")


def test_while_training_runs_it_only_shows(view: AugmentationView) -> None:
    view.set_running(True)
    assert not any(card.slider.isEnabled() for card in view.cards.values())
    assert lead(view) == PAUSE
    view.set_running(False)
    assert all(card.slider.isEnabled() for card in view.cards.values())


def test_without_an_image_there_is_nothing_but_sliders(view: AugmentationView, qtbot: QtBot) -> None:
    view.set_image(None)
    assert settled(view, qtbot) == []
    assert "Draw something" in lead(view)


@pytest.mark.parametrize("theme", [LIGHT, DARK])
def test_the_original_is_outlined_in_both_themes(view: AugmentationView, theme: Theme, qtbot: QtBot) -> None:
    view.set_theme(theme)
    settled(view, qtbot)
    corner = view.samples.tile_rect(0).topLeft().toPoint() + QPoint(1, 1)
    assert view.samples.grab().toImage().pixelColor(corner) == QColor(theme.accent)


def test_everything_has_a_name_and_an_explanation_and_fits_a_small_tab(view: AugmentationView) -> None:
    for kind in KINDS:
        card = view.cards[kind.field]
        assert card.slider.accessibleName() == kind.name
        assert kind.lesson in card.slider.accessibleDescription()
        assert kind.lesson in card.tiles.toolTip()
    named = [w for w in view.findChildren(QWidget) if w.focusPolicy() & Qt.FocusPolicy.TabFocus]
    assert len(named) == len(KINDS) + 3
    least = view.minimumSizeHint()
    assert least.width() <= 620 and least.height() <= 160


def test_an_augmentation_is_summed_up_in_a_word_or_two() -> None:
    assert summary(cnn.Augmentation()) == "off"
    assert summary(HANDWRITING) == "handwriting"
    assert summary(cnn.Augmentation(shear=3)) == "slant"
    assert summary(cnn.Augmentation(shear=3, noise=0.1)) == "2 kinds"


def test_what_is_shortened_in_the_smallest_window_is_told_by_tooltips(view: AugmentationView) -> None:
    view.resize(446, 155)
    view.grab()
    said = next(label for label in view.findChildren(ElidedLines) if label.text() == USUAL)
    assert said.fitting.endswith("…")
    assert len(said.fitting.splitlines()) * said.fontMetrics().lineSpacing() <= said.height()
    assert said.toolTip() == USUAL
    name = view.cards["thickness"].name
    assert name.fitting.endswith("…")
    assert name.toolTip().startswith("Thickness")
