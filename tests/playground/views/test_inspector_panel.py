import numpy as np
import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QLabel, QWidget
from pytestqt.qtbot import QtBot

import cnn_core as cnn
from cnn_core.layers import LAYERS
from playground.theme import DARK, LIGHT
from playground.views.explanations import EXPLANATIONS
from playground.views.inspector_panel import InspectorPanel
from playground.views.kernel_grid import KernelGrid
from playground.views.network_summary import NetworkSummary

SAMPLE = cnn.presets.load("sample")


@pytest.fixture
def panel(qtbot: QtBot) -> InspectorPanel:
    panel = InspectorPanel()
    qtbot.addWidget(panel)
    panel.resize(300, 900)
    panel.show()
    panel.set_overview(SAMPLE.check(), SAMPLE.input_shape)
    return panel


def texts(panel: InspectorPanel) -> str:
    return "\n".join(label.text() for label in panel.findChildren(QLabel) if label.isVisible())


def test_every_layer_is_explained() -> None:
    assert set(EXPLANATIONS) == set(LAYERS)


def test_without_a_selection_it_sums_up_the_network(panel: InspectorPanel) -> None:
    panel.set_layer(None)
    total = sum(report.parameters for report in SAMPLE.check())
    assert f"{total:,}".replace(",", "\N{NARROW NO-BREAK SPACE}") in texts(panel)


def test_an_empty_network_says_how_to_begin(panel: InspectorPanel) -> None:
    panel.set_overview((), (28, 28, 1))
    assert "no layers yet" in texts(panel)


def test_a_click_in_the_overview_selects_that_layer(panel: InspectorPanel, qtbot: QtBot) -> None:
    summary = panel.findChild(NetworkSummary)
    assert summary is not None
    with qtbot.waitSignal(panel.layer_selected) as signal:
        QTest.mouseClick(summary, Qt.MouseButton.LeftButton, pos=QPoint(40, 3 * 28 + 10))
    assert signal.args == [3]


def test_the_overview_is_walked_with_the_arrow_keys(panel: InspectorPanel, qtbot: QtBot) -> None:
    summary = panel.findChild(NetworkSummary)
    assert summary is not None
    summary.setFocus()
    QTest.keyClick(summary, Qt.Key.Key_Down)
    QTest.keyClick(summary, Qt.Key.Key_Down)
    with qtbot.waitSignal(panel.layer_selected) as signal:
        QTest.keyClick(summary, Qt.Key.Key_Return)
    assert signal.args == [1]


def test_a_layer_shows_its_shapes_and_counts(panel: InspectorPanel) -> None:
    panel.set_layer(SAMPLE.check()[0], 0)
    shown = texts(panel)
    for part in ("Conv2D", "28×28×1", "26×26×32", "320", "3×3 of the image"):
        assert part in shown


def test_an_error_stands_first_with_its_remedy(panel: InspectorPanel) -> None:
    report = SAMPLE.replaced(3, cnn.Conv2D(filters=8, kernel_size=99)).check()[3]
    panel.set_layer(report)
    cards = [w for w in panel.findChildren(QLabel) if w.property("role") == "error" and w.isVisible()]
    assert cards[0].text().startswith("kernel_size 99 is larger than its 13x13 input; use")


def test_layers_after_an_error_are_shown_as_unknown(panel: InspectorPanel) -> None:
    reports = SAMPLE.replaced(3, cnn.Conv2D(filters=8, kernel_size=99)).check()
    panel.set_overview(reports, SAMPLE.input_shape)
    panel.set_layer(None)
    panel.grab()
    panel.set_layer(reports[5])
    assert "unknown" in texts(panel)


def test_the_form_sends_the_edited_layer(panel: InspectorPanel, qtbot: QtBot) -> None:
    panel.set_layer(SAMPLE.check()[3], 3)
    box = panel.findChild(QWidget, "filtersField")
    assert box is not None
    with qtbot.waitSignal(panel.layer_edited) as signal:
        QTest.keyClick(box, Qt.Key.Key_Up)
    assert signal.args == [3, cnn.Conv2D(filters=65, kernel_size=3)]


def test_kernels_are_shown_for_convolutions_only(panel: InspectorPanel) -> None:
    network = cnn.Network.initialize(SAMPLE, seed=0)
    grid = panel.findChild(KernelGrid)
    assert grid is not None
    panel.set_parameters(network.parameters)
    panel.set_layer(SAMPLE.check()[0], 0)
    assert grid.isVisible() and grid.tile_count == 32
    panel.set_layer(SAMPLE.check()[1], 1)
    assert not grid.isVisible()


