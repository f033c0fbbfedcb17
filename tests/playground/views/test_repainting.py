"""Only what changed is painted again, and everything that changed is: nothing old stays on the screen."""

from collections.abc import Callable, Iterator
from dataclasses import replace

import numpy as np
import pytest
from on_screen import column, network_view, pixels, stale_pixels
from PySide6.QtCore import QEvent, QObject, QPoint
from PySide6.QtGui import QPaintEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QScrollArea, QWidget
from pytestqt.qtbot import QtBot

import cnn_core as cnn
from playground.theme import DARK, LIGHT
from playground.views.class_bars import ClassBars
from playground.views.insert_gap import InsertGap
from playground.views.layer_column import LayerColumn
from playground.views.network_strip import NetworkStrip
from playground.views.network_view import NetworkView
from playground.views.prediction_panel import PredictionPanel
from playground.views.seen_view import SeenView

pytestmark = pytest.mark.qt_log_ignore("propagateSizeHints")  # the offscreen platform has no window manager

DEEP = cnn.Architecture(
    (12, 12, 1),
    (
        *(cnn.Conv2D(filters=6), cnn.ReLU(), cnn.MaxPool2D()),
        *(cnn.Flatten(), cnn.Dense(units=20), cnn.Dense(units=3), cnn.Softmax()),
    ),
)


def show(view: NetworkView, architecture: cnn.Architecture = DEEP, seed: int = 0, ink: float = 1.0) -> None:
    network = cnn.Network.initialize(architecture, seed=seed)
    image = ink * np.random.default_rng(seed).random(architecture.input_shape, np.float32)
    view.set_parameters(network.parameters)
    view.set_activations(image, network.activations(image[None]), seed)


@pytest.fixture
def view(qtbot: QtBot) -> NetworkView:
    widget = network_view(qtbot)
    widget.set_reports(DEEP.check(), DEEP.input_shape)
    show(widget)
    QTest.mouseMove(widget, QPoint(1, 1))
    assert stale_pixels(widget) == 0
    return widget


def point_at(view: NetworkView, layer: int, channel: int) -> None:
    rect = column(view, layer).tile_rect(channel)
    assert rect is not None
    QTest.mouseMove(column(view, layer), rect.center().toPoint())


@pytest.fixture
def painted(view: NetworkView) -> Iterator[list[QWidget]]:
    """The widgets of the view that were painted, in order."""
    spy = _PaintSpy()
    widgets = [view, *view.findChildren(QWidget)]
    for widget in widgets:
        widget.installEventFilter(spy)
    yield spy.painted
    for widget in widgets:
        widget.removeEventFilter(spy)


class _PaintSpy(QObject):
    def __init__(self) -> None:
        super().__init__()
        self.painted: list[QWidget] = []
        self.rectangles: list[int] = []  # of which each time

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if isinstance(event, QPaintEvent) and isinstance(watched, QWidget):
            self.painted.append(watched)
            self.rectangles.append(event.region().rectCount())
        return False


def broken() -> cnn.Architecture:
    return DEEP.replaced(0, cnn.Conv2D(filters=6, kernel_size=40))


CHANGES: dict[str, Callable[[NetworkView], object]] = {
    "other numbers": lambda view: show(view, seed=1),
    "larger numbers": lambda view: show(view, seed=1, ink=30.0),
    "nothing drawn": lambda view: show(view, ink=0.0),
    "no activations": lambda view: view.set_activations(None, None),
    "theme": lambda view: view.set_theme(DARK),
    "theme there and back": lambda view: (view.set_theme(DARK), show(view, seed=2), view.set_theme(LIGHT)),
    "scale of the network": lambda view: view.set_scope("network"),
    "scale of each channel": lambda view: view.set_scope("channel"),
    "layer selected": lambda view: view.set_selection(1, None),
    "channel selected": lambda view: view.set_selection(0, 3),
    "class selected": lambda view: view.set_selection(6, 2),
    "resized": lambda view: view.resize(700, 260),
    "large": lambda view: view.resize(1400, 700),
    "pointed at": lambda view: point_at(view, 2, 4),
    "layer removed": lambda view: view.set_reports(DEEP.removed(1).check(), (12, 12, 1)),
    "layer inserted": lambda view: view.set_reports(DEEP.inserted(2, cnn.Sigmoid()).check(), (12, 12, 1)),
    "error": lambda view: view.set_reports(broken().check(), (12, 12, 1)),
    "names": lambda view: view.set_class_names(("a", "b", "a long name")),
}


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
def test_the_screen_shows_what_a_change_makes_of_the_maps(
    view: NetworkView, change: Callable[[NetworkView], object]
) -> None:
    before = view.grab().toImage()
    change(view)
    assert stale_pixels(view) == 0
    assert view.grab().toImage() != before
    show(view, seed=3)
    assert stale_pixels(view) == 0


@pytest.mark.parametrize("first", ["nothing drawn", "no activations", "error", "channel selected", "theme"])
@pytest.mark.parametrize("second", ["other numbers", "larger numbers", "scale of each channel", "resized"])
def test_the_screen_follows_one_change_after_another(view: NetworkView, first: str, second: str) -> None:
    for name in (first, second, first):
        CHANGES[name](view)
        assert stale_pixels(view) == 0


