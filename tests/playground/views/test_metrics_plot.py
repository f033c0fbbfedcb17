import subprocess
import sys
from dataclasses import replace

import numpy as np
import pytest
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtGui import QPixmap, QWheelEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QLabel, QToolButton, QWidget
from pytestqt.qtbot import QtBot

import cnn_core as cnn
from playground.theme import DARK, LIGHT, Theme
from playground.views.metric_curves import extremes, thinned
from playground.views.metric_history import MetricHistory, smoothed
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


def test_neither_pyqtgraph_nor_http_is_loaded_to_open_the_window() -> None:
    code = (
        "import sys, playground.app as program\n"
        "from playground.views.metrics_plot import MetricsPlot\n"
        "app = program.create_application(['cnn-playground'])\n"
        "plot = MetricsPlot()\n"
        "plot.show()\n"
        "app.processEvents()\n"
        "assert not {'pyqtgraph', 'http.client', 'importlib.metadata'} & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


def test_what_plots_need_is_imported_in_a_thread_after_a_while() -> None:
    code = (
        "import sys, threading\n"
        "from PySide6.QtWidgets import QApplication\n"
        "from playground.views import metrics_plot\n"
        "metrics_plot.AHEAD_MILLISECONDS = 0\n"
        "app = QApplication([])\n"
        "importers = []\n"
        "run = threading.Thread.run\n"
        "threading.Thread.run = lambda thread: (importers.append(thread), run(thread))\n"
        "plot = metrics_plot.MetricsPlot()\n"
        "plot.show()\n"
        "while not importers:\n"
        "    app.processEvents()\n"
        "importers[0].join()\n"
        "assert 'playground.views.linked_plots' in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code], check=True, timeout=60)


def test_points_replace_the_hint(plot: MetricsPlot, qtbot: QtBot) -> None:
    plot.append(points(5))
    qtbot.waitUntil(lambda: "step 5" in shown(plot))
    assert EMPTY not in shown(plot)


def test_the_loss_axis_shows_the_loss_in_any_theme(plot: MetricsPlot) -> None:
    plot.set_history(points(60, first=5))
    for theme in (DARK, LIGHT):
        plot.set_theme(theme)
        plot.set_history(points(70, first=5))
        axis = plot.plots.loss.plot.getAxis("left")
        bottom, top = axis.range
        assert top < 1
        ticks = [
            float(text)
            for spacing, values in axis.tickValues(bottom, top, 200)
            for text in axis.tickStrings(values, axis.autoSIPrefixScale * axis.scale, spacing)
        ]
        assert ticks
        assert all(bottom - 0.01 <= tick <= top + 0.01 for tick in ticks)


def test_the_whole_history_is_kept_while_the_curve_is_thinned(plot: MetricsPlot) -> None:
    plot.set_history(points(5000))
    assert len(plot.history) == 5000
    assert plot.history.training("loss")[0] == 2.0
    drawn = plot.plots.loss.plot.listDataItems()[0].getData()[0]
    assert 400 < len(drawn) < 1700


def test_validation_is_kept_with_its_step(plot: MetricsPlot) -> None:
    plot.set_history(points(25))
    assert plot.history.validation("step").tolist() == [10, 20]
    assert plot.history.validation("accuracy").tolist() == [0.95, 0.95]


def test_clear_brings_the_hint_back(plot: MetricsPlot) -> None:
    plot.set_history(points(5))
    plot.clear()
    assert len(plot.history) == 0 and EMPTY in shown(plot)


def marks(plot: MetricsPlot, quantity: str, side: str) -> list[float]:
    """The numbers that stand at an axis."""
    item = getattr(plot.plots, quantity).plot
    axis, range_ = item.getAxis(side), item.viewRange()[int(side == "left")]
    size = axis.height() if side == "left" else axis.width()
    return [value for _, values in axis.tickValues(*range_, size) for value in values]


@pytest.mark.parametrize("count", [2, 30, 5000])
def test_the_axis_of_the_accuracy_ends_at_100_percent(plot: MetricsPlot, count: int) -> None:
    plot.set_history(points(count))
    assert max(marks(plot, "accuracy", "left")) <= 100
    plot.set_history([replace(point, accuracy=float(point.step > 1)) for point in points(count)])
    assert max(marks(plot, "accuracy", "left")) == 100
    box = plot.plots.accuracy.plot.getViewBox()
    low, high = box.viewRange()[1]
    assert (high - 100) / (high - low) * box.height() >= 5  # px, for half of the number


@pytest.mark.parametrize("count", [1, 2, 3, 30])
def test_the_marks_of_the_steps_are_whole_numbers(plot: MetricsPlot, count: int) -> None:
    plot.set_history(points(count))
    for quantity in ("loss", "accuracy"):
        steps = marks(plot, quantity, "bottom")
        assert steps and all(step == int(step) for step in steps)


@pytest.mark.parametrize("theme", [LIGHT, DARK])
def test_a_faint_line_runs_across_at_each_mark_of_the_accuracy(plot: MetricsPlot, theme: Theme) -> None:
    plot.set_theme(theme)
    plot.set_history(points(30))
    box = plot.plots.accuracy.plot.getViewBox()
    image = plot.plots.grab().toImage()
    at = plot.plots.mapFromScene(box.mapViewToScene(QPointF(box.viewRange()[0][0], 50)))
    x = at.x() + 3  # left of the first step
    painted = {y for y in range(image.height()) if image.pixelColor(x, y) != theme.color("panel")}
    for value in (20, 40, 60, 80, 100):
        y = plot.plots.mapFromScene(box.mapViewToScene(QPointF(0, value))).y()
        assert painted & {y - 1, y, y + 1}, value
    assert len(painted) < image.height() / 2


@pytest.mark.parametrize("ratio", [1.0, 1.5, 2.0])
def test_the_lines_of_the_grid_are_one_screen_pixel_high_on_any_screen(
    plot: MetricsPlot, ratio: float
) -> None:
    plot.set_theme(LIGHT)
    plot.set_history(points(30))
    plot.plots.grab()  # on this screen, before
    image = QPixmap(plot.plots.size() * ratio)
    image.setDevicePixelRatio(ratio)
    QWidget.render(plot.plots, image)  # pyqtgraph has a render of its own
    box = plot.plots.accuracy.plot.getViewBox()
    foot = plot.plots.mapFromScene(box.mapViewToScene(QPointF(box.viewRange()[0][0], 10)))
    column = image.toImage().copy(round((foot.x() + 3) * ratio), 0, 1, round(foot.y() * ratio))
    colors = [column.pixelColor(0, y) for y in range(column.height())]
    lines = [y for y, color in enumerate(colors) if color != LIGHT.color("panel")]
    assert len(lines) > 4
    assert np.diff(lines).min() > 1


def test_a_mark_one_pixel_wide_stands_at_each_step_that_is_named(plot: MetricsPlot) -> None:
    plot.set_history(points(30))
    box = plot.plots.accuracy.plot.getViewBox()
    image = plot.plots.grab().toImage()
    for step in (10, 20):
        at = plot.plots.mapFromScene(box.mapViewToScene(QPointF(step, box.viewRange()[1][0])))
        around = [image.pixelColor(at.x() + x, at.y() - 3) for x in (-2, -1, 0, 1, 2)]
        assert sum(color != LIGHT.color("panel") for color in around) == 1, step


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
    viewport = plot.plots.viewport()
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


def test_the_average_does_not_lag_between_the_ends() -> None:
    line = np.arange(1000.0) * 3
    at = np.array([16, 17, 500, 982, 983])
    assert smoothed(line, at) == pytest.approx(line[at])


@pytest.mark.parametrize("count", [8, 40, 5000])
def test_the_average_ends_in_the_mean_of_many_values(count: int) -> None:
    values = np.random.default_rng(0).normal(size=count)
    half = min(max(count // 60, 3), 100)
    first, last = smoothed(values, np.array([0, count - 1]))
    assert first == pytest.approx(values[: half + 1].mean())
    assert last == pytest.approx(values[-half - 1 :].mean())


def test_the_average_of_a_few_values_is_that_of_all_there_are() -> None:
    assert smoothed(np.array([2.0]), np.array([0])) == pytest.approx([2.0])
    assert smoothed(np.array([2.0, 4.0]), np.array([0, 1])) == pytest.approx([3.0, 3.0])


def test_the_average_is_smoother_than_the_values() -> None:
    noise = np.random.default_rng(0).normal(size=5000)
    assert smoothed(noise, np.arange(200, 4800)).std() < 0.1


def test_a_loss_that_is_no_number_is_left_out() -> None:
    history = MetricHistory()
    history.append((*points(2), cnn.Progress(3, 1, 10, float("nan"), 0.0, 0.05, 1.0)))
    assert history.training("step").tolist() == [1, 2]


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


def test_thinning_keeps_the_first_and_last_point() -> None:
    some = thinned(100, 10_000)
    assert some[0] == 100 and some[-1] == 9999 and len(some) < 500
    assert thinned(0, 3).tolist() == [0, 1, 2]


def test_looking_closer_offers_the_way_back(plot: MetricsPlot, qtbot: QtBot) -> None:
    plot.set_history(points(400))
    (button,) = plot.findChildren(QToolButton)
    assert not button.isVisible()
    qtbot.wait(20)
    viewport, center = plot.plots.viewport(), QPoint(180, 100)
    turn_wheel(viewport, center)
    low, high = plot.plots.loss.plot.viewRange()[0]
    assert button.isVisible() and high - low < 380
    QTest.mouseClick(button, Qt.MouseButton.LeftButton)
    low, high = plot.plots.loss.plot.viewRange()[0]
    assert low <= 1 and high >= 400 and not button.isVisible()


def turn_wheel(widget: QWidget, at: QPoint) -> None:
    event = QWheelEvent(
        at.toPointF(),
        widget.mapToGlobal(at).toPointF(),
        QPoint(0, 120),
        QPoint(0, 120),
        Qt.MouseButton.NoButton,
        Qt.KeyboardModifier.NoModifier,
        Qt.ScrollPhase.NoScrollPhase,
        False,
    )
    QApplication.sendEvent(widget, event)


def test_the_name_of_an_axis_is_shortened_where_the_plot_is_lower_than_it_is_long(
    plot: MetricsPlot, qtbot: QtBot
) -> None:
    plot.resize(446, 155)
    plot.set_history(points(20))
    plot.grab()
    axis = plot.plots.loss.plot.getAxis("left")
    qtbot.waitUntil(lambda: axis.labelText == "Loss")
    place = axis.mapRectFromItem(axis.label, axis.label.boundingRect())
    assert place.height() <= axis.size().height()
    assert place.center().y() == pytest.approx(axis.size().height() / 2, abs=2)
    plot.resize(744, 260)
    qtbot.waitUntil(lambda: axis.labelText == "Loss (cross-entropy)")
