"""Exports: what is written can be read by the tools it is for; a failing write leaves what was there."""

import csv
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtGui import QImage
from PySide6.QtWidgets import QLabel
from pytestqt.qtbot import QtBot

import cnn_core as cnn
from playground import exporting


@pytest.fixture
def network(small_architecture: cnn.Architecture) -> cnn.Network:
    return cnn.Network.initialize(small_architecture.inserted(1, cnn.BatchNorm()))


def point(step: int, validation: cnn.Evaluation | None = None) -> cnn.Progress:
    return cnn.Progress(step, 1, 2, 0.5, 0.75, 0.05, 100.0, validation)


def test_weights_are_read_by_numpy(qtbot: QtBot, network: cnn.Network, tmp_path: Path) -> None:
    exporting.export(tmp_path / "weights.npz", QLabel(), network, ())
    with np.load(tmp_path / "weights.npz", allow_pickle=False) as found:
        assert set(found) == set(network.parameters) | set(network.buffers)
        assert np.array_equal(found["0.weight"], network.parameters["0.weight"])


def test_curves_are_read_by_a_spreadsheet(qtbot: QtBot, network: cnn.Network, tmp_path: Path) -> None:
    end = cnn.Evaluation(0.25, np.array([[3, 1], [0, 4]]))
    exporting.export(tmp_path / "curves.csv", QLabel(), network, (point(1), point(2, end)))
    with (tmp_path / "curves.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert [row["step"] for row in rows] == ["1", "2"]
    assert rows[0]["validation_loss"] == ""
    assert (rows[1]["validation_loss"], rows[1]["validation_accuracy"]) == ("0.25", "0.875")


def test_the_picture_is_an_image_of_the_widget(qtbot: QtBot, network: cnn.Network, tmp_path: Path) -> None:
    widget = QLabel("hello")
    qtbot.addWidget(widget)
    widget.resize(120, 40)
    exporting.export(tmp_path / "window.png", widget, network, ())
    image = QImage(str(tmp_path / "window.png"))
    assert (image.width(), image.height()) == (120, 40)


def test_another_suffix_is_refused_with_the_known_ones(qtbot: QtBot, network: cnn.Network) -> None:
    with pytest.raises(ValueError, match=r"\.doc is not a known kind; use \.npz, \.csv, \.png"):
        exporting.export(Path("weights.doc"), QLabel(), network, ())


def test_a_failing_write_leaves_the_old_file(
    qtbot: QtBot, network: cnn.Network, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path, own = tmp_path / "curves.csv", tmp_path / "curves.csv.part"
    for file in (path, own):
        file.write_bytes(b"old")

    def full_disk(_descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.fsync", full_disk)
    with pytest.raises(OSError, match="No space"):
        exporting.export(path, QLabel(), network, ())
    assert path.read_bytes() == own.read_bytes() == b"old"
    assert set(tmp_path.iterdir()) == {path, own}