def test_nothing_stays_behind_where_the_pointer_was(view: NetworkView) -> None:
    before = view.grab().toImage()
    for layer, channel in ((0, 1), (2, 5), (6, 1), (-1, 0)):
        point_at(view, layer, channel)
        assert stale_pixels(view) == 0
        show(view)
        assert stale_pixels(view) == 0
    QTest.mouseMove(view, QPoint(1, 1))
    assert stale_pixels(view) == 0
    assert view.grab().toImage() == before


def test_columns_scrolled_into_sight_show_the_newest_maps(view: NetworkView) -> None:
    view.resize(330, 300)
    bar = view.findChild(QScrollArea).horizontalScrollBar()
    assert stale_pixels(view) == 0
    assert bar.maximum() > 0
    for place in (bar.maximum(), 40, 0):
        show(view, seed=place)
        bar.setValue(place)
        assert stale_pixels(view) == 0


def test_maps_hidden_for_a_while_come_back_with_the_newest(view: NetworkView) -> None:
    view.hide()
    show(view, seed=5)
    view.show()
    assert stale_pixels(view) == 0


def take_focus(view: NetworkView, qtbot: QtBot) -> NetworkStrip:
    strip = view.findChild(NetworkStrip)
    view.activateWindow()
    view.setFocus()
    qtbot.waitUntil(strip.hasFocus)
    return strip


def test_the_keyboard_on_the_columns_is_marked_by_one_whole_line(view: NetworkView, qtbot: QtBot) -> None:
    strip = take_focus(view, qtbot)
    assert stale_pixels(view) == 0
    focused = pixels(view.grab())
    strip.clearFocus()
    assert stale_pixels(view) == 0
    rows, columns = np.nonzero((focused != pixels(view.grab())).any(axis=2))
    top = view.findChild(QScrollArea).geometry().top()
    assert len(set(rows.tolist())) == 1 and rows[0] < top
    assert columns.tolist() == list(range(view.width()))


@pytest.mark.parametrize("focus", [False, True])
def test_a_frame_paints_nothing_between_the_columns(
    view: NetworkView, painted: list[QWidget], qtbot: QtBot, focus: bool
) -> None:
    if focus:
        take_focus(view, qtbot)
    show(view, seed=1)
    assert stale_pixels(view) == 0
    painted.clear()
    show(view, seed=2)
    for _ in range(3):
        QTest.qWait(1)
    kinds = {type(widget) for widget in painted}
    assert LayerColumn in kinds
    assert not kinds & {InsertGap, NetworkStrip}


def test_maps_and_legend_are_painted_in_one_rectangle(view: NetworkView) -> None:
    columns, spy = view.findChildren(LayerColumn), _PaintSpy()
    legends = [column.legend for column in columns]
    for each in columns:
        each.installEventFilter(spy)
    show(view, seed=1, ink=30.0)
    assert stale_pixels(view) == 0
    changed = [each for each, legend in zip(columns, legends, strict=True) if each.legend != legend]
    assert len(changed) > 3
    assert set(changed) <= set(spy.painted)
    assert set(spy.rectangles) == {1}


def test_the_input_is_painted_only_when_it_changes(view: NetworkView, painted: list[QWidget]) -> None:
    network = cnn.Network.initialize(DEEP, seed=1)
    image = np.random.default_rng(1).random(DEEP.input_shape, np.float32)
    view.set_activations(image, network.activations(image[None]), 1)
    assert stale_pixels(view) == 0
    painted.clear()
    view.set_activations(image, network.activations(0.5 * image[None]), 2)
    for _ in range(3):
        QTest.qWait(1)
    assert column(view, 0) in painted
    assert column(view, -1) not in painted


def test_the_bars_of_the_classes_follow_every_change(qtbot: QtBot) -> None:
    panel = PredictionPanel()
    qtbot.addWidget(panel)
    panel.resize(240, 400)
    panel.show()
    names = tuple("0123456789")
    sure = np.eye(10, dtype=np.float32)
    for probabilities, classes in (
        (None, names),
        (sure[3], names),
        (0.5 * sure[3] + 0.5 * sure[4], names),
        (0.4 * sure[3] + 0.6 * sure[4], names),
        (sure[4][:3] + 0.25, ("cat", "dog", "owl")),
        (sure[0][:3], ("cat", "emu", "owl")),
        (None, names),
    ):
        panel.set_prediction(probabilities, classes)
        assert stale_pixels(panel) == 0
    panel.set_prediction(sure[3], names, familiar=False)
    assert stale_pixels(panel) == 0
    panel.set_teaching(True, 3)
    panel.set_prediction(sure[4], names)
    QTest.mouseMove(panel.findChild(ClassBars), QPoint(20, 30))
    assert stale_pixels(panel) == 0
    panel.set_theme(DARK)
    assert stale_pixels(panel) == 0


def test_the_image_the_network_sees_follows_every_change(qtbot: QtBot) -> None:
    view = SeenView()
    qtbot.addWidget(view)
    view.show()
    for value in (0.0, 1.0, 0.5):
        view.set_image(np.full((8, 8, 1), value, np.float32))
        assert stale_pixels(view) == 0
    view.set_theme(replace(DARK, border="#ff0000"))
    assert stale_pixels(view) == 0
