import ctypes
import sys

import pytest

from playground import screen

linux_only = pytest.mark.skipif(
    not sys.platform.startswith("linux"), reason="only X11 and Wayland name their screen"
)
NAMES = ("DISPLAY", "WAYLAND_DISPLAY", "QT_QPA_PLATFORM")


@pytest.fixture(autouse=True)
def no_screen(monkeypatch):
    for name in NAMES:
        monkeypatch.delenv(name, raising=False)


@linux_only
def test_a_machine_that_names_no_screen_has_none():
    assert screen.is_absent()
    assert "xvfb-run" in screen.problem()
    assert screen.INSTALL_LINE in screen.problem()


@pytest.mark.parametrize("name", NAMES)
def test_any_of_the_names_is_a_screen_or_a_decision(monkeypatch, name):
    monkeypatch.setenv(name, "offscreen")
    assert not screen.is_absent()


def test_off_screen_there_is_no_problem(monkeypatch):
    monkeypatch.setenv("QT_QPA_PLATFORM", "offscreen")
    assert screen.problem() is None


@pytest.mark.parametrize("given", ["nonsense", "nonsense:offscreen", ";", "on;off"])
def test_a_platform_that_qt_does_not_have_is_told_with_those_it_has(monkeypatch, given):
    monkeypatch.setenv("QT_QPA_PLATFORM", given)
    told = screen.problem()
    assert told.startswith(f"QT_QPA_PLATFORM asks for {given!r}, which Qt does not have; use one of ")
    assert "minimal, " in told and "offscreen" in told
    assert len(told.splitlines()) == 1


@pytest.mark.parametrize(
    "given", ["offscreen:enable_fonts", "Offscreen", "nonsense;offscreen", "xcb;offscreen", "offscreen;"]
)
def test_options_and_lists_of_platforms_are_left_to_qt(monkeypatch, given):
    monkeypatch.setenv("QT_QPA_PLATFORM", given)
    assert screen.problem() is None


@linux_only
def test_a_library_that_qt_would_abort_without_is_named(monkeypatch):
    def missing(name):
        raise OSError("libxcb-cursor.so.0: cannot open shared object file: No such file or directory")

    monkeypatch.setenv("DISPLAY", ":0")
    monkeypatch.setattr(ctypes, "CDLL", missing)
    assert "not installed: libxcb-cursor.so.0\n" in screen.problem()
    assert screen.INSTALL_LINE in screen.problem()


def test_an_import_that_lacks_a_system_library_is_explained():
    error = ImportError("libEGL.so.1: cannot open shared object file: No such file or directory")
    assert "not installed: libEGL.so.1\n" in screen.explain(error)
    assert screen.INSTALL_LINE in screen.explain(error)


def test_a_missing_package_is_explained():
    assert "PySide6 is not installed" in screen.explain(ModuleNotFoundError("no", name="PySide6.QtGui"))


def test_other_import_errors_are_mistakes_of_ours():
    assert screen.explain(ImportError("cannot import name 'x'")) is None
    assert screen.explain(ModuleNotFoundError("no", name="playground.nothing")) is None
