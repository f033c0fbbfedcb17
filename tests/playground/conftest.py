"""Small built things that the tests of the window share."""

import threading
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import QObject
from pytestqt.qtbot import QtBot
from training_runs import MakeTrainer

import cnn_core as cnn
from playground.app import create_window
from playground.content import Content
from playground.data import Data
from playground.document import Document
from playground.main_window import MainWindow
from playground.session import Session


@pytest.fixture
def owner(qapp: object) -> Iterator[QObject]:
    """A parent for the objects of a test, deleted with all its children at the end."""
    parent = QObject()
    yield parent
    parent.deleteLater()


@pytest.fixture
def small_architecture() -> cnn.Architecture:
    """Conv2D, ReLU, Flatten, Dense, Softmax on 8x8 grey images, three classes."""
    layers = (
        cnn.Conv2D(filters=4, kernel_size=3),
        cnn.ReLU(),
        cnn.Flatten(),
        cnn.Dense(units=3),
        cnn.Softmax(),
    )
    return cnn.Architecture((8, 8, 1), layers)


@pytest.fixture
def document(owner: QObject, small_architecture: cnn.Architecture) -> Document:
    """A document with a fresh small network."""
    network = cnn.Network.initialize(small_architecture, seed=3)
    return Document(Content(small_architecture, network, cnn.TrainingSettings(batch_size=8)), owner)


@pytest.fixture
def session(owner: QObject) -> Iterator[Session]:
    """A session, closed at the end."""
    session = Session(owner)
    yield session
    session.close()


@pytest.fixture
def small_data() -> Data:
    """Three classes told apart by where the bright square is: 96 images to train on, 24 held out."""
    generator = np.random.default_rng(0)
    labels = np.arange(120) % 3
    images = generator.integers(0, 60, (120, 8, 8, 1), dtype=np.uint8)
    for image, label in zip(images, labels, strict=True):
        image[2 * label : 2 * label + 3, 2:6] += 180
    dataset = cnn.Dataset(images, labels, ("top", "middle", "bottom"), "squares")
    return Data("squares", *dataset.split(24))


@pytest.fixture(scope="session")
def few_digits(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A file of 720 built-in digits, quick to read."""
    path = tmp_path_factory.mktemp("data") / "few-digits.npz"
    cnn.datasets.to_npz(cnn.datasets.digits.generate(720, seed=7), path)
    return path


@pytest.fixture
def window(qtbot: QtBot, few_digits: Path) -> Iterator[MainWindow]:
    """The wired window with its data loaded; closed, without a question, at the end."""
    before = set(threading.enumerate())
    window = create_window(data=str(few_digits))
    window.resize(1440, 900)
    qtbot.waitUntil(lambda: window.control.data is not None, timeout=30_000)
    yield window
    window.before_close.clear()
    window.close()
    window.deleteLater()
    qtbot.wait(1)
    left = {thread.name for thread in set(threading.enumerate()) - before if thread.is_alive()}
    assert not left & {"training", "data", "measuring"}


@pytest.fixture
def long_runs(window: MainWindow) -> None:
    """Let a training run last longer than any test."""
    document = window.parts.document
    document.edit_settings(replace(document.content.settings, epochs=10_000))


@pytest.fixture
def small_file(small_architecture: cnn.Architecture, tmp_path: Path) -> Path:
    """A .cnn file of a small untrained network."""
    path = tmp_path / "small.cnn"
    cnn.Network.initialize(small_architecture, seed=3).save(path)
    return path


@pytest.fixture
def make_trainer(small_architecture: cnn.Architecture, small_data: Data) -> MakeTrainer:
    """Makes trainers of one small network, all alike."""

    def make() -> cnn.Trainer:
        network = cnn.Network.initialize(small_architecture, seed=1)
        return cnn.Trainer(network, train=small_data.train, batch_size=8, threads=1)

    return make
