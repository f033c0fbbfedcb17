from itertools import pairwise

import numpy as np
import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot

from playground.views.kernel_grid import MEAN, MOST_TILES, KernelGrid
from playground.views.kernel_panel import KernelPanel
from playground.views.pixels import colored


@pytest.fixture
def grid(qtbot: QtBot) -> KernelGrid:
    grid = KernelGrid()
    qtbot.addWidget(grid)
    grid.resize(276, 200)
    grid.show()
    return grid


def hover(grid: KernelGrid, position: QPoint) -> None:
    QTest.mouseMove(grid, grid.rect().bottomRight())
    QTest.mouseMove(grid, position)


def weight(*shape: int) -> np.ndarray:
    return np.random.default_rng(0).normal(size=shape).astype(np.float32)


def test_the_cursor_reads_out_the_weight_beneath_it(grid: KernelGrid) -> None:
    w = weight(3, 3, 1, 8)
    w[2, 0, 0, 5] = 0.125
    grid.set_weight(w)
    hover(grid, grid.tile_rect(5).bottomLeft())
    assert grid.read_out() == "filter 5, input 0, row 2, column 0: 0.125"


def test_the_strongest_input_of_each_filter_is_shown_first(grid: KernelGrid) -> None:
    w = np.zeros((1, 1, 4, 2), np.float32)
    w[0, 0, 3, 0], w[0, 0, 1, 1] = -2, 0.5
    grid.set_weight(w)
    hover(grid, grid.tile_rect(0).center())
    assert grid.read_out().startswith("filter 0, input 3") and grid.read_out().endswith("−2.00")


def test_the_mean_over_inputs_can_be_chosen(grid: KernelGrid) -> None:
    w = np.zeros((1, 1, 4, 2), np.float32)
    w[0, 0, 3, 0] = 2
    grid.set_weight(w)
    grid.set_input(MEAN)
    hover(grid, grid.tile_rect(0).center())
    assert grid.read_out() == "filter 0, mean of inputs, row 0, column 0: 0.500"


def test_of_many_filters_the_strongest_are_shown(grid: KernelGrid) -> None:
    w = weight(3, 3, 2, 300)
    w[..., 299] *= 10
    grid.set_weight(w)
    assert grid.tile_count == MOST_TILES
    hover(grid, grid.tile_rect(MOST_TILES - 1).center())
    assert grid.read_out().startswith("filter 299")


def test_arrows_and_enter_select_a_filter(grid: KernelGrid, qtbot: QtBot) -> None:
    grid.set_weight(weight(3, 3, 1, 16))
    for key in (Qt.Key.Key_Right, Qt.Key.Key_Right, Qt.Key.Key_Down):
        QTest.keyClick(grid, key)
    with qtbot.waitSignal(grid.filter_selected) as signal:
        QTest.keyClick(grid, Qt.Key.Key_Return)
    assert signal.args == [9]


@pytest.mark.parametrize("shape", [(1, 1, 1, 1), (3, 5, 2, 7), (11, 11, 3, 96), (3, 3, 512, 512)])
def test_tiles_stay_inside_and_apart(grid: KernelGrid, shape: tuple[int, ...]) -> None:
    grid.set_weight(weight(*shape))
    rects = [grid.tile_rect(tile) for tile in range(grid.tile_count)]
    assert all(grid.rect().contains(rect) for rect in rects)
    assert not any(a.intersects(b) for a, b in pairwise(rects))
    assert not grid.grab().isNull()


def test_the_panel_offers_input_channels_only_where_there_are_several(qtbot: QtBot) -> None:
    panel = KernelPanel()
    qtbot.addWidget(panel)
    panel.show()
    panel.set_weight(weight(3, 3, 1, 8))
    assert not panel.input_box.isVisible()
    panel.set_weight(weight(3, 3, 5, 8))
    assert panel.input_box.isVisible() and panel.input_box.count() == 7
    panel.input_box.setFocus()
    QTest.keyClick(panel.input_box, Qt.Key.Key_Down)
    hover(panel.grid, panel.grid.tile_rect(0).center())
    assert "mean of inputs" in panel.grid.read_out()


def test_values_beyond_the_scale_take_the_end_colours() -> None:
    table = np.repeat(np.arange(256, dtype=np.uint8)[:, None], 3, axis=1)
    got = colored(np.array([-9, -1, 0, 1, 9, np.nan], np.float32), -1, 1, table)[:, 0]
    assert got.tolist() == [0, 0, 128, 255, 255, 0]
