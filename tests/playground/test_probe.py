"""The probe: what the network gets, what it answers, and how much of a failing architecture still works."""

from dataclasses import replace

import numpy as np
import pytest
from PySide6.QtCore import QObject
from pytestqt.qtbot import QtBot

import cnn_core as cnn
from cnn_core.calibration import Calibration
from cnn_core.familiarity import Familiarity, Spread
from cnn_core.outliers import Outliers
from playground.drawing import Drawing, Picture, Stroke
from playground.probe import Probe, Reading, as_input

LINE = Drawing((Stroke(((0.3, 0.2), (0.6, 0.8))),))


@pytest.fixture
def probe(owner: QObject) -> Probe:
    return Probe(owner)


def read(probe: Probe) -> Reading:
    probe.run()
    assert probe.reading is not None
    return probe.reading


def test_a_drawing_becomes_the_input_of_the_network() -> None:
    seen = as_input(LINE, (28, 28, 1))
    assert seen.shape == (28, 28, 1)
    assert seen.dtype == np.float32
    assert 0.9 < seen.max() <= 1


def test_an_image_is_brought_to_size_and_colour() -> None:
    picture = Picture(np.full((10, 10, 3), 255, np.uint8), "white")
    assert np.allclose(as_input(picture, (8, 8, 1)), 1)
    assert as_input(picture, (16, 16, 3)).shape == (16, 16, 3)


def test_the_reading_holds_every_layer_and_probabilities(
    probe: Probe, small_architecture: cnn.Architecture
) -> None:
    network = cnn.Network.initialize(small_architecture)
    probe.set_network(small_architecture, network, step=5)
    probe.set_picture(LINE)
    reading = read(probe)
    assert [values.shape[1:] for values in reading.activations] == [
        report.output_shape for report in small_architecture.check()
    ]
    assert reading.probabilities is not None
    assert reading.probabilities.sum() == pytest.approx(1, abs=1e-5)
    assert reading.step == 5


def test_an_empty_drawing_gives_no_prediction(probe: Probe, small_architecture: cnn.Architecture) -> None:
    probe.set_network(small_architecture, cnn.Network.initialize(small_architecture), step=0)
    reading = read(probe)
    assert not reading.seen.any()
    assert reading.probabilities is None
    assert len(reading.activations) == 5


def test_without_softmax_at_the_end_probabilities_are_made(
    probe: Probe, small_architecture: cnn.Architecture
) -> None:
    architecture = small_architecture.removed(4)
    probe.set_network(architecture, cnn.Network.initialize(architecture), step=0)
    probe.set_picture(LINE)
    reading = read(probe)
    assert reading.probabilities is not None
    assert reading.probabilities.sum() == pytest.approx(1, abs=1e-5)


def test_layers_before_an_error_still_work_with_their_weights(
    probe: Probe, small_architecture: cnn.Architecture
) -> None:
    network = cnn.Network.initialize(small_architecture)
    broken = small_architecture.inserted(2, cnn.MaxPool2D(pool_size=50))
    probe.set_picture(LINE)
    probe.set_network(small_architecture, network, step=0)
    whole = read(probe)
    probe.set_network(broken, network, step=0)
    reading = read(probe)
    assert reading.probabilities is None
    assert len(reading.activations) == 2
    assert np.array_equal(reading.activations[1], whole.activations[1])


@pytest.mark.parametrize("layers", [(), (cnn.MaxPool2D(pool_size=50),)])
def test_with_an_error_at_the_beginning_only_the_input_is_read(
    probe: Probe, small_architecture: cnn.Architecture, layers: tuple[cnn.Layer, ...]
) -> None:
    network = cnn.Network.initialize(small_architecture)
    probe.set_network(cnn.Architecture((8, 8, 1), layers), network, step=0)
    probe.set_picture(LINE)
    reading = read(probe)
    assert reading.activations == []
    assert reading.seen.any()


