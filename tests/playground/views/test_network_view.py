"""The network strip: what it shows, and what it asks for when clicked, dragged and typed at."""

from dataclasses import replace

import numpy as np
import pytest
from on_screen import column, network_view
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QImage
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QLabel, QMenu, QToolButton
from pytestqt.qtbot import QtBot

import cnn_core as cnn
from playground.theme import DARK
from playground.views.breadcrumb import Breadcrumb
from playground.views.elided_label import ElidedLabel
from playground.views.insert_gap import InsertGap
from playground.views.layer_column import HEADER
from playground.views.network_view import NetworkView
from playground.views.shown_network import Hover

LEFT, NONE = Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier
SMALL = cnn.Architecture(
    (12, 12, 1),
    (
        *(cnn.Conv2D(filters=4), cnn.ReLU(), cnn.MaxPool2D()),
        *(cnn.Flatten(), cnn.Dense(units=20), cnn.Dense(units=3), cnn.Softmax()),
    ),
)


def show(view: NetworkView, architecture: cnn.Architecture, seed: int = 0) -> list[np.ndarray]:
    """Show an architecture at work on a random image; returns the activations."""
    network = cnn.Network.initialize(architecture, seed=seed)
    image = np.random.default_rng(seed).random(architecture.input_shape, np.float32)
    activations = network.activations(image[None])
    view.set_parameters(network.parameters)
    view.set_reports(architecture.check(), architecture.input_shape)
    view.set_activations(image, activations, 7)
    return [values[0] for values in activations]


@pytest.fixture
def view(qtbot: QtBot) -> NetworkView:
    widget = network_view(qtbot)
    show(widget, SMALL)
    QTest.mouseMove(widget, QPoint(1, 1))
    return widget


def tile_point(view: NetworkView, layer: int, channel: int, share: float = 0.5) -> QPoint:
    rect = column(view, layer).tile_rect(channel)
    assert rect is not None
    return QPoint(int(rect.x() + share * rect.width()), int(rect.y() + share * rect.height()))


def texts(view: NetworkView) -> str:
    words = [view.read_out, *(label.text() for label in view.findChildren(QLabel))]
    return " | ".join(words).replace("\u202f", " ")


def pixels(view: NetworkView, layer: int) -> QImage:
    return column(view, layer).grab().toImage()


def record(signal) -> list:  # type: ignore[no-untyped-def, type-arg]
    taken: list[object] = []
    signal.connect(lambda *values: taken.append(values[0] if len(values) == 1 else values))
    return taken


# -- what is shown -----------------------------------------------------------------------------------


def test_every_column_says_name_shape_and_parameters(view: NetworkView) -> None:
    assert column(view, -1).accessibleName() == "Input, 12×12×1"
    assert column(view, 0).accessibleName() == "Conv2D, 10×10×4, 40 parameters"
    assert column(view, 5).accessibleName() == "Dense 2, 3, 63 parameters"


def test_the_step_and_the_size_of_the_network_are_written(view: NetworkView) -> None:
    assert "step 7" in texts(view)
    assert "7 layers, 2 123 parameters" in texts(view)


def test_maps_change_with_the_input(view: NetworkView) -> None:
    before = [pixels(view, layer) for layer in range(7)]
    show(view, SMALL, seed=1)
    assert all(pixels(view, layer) != image for layer, image in enumerate(before))


def test_kernels_are_visible_beside_the_maps(view: NetworkView) -> None:
    before = pixels(view, 0)
    view.set_parameters({"0.weight": np.ones((3, 3, 1, 4), np.float32)})
    assert pixels(view, 0) != before


def test_themes_change_the_colours(view: NetworkView) -> None:
    before = pixels(view, 0)
    view.set_theme(DARK)
    assert pixels(view, 0) != before


def test_pooling_has_the_legend_of_what_it_pools_and_the_scope_changes_legends(view: NetworkView) -> None:
    conv, relu, pool = (column(view, layer).legend for layer in range(3))
    assert conv.startswith("±")
    assert relu.startswith("0–")
    assert relu == pool != "0–" + conv[1:]
    view.set_scope("channel")
    assert column(view, 0).legend == "±own max"
    view.set_selection(0, 2)
    assert column(view, 0).legend != "±own max"
    assert column(view, 6).legend == "0–1.00"


