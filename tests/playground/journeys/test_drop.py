"""Files dropped on the window, wherever they land."""

from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import QMimeData, QPoint, QPointF, Qt, QUrl
from PySide6.QtGui import QDragEnterEvent, QDropEvent, QImage
from PySide6.QtWidgets import QApplication, QMessageBox, QWidget
from pytestqt.qtbot import QtBot

import cnn_core as cnn
from playground.dropping import file_to_open
from playground.main_window import MainWindow
from playground.views.import_dialog import ImportDialog

# PySide6 6.12 wants a QPointF, which 6.11 does not take.
pytestmark = pytest.mark.filterwarnings("ignore:Function. 'QDragEnterEvent:DeprecationWarning")

LEFT, NONE = Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier
COPY = Qt.DropAction.CopyAction


def drop(target: QWidget, *paths: Path) -> bool:
    """Drop files on the middle of a widget as the system would; whether they were taken."""
    data = QMimeData()
    data.setUrls([QUrl.fromLocalFile(str(path)) for path in paths])
    middle = target.rect().center()
    enter = QDragEnterEvent(QPoint(middle), COPY, data, LEFT, NONE)
    QApplication.sendEvent(target, enter)  # goes up to the first widget that takes it
    if enter.isAccepted():
        QApplication.sendEvent(target, QDropEvent(QPointF(middle), COPY, data, LEFT, NONE))
    return enter.isAccepted()


@pytest.mark.parametrize(
    "name", ["a.cnn", "a.NPZ", "a.tsv", "a.csv.gz", "train-images-idx3-ubyte", "train-images.idx3-ubyte"]
)
def test_networks_and_data_are_opened_wherever_they_are_dropped(name: str) -> None:
    data = QMimeData()
    data.setUrls([QUrl.fromLocalFile(f"/somewhere/{name}")])
    assert file_to_open(data) == Path(QUrl.fromLocalFile(f"/somewhere/{name}").toLocalFile())


@pytest.mark.parametrize("place", ["draw_canvas", "network_view", "training_panel"])
def test_a_network_dropped_anywhere_is_opened(
    window: MainWindow, small_file: Path, qtbot: QtBot, place: str
) -> None:
    assert drop(getattr(window, place), small_file)
    qtbot.waitUntil(lambda: window.parts.document.path == small_file, timeout=5_000)
    assert window.current_network().architecture.input_shape == (8, 8, 1)
    assert "small.cnn is open" in window.notice.text


def test_unsaved_changes_are_asked_about_before_the_dropped_network_takes_their_place(
    window: MainWindow, small_file: Path, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[str] = []

    def cancel(_parent: object, _title: str, text: str, *_buttons: object) -> QMessageBox.StandardButton:
        asked.append(text)
        return QMessageBox.StandardButton.Cancel

    monkeypatch.setattr(QMessageBox, "question", cancel)
    window.parts.document.replace_layer(0, cnn.Conv2D(filters=8))
    before = window.parts.document.content
    drop(window.draw_canvas, small_file)
    qtbot.waitUntil(lambda: bool(asked), timeout=5_000)
    assert window.parts.document.content is before


def test_a_broken_network_is_refused_in_a_sentence(window: MainWindow, tmp_path: Path, qtbot: QtBot) -> None:
    path = tmp_path / "broken.cnn"
    path.write_bytes(b"not a network")
    drop(window, path)
    qtbot.waitUntil(lambda: "broken.cnn" in window.notice.text, timeout=5_000)
    assert window.notice.kind == "error"


def test_data_dropped_is_read(window: MainWindow, tmp_path: Path, qtbot: QtBot) -> None:
    path = tmp_path / "mine.npz"
    images = np.random.default_rng(0).integers(0, 255, (60, 28, 28, 1), dtype=np.uint8)
    cnn.datasets.to_npz(cnn.Dataset(images, np.arange(60) % 10, tuple("0123456789"), "mine"), path)
    assert drop(window.draw_canvas, path)
    qtbot.waitUntil(lambda: window.control.data.spec == str(path), timeout=10_000)


def test_a_folder_of_images_is_looked_through_first(window: MainWindow, tmp_path: Path, qtbot: QtBot) -> None:
    for name in ("cat", "dog"):
        (tmp_path / "pets" / name).mkdir(parents=True)
        image = QImage(20, 20, QImage.Format.Format_Grayscale8)
        image.fill(Qt.GlobalColor.gray)
        assert image.save(str(tmp_path / "pets" / name / "1.png"))
    drop(window.dataset_browser, tmp_path / "pets")
    qtbot.waitUntil(lambda: window.findChild(ImportDialog) is not None, timeout=5_000)
    window.findChild(ImportDialog).reject()


def test_a_picture_dropped_on_the_canvas_is_still_a_drawing(
    window: MainWindow, tmp_path: Path, qtbot: QtBot
) -> None:
    image = QImage(40, 40, QImage.Format.Format_Grayscale8)
    image.fill(Qt.GlobalColor.white)
    for at in range(10, 30):
        image.setPixelColor(20, at, Qt.GlobalColor.black)
    path = tmp_path / "one.png"
    assert image.save(str(path))
    assert drop(window.draw_canvas, path)
    qtbot.waitUntil(lambda: window.prediction_panel.predictedClass >= 0, timeout=5_000)
    assert not drop(window.network_view, path)


def test_only_local_networks_data_and_folders_are_opened(tmp_path: Path) -> None:
    def found(*urls: QUrl) -> Path | None:
        data = QMimeData()
        data.setUrls(list(urls))
        return file_to_open(data)

    assert found(QUrl.fromLocalFile("/somewhere/A.CNN")) == Path("/somewhere/A.CNN")
    assert found(QUrl.fromLocalFile(str(tmp_path))) == tmp_path
    assert found(QUrl.fromLocalFile("/somewhere/a.png")) is None
    assert found(QUrl("https://example.org/a.cnn")) is None
    assert found() is None
