"""Files through the window: open, save, export, recent files, the question about unsaved changes."""

from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import QSettings, Qt
from PySide6.QtWidgets import QFileDialog, QMessageBox
from pytestqt.qtbot import QtBot

import cnn_core as cnn
from playground import resources
from playground.journeys.files import FilesJourney
from playground.main_window import MainWindow


@pytest.fixture(autouse=True)
def empty_store(qapp: object) -> None:
    QSettings().clear()


@pytest.fixture
def files(window: MainWindow) -> FilesJourney:
    found = window.findChild(FilesJourney)
    assert found is not None
    return found


def choose(monkeypatch: pytest.MonkeyPatch, method: str, path: Path, kind: str = "") -> None:
    """Let the next file dialog answer `path`."""
    monkeypatch.setattr(QFileDialog, method, lambda *_arguments: (str(path), kind))


def answer(monkeypatch: pytest.MonkeyPatch, button: QMessageBox.StandardButton) -> list[str]:
    """Let the question about unsaved changes be answered; returns what was asked."""
    asked: list[str] = []

    def question(_parent: object, _title: str, text: str, *_rest: object) -> QMessageBox.StandardButton:
        asked.append(text)
        return button

    monkeypatch.setattr(QMessageBox, "question", question)
    return asked


def modify(window: MainWindow) -> None:
    window.parts.document.replace_layer(0, cnn.Conv2D(filters=8))