def test_an_empty_input_that_gives_only_zeros_says_so(view: NetworkView) -> None:
    zeros = [np.zeros((1, *report.output_shape), np.float32) for report in SMALL.check()]
    view.set_activations(np.zeros((12, 12, 1), np.float32), zeros, 7)
    assert [column(view, layer).legend for layer in (0, 1, 6)] == ["all 0", "all 0", "0–1.00"]


def test_what_comes_of_an_empty_input_is_no_answer(view: NetworkView) -> None:
    """The scores fade, and none of the class names stands out."""

    def names(image: np.ndarray, winner: int) -> QImage:
        values = [np.zeros((1, *report.output_shape), np.float32) for report in SMALL.check()]
        values[-1][0, winner] = 1.0
        view.set_activations(image, values, 7)
        rect = column(view, 6).tile_rect(0)
        assert rect is not None
        return pixels(view, 6).copy(0, int(rect.y()), 16, 3 * int(rect.height()))

    drawn, empty = np.ones((12, 12, 1), np.float32), np.zeros((12, 12, 1), np.float32)
    assert names(drawn, 0) != names(drawn, 1)
    assert names(empty, 0) == names(empty, 1)
    assert "calibrat" in column(view, 6).toolTip()
    assert "calibrat" not in column(view, 5).toolTip()


def test_without_activations_the_maps_fade_and_the_reason_is_said(view: NetworkView) -> None:
    before = pixels(view, 0)
    view.set_activations(None, None, None, "The maps are from before the change")
    assert pixels(view, 0) != before
    assert "The maps are from before the change" in texts(view)


def test_an_error_is_written_on_its_own_column(view: NetworkView) -> None:
    broken = SMALL.replaced(2, replace(SMALL.layers[2], pool_size=40))
    view.set_reports(broken.check(), broken.input_shape)
    caption = column(view, 2).caption
    assert "40" in caption.problem
    assert caption.problem == column(view, 2).accessibleDescription()
    assert column(view, 2).width() >= 176
    assert column(view, 3).caption.waiting == "Waits for MaxPool2D"
    assert not column(view, 1).caption.problem


def test_maps_of_layers_that_still_fit_survive_an_edit(view: NetworkView) -> None:
    shorter = cnn.Architecture(SMALL.input_shape, (*SMALL.layers[:4], cnn.Dense(units=3)))
    view.set_reports(shorter.check(), shorter.input_shape)
    assert column(view, 0).value_at((0, 0, 0)) is not None
    assert column(view, 4).value_at((0, 0, 0)) is None


def test_more_layers_than_fit_can_be_scrolled_to(view: NetworkView) -> None:
    long = cnn.Architecture((12, 12, 1), (cnn.Conv2D(filters=8, padding="same"), cnn.ReLU()) * 20)
    show(view, cnn.Architecture(long.input_shape, (*long.layers, cnn.Flatten(), cnn.Dense(units=3))))
    view.set_selection(41, None)
    right = column(view, 41).mapTo(view, QPoint(column(view, 41).width(), 0)).x()
    assert 0 < right <= view.width()


def test_of_512_channels_the_strongest_are_shown_first_and_counted(view: NetworkView, qtbot: QtBot) -> None:
    wide = cnn.Architecture((8, 8, 1), (cnn.Conv2D(filters=512), cnn.Flatten(), cnn.Dense(units=3)))
    values = show(view, wide)[0]
    shown = column(view, 0).shown_channels
    strength = np.abs(values).mean(axis=(0, 1))
    assert shown.size == 96
    assert (np.diff(strength[shown]) <= 0).all()
    assert strength[shown].min() >= np.delete(strength, shown).max()


def test_the_strongest_stay_in_place_while_values_change_and_settle_afterwards(
    view: NetworkView, qtbot: QtBot
) -> None:
    wide = cnn.Architecture((8, 8, 1), (cnn.Conv2D(filters=200), cnn.Flatten(), cnn.Dense(units=3)))
    show(view, wide)
    before = column(view, 0).shown_channels.tolist()
    network = cnn.Network.initialize(wide, seed=5)
    view.set_activations(
        np.ones((8, 8, 1), np.float32), network.activations(np.ones((1, 8, 8, 1), np.float32))
    )
    assert column(view, 0).shown_channels.tolist() == before
    qtbot.waitUntil(lambda: column(view, 0).shown_channels.tolist() != before, timeout=2000)


@pytest.mark.parametrize("name", cnn.presets.names())
def test_every_preset_can_be_shown(view: NetworkView, name: str) -> None:
    show(view, cnn.presets.load(name))
    assert not view.grab().toImage().isNull()


