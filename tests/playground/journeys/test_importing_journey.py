"""One's own images through the window: shown first, read as chosen, cancelled without loss."""

import threading
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QAbstractButton, QDialogButtonBox, QLabel, QWidget
from pytestqt.qtbot import QtBot

from cnn_core.datasets import reading
from playground.background import Report
from playground.journeys import importing as journey
from playground.journeys.data import DataJourney
from playground.main_window import MainWindow
from playground.qt_images import to_picture
from playground.views.import_dialog import ImportDialog


@pytest.fixture
def photos(tmp_path: Path) -> Path:
    """Twelve red cats, six grey dogs, one damaged file and one that is no image."""
    folder = tmp_path / "photos"
    red = np.zeros((20, 40, 3), np.uint8)
    red[..., 0] = 200
    for name, image, count in (("cat", red, 12), ("dog", np.full((20, 20), 90, np.uint8), 6)):
        (folder / name).mkdir(parents=True)
        for number in range(count):
            assert to_picture(image).save(str(folder / name / f"{number}.png"))
    (folder / "dog" / "broken.png").write_bytes(b"no picture")
    (folder / "dog" / "notes.txt").write_text("woof")
    return folder


def open_page(window: MainWindow, path: Path) -> ImportDialog:
    data = window.findChild(DataJourney)
    assert data is not None
    data.open(str(path))
    page = window.findChildren(ImportDialog)[-1]
    assert page.isVisible()
    return page


def test_what_was_found_is_shown_before_it_is_used(window: MainWindow, qtbot: QtBot, photos: Path) -> None:
    before = window.control.data
    page = open_page(window, photos)
    assert not page.use_button.isEnabled()
    qtbot.waitUntil(page.use_button.isEnabled, timeout=10_000)
    assert "18 images in 2 classes: cat (12), dog (6)" in page.summary.text()
    assert "40×20 colour (12)" in page.sizes.text()
    assert "broken.png" in page.problems.toPlainText()
    assert "notes.txt" in page.problems.toPlainText()
    assert len(page.grid.shown) == 18
    assert window.control.data is before
    unnamed = [
        type(part).__name__
        for part in page.findChildren(QWidget)
        if part.focusPolicy() != Qt.FocusPolicy.NoFocus
        and not part.objectName().startswith("qt_")
        and not part.accessibleName()
        and not (isinstance(part, QAbstractButton | QLabel) and part.text())
    ]
    assert [name for name in unnamed if name != "QListView"] == []
    page.reject()


def test_images_are_read_as_chosen_and_the_network_can_be_fitted(
    window: MainWindow, qtbot: QtBot, photos: Path
) -> None:
    page = open_page(window, photos)
    qtbot.waitUntil(page.use_button.isEnabled, timeout=10_000)
    QTest.keyClick(page.colour_box, Qt.Key.Key_Home)
    page.width_box.setFocus()
    for box in (page.width_box, page.height_box):
        box.selectAll()
        QTest.keyClicks(box, "24")
        QTest.keyClick(box, Qt.Key.Key_Tab)
    QTest.mouseClick(page.use_button, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: window.control.data.name == "photos", timeout=10_000)
    assert window.control.data.train.image_shape == (24, 24, 1)
    assert (len(window.control.data.train), len(window.control.data.validation)) == (15, 3)
    assert "broken.png" in window.notice.text and "; 1 more remark. " in window.notice.text
    assert "fit it to the data" in window.notice.text
    window.actions_.fit_to_data.trigger()
    assert window.control.reason_against() == ""
    assert window.training_panel.dataset_box.currentText() == "photos"


def keep_only(photos: Path, count: int) -> None:
    for path in [photos / "dog" / "broken.png", photos / "dog" / "notes.txt", *photos.glob("dog/?.png")]:
        path.unlink()
    for path in sorted(photos.glob("cat/*.png"))[count:]:
        path.unlink()


def test_one_image_cannot_be_used(window: MainWindow, qtbot: QtBot, photos: Path) -> None:
    keep_only(photos, 1)
    page = open_page(window, photos)
    qtbot.waitUntil(page.against.isVisible, timeout=10_000)
    assert page.against.text() == "One image is not enough: at least 2 are needed, to hold one back."
    assert not page.use_button.isEnabled()
    page.reject()


def test_one_class_is_remarked_on(window: MainWindow, qtbot: QtBot, photos: Path) -> None:
    keep_only(photos, 3)
    page = open_page(window, photos)
    qtbot.waitUntil(page.use_button.isEnabled, timeout=10_000)
    assert "cat: is the only class" in page.problems.toPlainText()
    page.reject()


def test_what_would_take_too_much_memory_is_said_before_it_is_used(
    window: MainWindow, qtbot: QtBot, photos: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reading, "MAX_BYTES", 20_000)
    page = open_page(window, photos)
    qtbot.waitUntil(page.against.isVisible, timeout=10_000)
    assert page.against.text().startswith("photos: 18 images of 20x40x3 would take ")
    assert not page.use_button.isEnabled()
    for box in (page.width_box, page.height_box):
        box.setFocus()
        box.selectAll()
        QTest.keyClicks(box, "8")
        QTest.keyClick(box, Qt.Key.Key_Tab)
    assert page.use_button.isEnabled() and not page.against.isVisible()
    page.reject()


def test_names_are_shown_as_they_are_and_long_ones_shortened(
    window: MainWindow, qtbot: QtBot, photos: Path
) -> None:
    (photos / "cat").rename(photos / "<b>cat<b>")
    (photos / "dog").rename(photos / ("dog" * 60))
    page = open_page(window, photos)
    qtbot.waitUntil(page.use_button.isEnabled, timeout=10_000)
    assert "<b>cat<b> (12)" in page.summary.text() and "gdogdo… (6)" in page.summary.text()
    assert page.summary.textFormat() == Qt.TextFormat.PlainText
    assert page.minimumSizeHint().width() < 900
    page.reject()


def test_the_page_can_be_left_while_it_looks(
    window: MainWindow, qtbot: QtBot, photos: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ended = threading.Event()

    def slow(_path: Path, report: Report) -> None:
        while report(1, 10):
            threading.Event().wait(0.005)
        ended.set()

    monkeypatch.setattr(journey, "survey", slow)
    before = window.control.data
    page = open_page(window, photos)
    qtbot.waitUntil(lambda: page.progress.value() == 1, timeout=10_000)
    cancel = page.buttons.button(QDialogButtonBox.StandardButton.Cancel)
    QTest.mouseClick(cancel, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(ended.is_set, timeout=10_000)
    assert window.control.data is before


def test_what_holds_no_images_is_said_on_the_page(window: MainWindow, qtbot: QtBot, tmp_path: Path) -> None:
    (tmp_path / "nothing" / "cat").mkdir(parents=True)
    page = open_page(window, tmp_path / "nothing")
    qtbot.waitUntil(lambda: "no images found" in page.looking.text(), timeout=10_000)
    assert page.looking.property("role") == "error"
    assert not page.use_button.isEnabled()
    page.reject()
