import sys

import pytest

from playground import my_drawings
from playground.commands import doctor


def test_all_sections_are_there_without_a_screen(command):
    ran = command("doctor", "--json")
    assert ran.code == 0
    [found] = ran.lines
    assert set(found) == {"versions", "screen", "processor", "folders", "data sets", "network", "problems"}
    assert {"Python", "numpy", "PySide6-Essentials", "Qt", "pyqtgraph"} <= set(found["versions"])
    assert "usable" in found["processor"]["processor"]
    assert {"cache", "logs", "settings", "my drawings"} == set(found["folders"])
    assert str(my_drawings.location()) in found["folders"]["my drawings"]


def test_text_names_the_problems_last(command, monkeypatch):
    monkeypatch.setattr(doctor, "examine", lambda: ({"versions": {"Python": "3.11"}}, ["the disk is full"]))
    lines = command("doctor").out.splitlines()
    assert lines[-2:] == ["problems", "  the disk is full"]


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="only Wayland names its screen")
def test_qt_that_cannot_start_is_a_problem_not_an_end(command, monkeypatch):
    monkeypatch.setenv("QT_QPA_PLATFORM", "wayland")
    monkeypatch.setenv("WAYLAND_DISPLAY", "nowhere")
    [found] = command("doctor", "--json").lines
    assert any("Qt cannot start" in problem for problem in found["problems"])


def test_a_missing_package_is_a_problem(command, monkeypatch):
    monkeypatch.setattr(doctor, "installed_version", lambda name="": None)
    [found] = command("doctor", "--json").lines
    assert "numpy is not installed; install the program as the README says" in found["problems"]