def test_large_maps_are_asked_for_with_a_button(view: NetworkView) -> None:
    show(view, cnn.presets.load("sample"))
    before = column(view, 0).tile_rect(0)
    QTest.mouseClick(view.findChild(QToolButton), LEFT)
    after = column(view, 0).tile_rect(0)
    assert after.width() >= 28 > before.width()


def test_an_empty_architecture_shows_its_input(view: NetworkView) -> None:
    view.set_reports((), (28, 28, 1))
    assert column(view, -1).isVisible()
    assert "0 layers" in texts(view)


# -- pointing and selecting --------------------------------------------------------------------------


def test_clicking_a_header_selects_the_layer(view: NetworkView) -> None:
    selected = record(view.layer_selected)
    QTest.mouseClick(column(view, 2), LEFT, NONE, QPoint(10, 10))
    assert selected == [2]


def test_clicking_a_tile_selects_the_channel(view: NetworkView) -> None:
    selected = record(view.channel_selected)
    QTest.mouseClick(column(view, 1), LEFT, NONE, tile_point(view, 1, 3))
    QTest.mouseClick(column(view, 6), LEFT, NONE, tile_point(view, 6, 2))
    assert selected == [(1, 3), (6, 2)]


def test_clicking_beside_the_columns_goes_back(view: NetworkView) -> None:
    clicks = record(view.background_clicked)
    strip = column(view, 0).parentWidget()
    QTest.mouseClick(strip, LEFT, NONE, QPoint(strip.width() - 1, strip.height() - 3))
    assert len(clicks) == 1


def test_hovering_a_value_reads_it_in_words(view: NetworkView) -> None:
    hovers = record(view.hovered)
    values = show(view, SMALL)
    QTest.mouseMove(column(view, 0), tile_point(view, 0, 3))
    hover = hovers[-1]
    assert isinstance(hover, Hover)
    assert hover.value == values[0][hover.row, hover.column, 3]
    assert hover.text.startswith(f"Conv2D, channel 3, row {hover.row}, column {hover.column}: ")
    assert hover.text.replace("\u202f", " ") in texts(view)
    QTest.mouseMove(column(view, 0), QPoint(5, 5))
    assert hovers[-1] is None


@pytest.mark.parametrize("neighbour", ["way", "step"])
def test_the_read_out_keeps_its_value_when_a_neighbour_takes_its_room(qtbot: QtBot, neighbour: str) -> None:
    way = Breadcrumb()
    view = NetworkView(lead=way)
    qtbot.addWidget(view)
    view.resize(700, 300)
    view.show()
    values = show(view, SMALL)
    QTest.mouseMove(view, QPoint(1, 1))
    QTest.mouseMove(column(view, 0), tile_point(view, 0, 3))
    if neighbour == "way":
        way.set_names(["Network", "Conv2D", "Channel 3"])
    else:
        view.set_activations(None, values, note="These maps are of step 1 000")
    label = view.findChild(ElidedLabel)
    qtbot.waitUntil(lambda: label.fitting != view.read_out)
    assert view.read_out.startswith("Conv2D, channel 3, row ")
    assert label.fitting.endswith(view.read_out.rpartition(": ")[2])
    assert label.fontMetrics().horizontalAdvance(label.fitting) <= label.width() + 1


def test_hovering_a_score_names_its_class(view: NetworkView) -> None:
    hovers = record(view.hovered)
    QTest.mouseMove(column(view, 6), tile_point(view, 6, 1))
    assert hovers[-1].text.startswith("Softmax, class dog: 0.")


def test_hovering_outlines_what_feeds_the_value_and_what_reads_it(view: NetworkView) -> None:
    before, on_input, after = pixels(view, 1), pixels(view, -1), pixels(view, 3)
    QTest.mouseMove(column(view, 2), tile_point(view, 2, 1))
    assert pixels(view, 1) != before
    assert pixels(view, -1) != on_input
    assert pixels(view, 3) != after


def test_a_layer_that_goes_while_pointed_at_and_selected_is_let_go(view: NetworkView) -> None:
    hovers = record(view.hovered)
    view.set_selection(6, 1)
    QTest.mouseMove(column(view, 6), tile_point(view, 6, 1))
    shorter = SMALL.removed(6)
    view.set_reports(shorter.check(), shorter.input_shape)
    assert hovers[-1] is None
    assert view.read_out.startswith("6 layers")