def test_a_network_that_ends_with_images_is_read_to_its_end(
    probe: Probe, small_architecture: cnn.Architecture
) -> None:
    network = cnn.Network.initialize(small_architecture)
    probe.set_network(cnn.Architecture((8, 8, 1), small_architecture.layers[:2]), network, step=0)
    assert len(read(probe).activations) == 2


def test_many_changes_in_one_turn_are_read_once(
    probe: Probe, small_architecture: cnn.Architecture, qtbot: QtBot
) -> None:
    readings: list[Reading] = []
    probe.updated.connect(readings.append)
    probe.set_network(small_architecture, cnn.Network.initialize(small_architecture), step=0)
    for _ in range(20):
        probe.set_picture(LINE)
    qtbot.waitUntil(lambda: bool(readings))
    qtbot.wait(20)
    assert len(readings) == 1


def calibration(limit: float) -> Calibration:
    """Temperature 2; the hidden layer is Flatten, known to be usual around zero."""
    hidden = Spread(
        layer=2,
        center=np.zeros(144, np.float32),
        directions=np.eye(144, 1, dtype=np.float32),
        means=np.zeros((3, 2), np.float32),
        whitening=np.ones((3, 2, 2), np.float32),
    )
    return Calibration(temperature=2.0, familiarity=Familiarity(spreads=(hidden,), limit=limit))


@pytest.mark.parametrize("softmax", [True, False])
def test_a_calibration_divides_the_scores(
    probe: Probe, small_architecture: cnn.Architecture, softmax: bool
) -> None:
    architecture = small_architecture if softmax else small_architecture.removed(4)
    network = cnn.Network.initialize(architecture)
    probe.set_picture(LINE)
    probe.set_network(architecture, network, 0, calibration(1e9))
    reading = read(probe)
    expected = cnn.functional.softmax(network.logits(reading.seen[None]) / np.float32(2))[0]
    assert reading.probabilities == pytest.approx(expected, abs=1e-6)
    assert (reading.temperature, reading.familiar) == (2.0, True)


def test_what_may_be_no_class_is_answered_with_less(
    probe: Probe, small_architecture: cnn.Architecture
) -> None:
    known = calibration(1e9)
    assert known.familiarity is not None
    foreign = Outliers(weights=np.zeros((3, 145)), biases=np.full(3, 50.0), limit=99.0)
    doubting = replace(known, familiarity=replace(known.familiarity, outliers=foreign))
    probe.set_picture(LINE)
    probe.set_network(small_architecture, cnn.Network.initialize(small_architecture), 0, doubting)
    reading = read(probe)
    assert reading.probabilities is not None
    assert reading.probabilities == pytest.approx([1 / 3] * 3, abs=0.01)
    assert reading.probabilities.argmax() == reading.activations[-1][0].argmax()
    assert reading.familiar is True


def test_an_image_beyond_the_limit_is_unfamiliar(probe: Probe, small_architecture: cnn.Architecture) -> None:
    probe.set_picture(LINE)
    network = cnn.Network.initialize(small_architecture)
    probe.set_network(small_architecture, network, 0, calibration(-1))
    assert read(probe).familiar is False


def test_other_weights_are_not_calibrated(probe: Probe, small_architecture: cnn.Architecture) -> None:
    probe.set_picture(LINE)
    network = cnn.Network.initialize(small_architecture)
    probe.set_network(small_architecture, network, 0, calibration(-1))
    read(probe)
    probe.set_network(small_architecture, network, 1)
    reading = read(probe)
    assert (reading.temperature, reading.familiar) == (1.0, None)


@pytest.mark.parametrize("points", [((0.5, 0.5),), ((0.5, 0.5), (0.51, 0.52))])
def test_dots_are_unlike_anything_whatever_is_known(
    probe: Probe, small_architecture: cnn.Architecture, points: tuple[tuple[float, float], ...]
) -> None:
    probe.set_network(small_architecture, cnn.Network.initialize(small_architecture), 0)
    probe.set_picture(Drawing((Stroke(points), Stroke(((0.2, 0.3),)))))
    assert read(probe).familiar is False
