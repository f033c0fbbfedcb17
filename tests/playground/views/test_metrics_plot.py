import numpy as np
import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QLabel
from pytestqt.qtbot import QtBot

import cnn_core as cnn
from playground.theme import DARK
from playground.views.metric_curves import extremes, thinned
from playground.views.metric_history import MetricHistory
from playground.views.metrics_plot import EMPTY, MetricsPlot

CONFUSION = np.array([[9, 1], [0, 10]])


def points(count: int, first: int = 1, per_epoch: int = 10) -> list[cnn.Progress]:
    return [
        cnn.Progress(
            step=step,
            epoch=1 + (step - 1) // per_epoch,
            steps_per_epoch=per_epoch,
            loss=2.0 / step,
            accuracy=1 - 1 / step,
            learning_rate=0.05,
            images_per_second=1000.0,
            validation=cnn.Evaluation(0.25, CONFUSION) if step % per_epoch == 0 else None,
        )
        for step in range(first, first + count)
    ]


@pytest.fixture
def plot(qtbot: QtBot) -> MetricsPlot:
    plot = MetricsPlot()
    qtbot.addWidget(plot)
    plot.resize(744, 260)
    plot.show()
    return plot


def shown(plot: MetricsPlot) -> str:
    return "\n".join(label.text() for label in plot.findChildren(QLabel) if label.isVisible())


def test_before_training_it_says_what_to_do(plot: MetricsPlot) -> None:
    assert EMPTY in shown(plot)


def test_points_replace_the_hint(plot: MetricsPlot, qtbot: QtBot) -> None:
    plot.append(points(5))
    qtbot.waitUntil(lambda: "step 5" in shown(plot))
    assert EMPTY not in shown(plot)


def test_the_whole_history_is_kept_while_the_curve_is_thinned(plot: MetricsPlot) -> None:
    plot.set_history(points(5000))
    assert len(plot.history) == 5000
    assert plot.history.training("loss")[0] == 2.0
    drawn = plot.loss.plot.listDataItems()[0].getData()[0]
    assert 400 < len(drawn) < 1700


def test_validation_is_kept_with_its_step(plot: MetricsPlot) -> None:
    plot.set_history(points(25))
    assert plot.history.validation("step").tolist() == [10, 20]
    assert plot.history.validation("accuracy").tolist() == [0.95, 0.95]


def test_clear_brings_the_hint_back(plot: MetricsPlot) -> None:
    plot.set_history(points(5))
    plot.clear()
    assert len(plot.history) == 0 and EMPTY in shown(plot)


def test_arrow_keys_walk_the_steps(plot: MetricsPlot) -> None:
    plot.set_history(points(30))
    QTest.keyClick(plot, Qt.Key.Key_Home)
    assert plot.read_out().startswith("step 1: loss 2.00, accuracy 0.0 %")
    QTest.keyClick(plot, Qt.Key.Key_Right)
    assert plot.read_out().startswith("step 2: loss 1.00, accuracy 50.0 %")
    QTest.keyClick(plot, Qt.Key.Key_End)
    assert "validation at 30: 0.250, 95.00 %" in plot.read_out()
    QTest.keyClick(plot, Qt.Key.Key_Escape)
    assert plot.accessibleDescription() == plot.read_out()


def test_hovering_reads_out_the_step_beneath(plot: MetricsPlot, qtbot: QtBot) -> None:
    plot.set_history(points(100))
    viewport = plot._view.viewport()
    qtbot.wait(20)
    QTest.mouseMove(viewport, QPoint(120, 80))
    QTest.mouseMove(viewport, QPoint(121, 80))
    qtbot.waitUntil(lambda: not plot.read_out().startswith("step 100"))
    step = int(plot.read_out().split(":")[0].removeprefix("step "))
    assert 10 < step < 60


def test_what_came_while_hidden_is_drawn_on_return(plot: MetricsPlot, qtbot: QtBot) -> None:
    plot.hide()
    plot.append(points(40))
    plot.show()
    qtbot.waitUntil(lambda: "step 40" in shown(plot))


def test_it_draws_in_the_dark_theme(plot: MetricsPlot) -> None:
    plot.set_history(points(40))
    plot.set_theme(DARK)
    assert not plot.grab().isNull()


def test_the_running_average_begins_unbiased() -> None:
    history = MetricHistory()
    history.append(points(1))
    assert history.smoothed("loss")[0] == pytest.approx(2.0)


def test_a_loss_that_is_no_number_does_not_spoil_the_average() -> None:
    history = MetricHistory()
    first, second, third = points(3)
    broken = cnn.Progress(2, 1, 10, float("nan"), 0.0, 0.05, 1.0)
    history.append((first, broken, third))
    assert np.isfinite(history.smoothed("loss")).all()
    assert second.step == 2


def test_history_grows_over_its_first_room() -> None:
    history = MetricHistory()
    history.append(points(1000))
    assert history.training("step").tolist() == list(range(1, 1001))


def test_thinning_loses_no_peak() -> None:
    x, y = np.arange(10_001.0), np.zeros(10_001)
    y[7777] = 5
    at, drawn = extremes(x, y)
    assert drawn.max() == 5 and len(drawn) < 1000
    assert at[np.argmax(drawn)] == pytest.approx(7777, abs=30)


def test_thinning_keeps_the_last_point() -> None:
    at, _ = thinned(np.arange(10_000.0), np.zeros(10_000))
    assert at[-1] == 9999 and len(at) < 500