def test_saving_asks_for_a_name_once(
    window: MainWindow, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    modify(window)
    assert window.isWindowModified()
    choose(monkeypatch, "getSaveFileName", tmp_path / "mine")
    window.actions_.save.trigger()
    path = tmp_path / "mine.cnn"
    assert cnn.Network.load(path).architecture == window.parts.document.content.architecture
    assert not window.isWindowModified()
    assert window.windowTitle().startswith("mine.cnn")
    choose(monkeypatch, "getSaveFileName", tmp_path / "never")
    window.parts.document.replace_layer(0, cnn.Conv2D(filters=9))
    window.actions_.save.trigger()
    assert [entry.name for entry in tmp_path.iterdir() if entry.suffix == ".cnn"] == ["mine.cnn"]
    assert window.parts.settings.recent_files == [path]


@pytest.mark.parametrize("button", [QMessageBox.StandardButton.No, QMessageBox.StandardButton.Yes])
def test_a_file_whose_suffix_was_not_typed_is_not_written_over_unasked(
    window: MainWindow, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, button: QMessageBox.StandardButton
) -> None:
    there = tmp_path / "run 1.5.cnn"
    there.write_bytes(b"a week of training")
    choose(monkeypatch, "getSaveFileName", tmp_path / "run 1.5")
    asked = answer(monkeypatch, button)
    window.actions_.save_as.trigger()
    assert asked == ["run 1.5.cnn is there already. Write over it?"]
    kept = button == QMessageBox.StandardButton.No
    assert (there.read_bytes() == b"a week of training") == kept
    assert window.parts.document.path == (None if kept else there)
    assert list(tmp_path.iterdir()) == [there]


def test_a_file_whose_name_was_typed_whole_was_asked_about_by_the_dialog(
    window: MainWindow, small_file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    choose(monkeypatch, "getSaveFileName", small_file.rename(small_file.with_suffix(".CNN")))
    asked = answer(monkeypatch, QMessageBox.StandardButton.No)
    window.actions_.save_as.trigger()
    assert asked == []
    assert window.parts.document.path == small_file.with_suffix(".CNN")


def test_an_export_whose_suffix_was_not_typed_is_not_written_over_unasked(
    window: MainWindow, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "curves.csv").write_text("mine")
    choose(monkeypatch, "getSaveFileName", tmp_path / "curves", "Curves as a table (*.csv)")
    answer(monkeypatch, QMessageBox.StandardButton.No)
    window.actions_.export.trigger()
    assert (tmp_path / "curves.csv").read_text() == "mine"


@pytest.mark.usefixtures("long_runs")
def test_a_save_during_training_holds_the_newest_weights_and_training_goes_on(
    window: MainWindow, files: FilesJourney, tmp_path: Path, qtbot: QtBot
) -> None:
    window.actions_.reset.trigger()
    window.control.start()
    qtbot.waitUntil(lambda: window.control.step >= 2, timeout=60_000)
    assert files.save_to(tmp_path / "running.cnn")
    assert window.control.running
    checkpoint = cnn.checkpoint.load(tmp_path / "running.cnn")
    assert checkpoint.training is not None
    assert checkpoint.training.step >= 2
    window.parts.session.finish()
    assert window.control.step >= checkpoint.training.step


def test_a_failing_save_says_so_and_leaves_the_document_unsaved(
    window: MainWindow, files: FilesJourney, tmp_path: Path
) -> None:
    modify(window)
    assert not files.save_to(tmp_path / "no such folder" / "mine.cnn")
    assert window.notice.kind == "error"
    assert "mine.cnn" in window.notice.text
    assert window.isWindowModified()


def test_opening_from_the_recent_files(window: MainWindow, files: FilesJourney, small_file: Path) -> None:
    window.parts.settings.remember_file(small_file)
    window.menus.recent.aboutToShow.emit()
    window.menus.recent.actions()[0].trigger()
    assert window.parts.document.path == small_file
    assert window.parts.document.content.architecture.input_shape == (8, 8, 1)
    assert not window.isWindowModified()


def test_a_foreign_file_is_not_opened_and_nothing_changes(
    window: MainWindow, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    foreign = tmp_path / "foreign.cnn"
    foreign.write_bytes(b"something else")
    before = window.parts.document.content
    choose(monkeypatch, "getOpenFileName", foreign)
    window.actions_.open.trigger()
    assert window.notice.kind == "error"
    assert "foreign.cnn" in window.notice.text
    assert window.parts.document.content is before


def test_a_recent_file_that_is_gone_is_forgotten(
    window: MainWindow, files: FilesJourney, tmp_path: Path
) -> None:
    window.parts.settings.remember_file(tmp_path / "gone.cnn")
    assert not files.open(tmp_path / "gone.cnn")
    assert window.parts.settings.recent_files == []


def test_closing_without_changes_asks_nothing(window: MainWindow, monkeypatch: pytest.MonkeyPatch) -> None:
    asked = answer(monkeypatch, QMessageBox.StandardButton.Cancel)
    assert window.close()
    assert asked == []


@pytest.mark.usefixtures("long_runs")
def test_cancelling_the_question_keeps_the_window_and_the_run(
    window: MainWindow, monkeypatch: pytest.MonkeyPatch, qtbot: QtBot
) -> None:
    asked = answer(monkeypatch, QMessageBox.StandardButton.Cancel)
    window.control.start()
    assert not window.close()
    assert len(asked) == 1
    assert window.control.running
    assert window.isVisible()


def test_discarding_closes(window: MainWindow, monkeypatch: pytest.MonkeyPatch) -> None:
    modify(window)
    answer(monkeypatch, QMessageBox.StandardButton.Discard)
    assert window.close()


def test_saving_on_closing_saves_and_closes(
    window: MainWindow, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    modify(window)
    answer(monkeypatch, QMessageBox.StandardButton.Save)
    choose(monkeypatch, "getSaveFileName", tmp_path / "late.cnn")
    assert window.close()
    assert cnn.Network.load(tmp_path / "late.cnn").architecture.layers[0] == cnn.Conv2D(filters=8)


def test_a_save_that_fails_on_closing_keeps_the_window(
    window: MainWindow, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    modify(window)
    answer(monkeypatch, QMessageBox.StandardButton.Save)
    choose(monkeypatch, "getSaveFileName", tmp_path / "no such folder" / "late.cnn")
    assert not window.close()
    assert window.isVisible()


def test_exporting_weights(window: MainWindow, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    choose(monkeypatch, "getSaveFileName", tmp_path / "weights", "Weights for NumPy (*.npz)")
    window.actions_.export.trigger()
    with np.load(tmp_path / "weights.npz") as found:
        assert np.array_equal(found["0.weight"], window.current_network().parameters["0.weight"])


def test_curves_survive_saving_and_opening(
    window: MainWindow, files: FilesJourney, tmp_path: Path, qtbot: QtBot
) -> None:
    window.actions_.reset.trigger()
    window.control.start(3)
    qtbot.waitUntil(lambda: not window.control.running, timeout=60_000)
    assert files.save_to(tmp_path / "curves.cnn")
    window.actions_.reset.trigger()
    assert len(window.metrics_plot.history) == 0
    window.parts.document.open(tmp_path / "curves.cnn")
    assert len(window.metrics_plot.history) == 3


@pytest.fixture
def trained(window: MainWindow, small_file: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A network in the place of the first one that comes along."""
    monkeypatch.setattr(resources, "_FOLDERS", (small_file.parent,))
    return small_file.rename(small_file.with_name("digits.cnn"))


def test_the_networks_that_come_along_can_be_chosen_by_key(
    window: MainWindow, trained: Path, qtbot: QtBot
) -> None:
    menu = window.menus.trained
    titles = [action.text().lstrip("&1234 ") for action in menu.actions()]
    assert titles == [network.title for network in resources.TRAINED_NETWORKS]
    menu.popup(window.rect().center())
    qtbot.keyClick(menu, Qt.Key.Key_1)
    assert window.parts.document.content.architecture.input_shape == (8, 8, 1)
    assert window.notice.text.startswith("Digits is open.")
    assert not window.isWindowModified()


def test_a_network_that_comes_along_is_never_written_over(
    window: MainWindow, files: FilesJourney, trained: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert files.open(trained)
    choose(monkeypatch, "getSaveFileName", tmp_path / "mine.cnn")
    before = trained.read_bytes()
    window.actions_.save.trigger()
    assert trained.read_bytes() == before
    assert window.parts.document.path == tmp_path / "mine.cnn"


def test_unsaved_changes_are_asked_about_before_a_network_that_comes_along_is_opened(
    window: MainWindow, trained: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    modify(window)
    asked = answer(monkeypatch, QMessageBox.StandardButton.Cancel)
    window.menus.trained.actions()[0].trigger()
    assert len(asked) == 1
    assert window.parts.document.content.architecture.input_shape == (28, 28, 1)