def test_arrows_walk_layers_and_channels(view: NetworkView) -> None:
    view.layer_selected.connect(lambda layer: view.set_selection(layer, None))
    view.channel_selected.connect(view.set_selection)
    layers, channels = record(view.layer_selected), record(view.channel_selected)
    strip = view.focusProxy()
    for key in (Qt.Key.Key_Right, Qt.Key.Key_Right, Qt.Key.Key_Down, Qt.Key.Key_Down, Qt.Key.Key_Left):
        QTest.keyClick(strip, key)
    assert layers == [0, 1]
    assert channels == [(1, 0), (1, 1), (0, 1)]
    assert strip.accessibleDescription() == "Conv2D, channel 1"
    QTest.keyClick(strip, Qt.Key.Key_End)
    assert channels[-1] == (6, 1)


# -- editing -----------------------------------------------------------------------------------------


def test_the_gap_between_columns_offers_layers_to_insert(view: NetworkView, qtbot: QtBot) -> None:
    inserted = record(view.insert_requested)
    gaps = sorted(view.findChildren(InsertGap), key=lambda gap: gap.x())
    QTest.mouseClick(gaps[2], LEFT)
    menu = view.findChild(QMenu)
    entry = next(action for action in menu.actions() if action.text().startswith("ReLU"))
    entry.trigger()
    menu.close()
    assert inserted == [(2, cnn.ReLU())]


def test_layers_that_do_not_fit_say_so_in_the_menu(view: NetworkView) -> None:
    gaps = sorted(view.findChildren(InsertGap), key=lambda gap: gap.x())
    QTest.mouseClick(gaps[5], LEFT)  # behind the first dense layer
    menu = view.findChild(QMenu)
    words = {action.text().split("\t")[0] for action in menu.actions()}
    menu.close()
    assert "Conv2D (does not fit here)" in words
    assert "Dense" in words


def test_dragging_a_header_moves_the_layer(view: NetworkView) -> None:
    moves = record(view.move_requested)
    source, target = column(view, 0), column(view, 2)
    QTest.mousePress(source, LEFT, NONE, QPoint(10, 10))
    for x in (40, 120, target.x() + target.width() - source.x() - 5):
        QTest.mouseMove(source, QPoint(x, 12))
    QTest.mouseRelease(source, LEFT, NONE, QPoint(target.x() + target.width() - source.x() - 5, 12))
    assert moves == [(0, 2)]
    assert SMALL.moved(*moves[0]).layers[:3] == (SMALL.layers[1], SMALL.layers[2], SMALL.layers[0])


def test_a_header_dropped_where_it_was_moves_nothing(view: NetworkView) -> None:
    moves = record(view.move_requested)
    source = column(view, 3)
    QTest.mousePress(source, LEFT, NONE, QPoint(10, 10))
    QTest.mouseMove(source, QPoint(32, 12))
    QTest.mouseRelease(source, LEFT, NONE, QPoint(12, 12))
    assert moves == []


def test_keys_remove_and_move_the_selected_layer(view: NetworkView) -> None:
    removed, moved = record(view.remove_requested), record(view.move_requested)
    view.set_selection(2, None)
    strip = view.focusProxy()
    QTest.keyClick(strip, Qt.Key.Key_Delete)
    QTest.keyClick(strip, Qt.Key.Key_Left, Qt.KeyboardModifier.ControlModifier)
    QTest.keyClick(strip, Qt.Key.Key_Right, Qt.KeyboardModifier.ControlModifier)
    assert removed == [2]
    assert moved == [(2, 1), (2, 3)]


def test_the_input_can_be_neither_removed_nor_moved(view: NetworkView) -> None:
    removed, moved = record(view.remove_requested), record(view.move_requested)
    view.set_selection(-1, None)
    strip = view.focusProxy()
    QTest.keyClick(strip, Qt.Key.Key_Delete)
    QTest.keyClick(strip, Qt.Key.Key_Right, Qt.KeyboardModifier.ControlModifier)
    assert removed == moved == []


def test_the_context_menu_names_all_edits(view: NetworkView) -> None:
    removed = record(view.remove_requested)
    column(view, 1).menu_requested.emit(QPoint(10, HEADER))
    menu = next(
        each for each in view.findChildren(QMenu) if any("Re&move" in a.text() for a in each.actions())
    )
    words = [action.text().replace("&", "").split("\t")[0] for action in menu.actions() if action.text()]
    assert words == ["Insert before", "Insert after", "Move left", "Move right", "Remove"]
    next(action for action in menu.actions() if "Re&move" in action.text()).trigger()
    menu.close()
    assert removed == [1]
