import numpy as np
import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot

from playground.views.histogram import Histogram, spread


def test_bins_hold_every_finite_value_that_is_not_zero() -> None:
    values = np.random.default_rng(0).normal(size=5000).astype(np.float32)
    values[:100] = 0
    values[100] = np.nan
    found = spread(values)
    assert found.counts.sum() == 4899
    assert (found.zeros, found.not_finite, found.size) == (100, 1, 5000)


def test_an_edge_lies_at_zero() -> None:
    found = spread(np.array([-0.37, 1.9], np.float32))
    edges = [found.edges(i)[0] for i in range(len(found.counts))]
    assert min(abs(edge) for edge in edges) < 1e-9


@pytest.mark.parametrize("values", [[], [0.0], [5.0], [-3.0, -3.0], [np.nan], [1e-30], [3e38, -3e38]])
def test_odd_values_are_counted_without_failing(values: list[float]) -> None:
    found = spread(np.array(values, np.float32))
    assert found.counts.sum() + found.zeros + found.not_finite == len(values)
    assert found.high > found.low


def test_hovering_reads_out_a_bin(qtbot: QtBot) -> None:
    histogram = Histogram("Weights")
    qtbot.addWidget(histogram)
    histogram.set_values(np.linspace(0, 1, 101, dtype=np.float32))
    histogram.show()
    assert histogram.read_out() == "101 values"
    QTest.mouseMove(histogram, QPoint(histogram.width() - 2, 40))
    qtbot.waitUntil(lambda: " to " in histogram.read_out())


def test_arrow_keys_walk_the_bins(qtbot: QtBot) -> None:
    histogram = Histogram("Weights")
    qtbot.addWidget(histogram)
    histogram.set_values(np.linspace(0, 1, 101, dtype=np.float32))
    histogram.show()
    QTest.keyClick(histogram, Qt.Key.Key_Right)
    assert histogram.read_out().startswith("0 to")
    assert histogram.accessibleDescription() == histogram.read_out()


def test_dead_units_are_named_by_their_share(qtbot: QtBot) -> None:
    histogram = Histogram("Activations")
    qtbot.addWidget(histogram)
    histogram.set_values(np.array([0, 0, 0, 1], np.float32))
    assert "75 % exactly zero" in histogram.description()
