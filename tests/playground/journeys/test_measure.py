"""Measuring in the background: the images held out at once, those trained on when they are shown."""

import time

import numpy as np
import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QLabel
from pytestqt.qtbot import QtBot

import cnn_core as cnn
from cnn_core.calibration import Calibration
from playground.background import Report
from playground.data import Data
from playground.journeys.measure import MeasureJourney, measure
from playground.main_window import MainWindow
from playground.views.confusion_view import EMPTY
from playground.views.dataset_browser import HELD_OUT, TRAINING


def test_answers_are_those_of_the_network(small_architecture: cnn.Architecture, small_data: Data) -> None:
    network = cnn.Network.initialize(small_architecture, seed=3)
    measured = measure(network, small_data.train, 7, lambda done, total: True)
    evaluation = network.evaluate(small_data.train)
    assert np.array_equal(measured.confusion, evaluation.confusion)
    assert abs(float(measured.answers.loss.mean()) - evaluation.loss) < 1e-4
    probabilities = network.predict(small_data.train.images)
    assert np.allclose(measured.answers.confidence, probabilities.max(axis=1), atol=1e-6)


def test_confidence_is_calibrated_where_that_is_known(
    small_architecture: cnn.Architecture, small_data: Data
) -> None:
    network = cnn.Network.initialize(small_architecture, seed=3)
    plain = measure(network, small_data.train, 7, lambda done, total: True)
    cooler = Calibration(temperature=2.0)
    calibrated = measure(network, small_data.train, 7, lambda done, total: True, cooler)
    assert (calibrated.answers.confidence < plain.answers.confidence).all()
    assert np.array_equal(calibrated.answers.predicted, plain.answers.predicted)
    assert np.array_equal(calibrated.answers.loss, plain.answers.loss)


def test_no_more_answers_are_told_than_there_are_images(
    small_architecture: cnn.Architecture, small_data: Data
) -> None:
    network = cnn.Network.initialize(small_architecture, seed=3)
    told: list[tuple[int, int | None]] = []
    measure(network, small_data.train, 7, lambda done, total: told.append((done, total)) is None)
    assert told[-1] == (96, 96)


def endless(report: Report) -> None:
    """Half done for as long as anybody waits."""
    while report(1, 2):
        time.sleep(0.01)


@pytest.mark.usefixtures("long_runs")
def test_a_run_ends_the_asking(window: MainWindow, qtbot: QtBot) -> None:
    browser = window.dataset_browser
    window.tabs.setCurrentWidget(browser)
    qtbot.waitUntil(browser.order_box.isVisible, timeout=20_000)
    images = browser._about.text()
    window.parts.measuring.start(endless)
    qtbot.waitUntil(lambda: browser._about.text() == f"answers 50 % · {images}", timeout=10_000)
    QTest.keyClick(window, Qt.Key.Key_F5)
    qtbot.waitUntil(lambda: browser._about.text() == images, timeout=10_000)
    assert window.control.running
    assert not window.parts.measuring.busy
    QTest.keyClick(window, Qt.Key.Key_F5)
    qtbot.waitUntil(browser.order_box.isVisible, timeout=20_000)


def test_the_images_held_out_can_be_sorted_without_asking(window: MainWindow, qtbot: QtBot) -> None:
    browser = window.dataset_browser
    window.tabs.setCurrentWidget(browser)
    qtbot.waitUntil(browser.order_box.isVisible, timeout=20_000)
    assert browser.split == HELD_OUT


def test_the_answers_of_one_network_are_not_shown_for_another_that_is_opened(
    window: MainWindow, qtbot: QtBot
) -> None:
    title = next(label for label in window.confusion_view.findChildren(QLabel) if label.text() != EMPTY)
    browser = window.dataset_browser
    window.tabs.setCurrentWidget(browser)
    qtbot.waitUntil(browser.order_box.isVisible, timeout=20_000)
    window.menus.trained.actions()[1].trigger()
    assert not browser.order_box.isVisible()
    window.tabs.setCurrentWidget(window.confusion_view)
    assert not title.isVisible()
    window.confusion_view.cell_selected.emit(3, 3)  # of a run, say, before any answer at rest
    assert window.tabs.currentWidget() is window.confusion_view
    qtbot.waitUntil(title.isVisible, timeout=20_000)
    assert title.text().startswith("Accuracy")


def test_the_images_trained_on_are_measured_when_they_are_shown(window: MainWindow, qtbot: QtBot) -> None:
    browser = window.dataset_browser
    window.tabs.setCurrentWidget(browser)
    qtbot.waitUntil(browser.order_box.isVisible, timeout=20_000)
    browser.show_split(TRAINING)
    assert not browser.order_box.isVisible()
    qtbot.waitUntil(browser.order_box.isVisible, timeout=20_000)
    assert browser._about.text() == f"{len(window.control.data.train)} images"
    browser.show_split(HELD_OUT)
    assert browser.order_box.isVisible()  # known already


def test_an_image_trained_on_goes_to_the_network(window: MainWindow) -> None:
    data = window.control.data
    assert data is not None
    window.dataset_browser.show_split(TRAINING)
    window.dataset_browser.image_selected.emit(2)
    picture = window.parts.document.content.picture
    assert np.array_equal(picture.pixels, data.train.images[2])  # type: ignore[union-attr]


def test_a_cell_of_the_confusion_shows_images_held_out(window: MainWindow, qtbot: QtBot) -> None:
    browser = window.dataset_browser
    window.tabs.setCurrentWidget(browser)
    qtbot.waitUntil(browser.order_box.isVisible, timeout=20_000)
    browser.show_split(TRAINING)
    window.confusion_view.cell_selected.emit(1, 1)
    assert browser.split == HELD_OUT
    data = window.control.data
    assert data is not None
    assert len(browser.grid.shown)
    assert set(data.validation.labels[browser.grid.shown].tolist()) == {1}


@pytest.mark.parametrize("fit", [True, False])
def test_the_confusion_of_other_data_is_not_shown(window: MainWindow, qtbot: QtBot, fit: bool) -> None:
    confusion, control = window.confusion_view, window.control
    window.tabs.setCurrentWidget(confusion)
    qtbot.waitUntil(confusion.matrix.isVisible, timeout=20_000)
    assert control.data is not None
    size = control.data.train.image_shape if fit else (3, 3, 1)
    images = np.zeros((20, *size), np.uint8)
    data = cnn.Dataset(images, np.arange(20) % 2, ("cat", "dog"), "pets")
    control.use_data(Data("pets", *data.split(8)))
    confusion.cell_selected.emit(9, 9)  # of a matrix about to go
    assert window.tabs.currentWidget() is confusion
    qtbot.waitUntil(
        lambda: not confusion.matrix.isVisible() or "of 8 images" in title(window), timeout=20_000
    )
    if fit:
        qtbot.waitUntil(lambda: "of 8 images" in title(window), timeout=20_000)


def title(window: MainWindow) -> str:
    return " ".join(label.text() for label in window.confusion_view.findChildren(QLabel))


def test_while_the_answers_are_found_out_the_browser_says_how_far_that_is(window: MainWindow) -> None:
    browser = window.dataset_browser
    window.parts.measuring.finish()
    browser.set_answers(None)
    window.findChild(MeasureJourney)._under_way = (HELD_OUT, window.current_network(), window.control.data)
    window.parts.measuring.progressed.emit(30, 60)
    assert browser._about.text() == f"answers 50 % · {len(window.control.data.validation)} images"
