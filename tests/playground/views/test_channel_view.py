"""One channel closely."""

import numpy as np
import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QLabel
from pytestqt.qtbot import QtBot

import cnn_core as cnn
from playground.theme import font
from playground.views.channel_view import ChannelView
from playground.views.map_pane import MapPane
from playground.views.sources_pane import SourcesPane

ARCHITECTURE = cnn.Architecture(
    (10, 10, 2), (cnn.Conv2D(filters=6), cnn.MaxPool2D(), cnn.Flatten(), cnn.Dense(units=3))
)
NETWORK = cnn.Network.initialize(ARCHITECTURE, seed=0)
IMAGE = np.random.default_rng(0).random((10, 10, 2), np.float32)
VALUES = [values[0] for values in NETWORK.activations(IMAGE[None])]


@pytest.fixture
def view(qtbot: QtBot) -> ChannelView:
    widget = ChannelView()
    qtbot.addWidget(widget)
    widget.resize(800, 280)
    widget.show()
    QTest.mouseMove(widget, QPoint(1, 1))
    return widget


def show(view: ChannelView, layer: int, channel: int) -> None:
    report = ARCHITECTURE.check()[layer]
    view.set_channel(
        report.layer.name,
        channel,
        VALUES[layer],
        report=report,
        inputs=VALUES[layer - 1] if layer else IMAGE,
        weight=NETWORK.parameters.get(f"{layer}.weight"),
        bias=NETWORK.parameters.get(f"{layer}.bias"),
    )


def point(pane: MapPane, row: int, column: int, shape: tuple[int, int]) -> QPoint:
    field = pane.field()
    x = field.x() + (column + 0.5) * field.width() / shape[1]
    return QPoint(int(x), int(field.y() + (row + 0.5) * field.height() / shape[0]))


def texts(view: ChannelView) -> str:
    return " | ".join(label.text() for label in view.findChildren(QLabel) if label.isVisible())


def test_hovering_a_value_reads_row_column_and_number(view: ChannelView) -> None:
    show(view, 0, 4)
    pane = view.findChild(MapPane)
    places: list[object] = []
    view.pixel_hovered.connect(places.append)
    QTest.mouseMove(pane, point(pane, 3, 5, (8, 8)))
    assert places[-1] == (3, 5)
    value = float(VALUES[0][3, 5, 4])
    assert view.read_out.startswith("Row 3, column 5: ")
    assert float(view.read_out.rpartition(" ")[2].replace("−", "-")) == pytest.approx(value, rel=0.01)


def test_the_read_out_follows_a_new_input(view: ChannelView) -> None:
    show(view, 0, 4)
    view.set_pixel((0, 0))
    before = view.read_out
    view.set_channel("Conv2D", 4, VALUES[0] + 1, report=ARCHITECTURE.check()[0], inputs=IMAGE)
    assert view.read_out != before


def test_arrows_walk_the_values_and_enter_selects(view: ChannelView) -> None:
    show(view, 0, 0)
    pane = view.findChild(MapPane)
    chosen: list[tuple[int, int]] = []
    view.pixel_selected.connect(lambda row, column: chosen.append((row, column)))
    keys = Qt.Key
    for key in (keys.Key_Down, keys.Key_Down, keys.Key_Right, keys.Key_Return):
        QTest.keyClick(pane, key)
    assert chosen == [(1, 1)]
    assert pane.accessibleDescription().startswith("Row 1, column 1: ")


def test_clicking_a_value_selects_it(view: ChannelView) -> None:
    show(view, 1, 2)
    pane = view.findChild(MapPane)
    chosen: list[tuple[int, int]] = []
    view.pixel_selected.connect(lambda row, column: chosen.append((row, column)))
    QTest.mouseClick(pane, Qt.MouseButton.LeftButton, pos=point(pane, 2, 3, (4, 4)))
    assert chosen == [(2, 3)]


def test_a_convolution_shows_all_its_inputs_and_clicking_one_asks_for_it(view: ChannelView) -> None:
    show(view, 0, 4)
    assert "Its 2 inputs, each with its kernel" in texts(view)
    asked: list[int] = []
    view.source_selected.connect(asked.append)
    sources = view.findChild(SourcesPane)
    QTest.mouseClick(sources, Qt.MouseButton.LeftButton, pos=QPoint(5, 5))
    assert asked == [0]


def test_pooling_shows_its_own_channel_before(view: ChannelView) -> None:
    show(view, 1, 4)
    asked: list[int] = []
    view.source_selected.connect(asked.append)
    QTest.mouseClick(view.findChild(SourcesPane), Qt.MouseButton.LeftButton, pos=QPoint(5, 5))
    assert asked == [4]
    assert "Its input |" in texts(view)


def test_a_value_outlines_what_it_was_computed_from(view: ChannelView) -> None:
    show(view, 0, 4)
    sources, pane = view.findChild(SourcesPane), view.findChild(MapPane)
    before = sources.grab().toImage()
    QTest.mouseMove(pane, point(pane, 3, 5, (8, 8)))
    assert sources.grab().toImage() != before


def test_a_value_of_a_convolution_is_shown_with_its_arithmetic(view: ChannelView) -> None:
    show(view, 0, 4)
    assert "Largest" in texts(view)
    QTest.mouseMove(view.findChild(MapPane), point(view.findChild(MapPane), 3, 5, (8, 8)))
    assert "14 others: " in texts(view)
    assert "bias: 0" in texts(view)
    show(view, 1, 4)
    assert "bias" not in texts(view)


def test_weights_from_before_an_edit_are_not_added_up(view: ChannelView) -> None:
    layer = cnn.Conv2D(filters=6, kernel_size=5, padding="same")
    report = ARCHITECTURE.replaced(0, layer).check()[0]
    values = np.zeros((10, 10, 6), np.float32)
    view.set_channel("Conv2D", 4, values, report=report, inputs=IMAGE, weight=NETWORK.parameters["0.weight"])
    view.set_pixel((9, 9))
    assert "Row 9, column 9: 0" in texts(view)
    assert "bias" not in texts(view)


def test_a_unit_of_a_dense_layer_shows_its_strongest_products(view: ChannelView) -> None:
    show(view, 3, 1)
    products = VALUES[2] * NETWORK.parameters["3.weight"][:, 1]
    assert "Dense, unit 1: " in texts(view)
    assert f"input {np.abs(products).argmax()}: " in view.findChild(SourcesPane).accessibleDescription()


def test_numbers_are_written_on_the_squares_of_small_maps(view: ChannelView) -> None:
    show(view, 1, 4)
    pane = view.findChild(MapPane)
    field = pane.field()
    square = field.width() / 4
    image = pane.grab().toImage()
    middle = {
        image.pixelColor(int(field.x() + square * 0.5 + dx), int(square / 2)).name() for dx in range(-12, 12)
    }
    assert len(middle) > 2


def test_without_a_channel_it_says_what_to_do(view: ChannelView) -> None:
    assert "Click a tile" in texts(view)
    show(view, 0, 0)
    view.set_channel("Conv2D", 0, None)
    assert "draw something" in texts(view)
    assert view.read_out == ""


def test_all_of_the_arithmetic_has_room_in_the_smallest_window(view: ChannelView) -> None:
    view.setFont(font("body"))
    view.resize(446, 155)
    show(view, 0, 4)
    view.set_pixel((3, 5))
    told = next(label for label in view.findChildren(QLabel) if "bias:" in label.text())
    QTest.qWait(1)
    assert told.mapTo(view, told.rect().bottomRight()).x() < view.width()
    assert told.heightForWidth(told.width()) <= told.height()