def test_a_click_on_a_kernel_selects_its_channel(panel: InspectorPanel, qtbot: QtBot) -> None:
    network = cnn.Network.initialize(SAMPLE, seed=0)
    panel.set_parameters(network.parameters)
    panel.set_layer(SAMPLE.check()[0], 0)
    grid = panel.findChild(KernelGrid)
    assert grid is not None
    with qtbot.waitSignal(panel.channel_selected) as signal:
        QTest.mouseClick(grid, Qt.MouseButton.LeftButton, pos=grid.tile_rect(5).center())
    assert signal.args == [0, 5]


def test_a_channel_narrows_the_histograms(panel: InspectorPanel) -> None:
    panel.set_layer(SAMPLE.check()[0], 0)
    panel.set_activations(np.ones((1, 26, 26, 32), np.float32))
    assert "Activations for this input" in texts(panel)
    panel.set_channel(4)
    assert "Activations of channel 4" in texts(panel)


def test_what_came_while_hidden_is_shown_on_return(panel: InspectorPanel) -> None:
    panel.set_layer(SAMPLE.check()[0], 0)
    panel.hide()
    panel.set_parameters(cnn.Network.initialize(SAMPLE, seed=0).parameters)
    panel.show()
    assert "Kernels" in texts(panel)


@pytest.mark.parametrize("theme", [LIGHT, DARK], ids=lambda theme: theme.name)
def test_it_paints_in_both_themes(panel: InspectorPanel, theme: object) -> None:
    panel.set_theme(theme)  # type: ignore[arg-type]
    panel.set_parameters(cnn.Network.initialize(SAMPLE, seed=0).parameters)
    panel.set_layer(SAMPLE.check()[3], 3)
    assert not panel.grab().isNull()


def test_everything_that_takes_the_focus_has_a_name(panel: InspectorPanel, qtbot: QtBot) -> None:
    panel.set_parameters(cnn.Network.initialize(SAMPLE, seed=0).parameters)
    panel.set_layer(SAMPLE.check()[3], 3)
    box = panel.findChild(QWidget, "filtersField")
    assert box is not None
    qtbot.waitUntil(box.isVisible)
    focusable = [
        w for w in panel.findChildren(QWidget) if w.isVisible() and w.focusPolicy() & Qt.FocusPolicy.TabFocus
    ]
    assert len(focusable) > 8
    assert [type(w).__name__ for w in focusable if not w.accessibleName()] == []


def test_layers_are_called_as_in_the_network(panel: InspectorPanel) -> None:
    panel.set_layer(SAMPLE.check()[3])
    assert texts(panel).startswith("Conv2D 2\n")


def test_the_error_in_the_overview_names_its_layer(panel: InspectorPanel) -> None:
    reports = SAMPLE.replaced(3, cnn.Conv2D(filters=8, kernel_size=99)).check()
    panel.set_overview(reports, SAMPLE.input_shape)
    assert "Conv2D 2: kernel_size 99" in texts(panel)


def test_weights_of_a_dense_layer_after_flatten_are_shown_as_images(panel: InspectorPanel) -> None:
    architecture = cnn.Architecture((28, 28, 1), (cnn.Flatten(), cnn.Dense(units=10), cnn.Softmax()))
    network = cnn.Network.initialize(architecture, seed=0)
    panel.set_overview(architecture.check(), architecture.input_shape)
    panel.set_parameters(network.parameters)
    panel.set_layer(architecture.check()[1])
    grid = panel.findChild(KernelGrid)
    assert grid is not None
    assert grid.isVisible() and grid.tile_count == 10
    assert grid.tile_rect(0).size().toTuple() in ((28, 28), (56, 56))
    assert "10 units. Hover" in texts(panel)


def test_activations_of_another_layer_are_forgotten(panel: InspectorPanel) -> None:
    panel.set_layer(SAMPLE.check()[0])
    panel.set_activations(np.ones((26, 26, 32), np.float32))
    panel.set_layer(SAMPLE.check()[1])
    assert "appear as soon as there is an input" in texts(panel)


def test_tab_walks_the_form_from_top_to_bottom_and_on_to_the_kernels(
    panel: InspectorPanel, qtbot: QtBot
) -> None:
    panel.set_parameters(cnn.Network.initialize(SAMPLE, seed=0).parameters)
    panel.set_layer(SAMPLE.check()[1])
    panel.set_layer(SAMPLE.check()[3])
    box = panel.findChild(QWidget, "filtersField")
    assert box is not None
    qtbot.waitUntil(box.isVisible)
    box.setFocus()
    qtbot.waitUntil(box.hasFocus)
    names: list[str] = []
    for _ in range(14):
        focused = QApplication.focusWidget()
        assert focused is not None
        names.append(focused.accessibleName())
        QTest.keyClick(focused, Qt.Key.Key_Tab)
    assert names[0] == "Filters" and names[1] == "Kernel size"
    assert (
        names.index("Stride") < names.index("Padding") < names.index("Groups") < names.index("First weights")
    )
    assert names[-3:] == ["Input channel whose kernels are shown", "Kernels", "Weights"]
