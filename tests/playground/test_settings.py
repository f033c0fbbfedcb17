"""What is remembered between two starts, and that nonsense in the store gives the defaults."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import QByteArray, QSettings

from playground import settings
from playground.settings import Settings


@pytest.fixture(autouse=True)
def empty_store(qapp: object) -> Iterator[None]:
    QSettings().clear()
    yield
    QSettings().clear()


def test_the_theme_is_remembered() -> None:
    assert Settings().theme_mode == "auto"
    Settings().theme_mode = "dark"
    assert Settings().theme_mode == "dark"


def test_an_unknown_theme_is_automatic() -> None:
    QSettings().setValue("theme", "purple")
    assert Settings().theme_mode == "auto"


def test_recent_files_are_newest_first_each_once_and_few(tmp_path: Path) -> None:
    paths = [tmp_path / f"{number}.cnn" for number in range(settings.RECENT_FILES + 2)]
    for path in [*paths, paths[5]]:
        Settings().remember_file(path)
    found = Settings().recent_files
    assert found[:2] == [paths[5], paths[-1]]
    assert len(found) == settings.RECENT_FILES
    assert len(set(found)) == len(found)
    assert Settings().last_folder == str(tmp_path)


def test_a_file_that_is_gone_is_forgotten(tmp_path: Path) -> None:
    Settings().remember_file(tmp_path / "gone.cnn")
    Settings().forget_file(tmp_path / "gone.cnn")
    assert Settings().recent_files == []


def test_the_layout_is_remembered_and_one_of_another_version_ignored(monkeypatch: pytest.MonkeyPatch) -> None:
    assert Settings().layout("geometry") is None
    Settings().save_layout({"geometry": QByteArray(b"here")})
    assert Settings().layout("geometry") == QByteArray(b"here")
    monkeypatch.setattr(settings, "LAYOUT_VERSION", settings.LAYOUT_VERSION + 1)
    assert Settings().layout("geometry") is None
