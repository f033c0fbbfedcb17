"""Whether a window can be opened here, and if not, what is missing and how to go on."""

from __future__ import annotations

import ctypes
import os
import sys
from importlib.util import find_spec
from pathlib import Path
from typing import Any

# What Qt's own libraries need of the system, found in a bare Debian 12; desktops have nearly all of it.
# The only font that comes with these libraries is too wide for the layout: see `theme.font`.
OFFSCREEN_PACKAGES = "libglib2.0-0 libgl1 libegl1 libxkbcommon0 libdbus-1-3 libfontconfig1 fonts-liberation"
WINDOW_PACKAGES = "libxcb-cursor0 libxkbcommon-x11-0 libxcb-icccm4 libxcb-keysyms1 libxcb-shape0"
INSTALL_LINE = f"sudo apt-get install -y {OFFSCREEN_PACKAGES} {WINDOW_PACKAGES}"

PACKAGES = (
    "PySide6",
    "shiboken6",
    "pyqtgraph",
    "numpy",
    "threadpoolctl",
    "platformdirs",
)  # that must be installed

HOW_TO_GO_ON = f"""\
Without a screen, all of this works:
  cnn-playground train --data digits         also evaluate, predict, bench, doctor; see cnn-playground --help
  cnn-playground --screenshot pictures       pictures of the window, made off screen
  QT_QPA_PLATFORM=offscreen cnn-playground   the window itself, off screen, for tests and scripts
  xvfb-run -a cnn-playground                 the window on a virtual screen (sudo apt-get install -y xvfb)

A bare Debian or Ubuntu also needs the libraries of the window, and a font:
  {INSTALL_LINE}"""


def is_absent() -> bool:
    """True on a Linux machine that names no screen and where Qt was not told what to do without one."""
    asked = ("QT_QPA_PLATFORM", "DISPLAY", "WAYLAND_DISPLAY")
    return sys.platform.startswith("linux") and not any(os.environ.get(name) for name in asked)


def problem() -> str | None:
    """Why no window can be opened here and how to go on, or None. Qt itself would end the program instead."""
    if is_absent():
        reason = "there is no screen to open a window on: neither DISPLAY nor WAYLAND_DISPLAY is set."
        return f"{reason}\n\n{HOW_TO_GO_ON}"
    try:
        import PySide6.QtWidgets  # noqa: F401
    except ImportError as error:
        return explain(error) or f"PySide6, which draws the window, cannot be used: {error}"
    if (unknown := _unknown_platform()) is not None:
        return unknown
    if _uses_x11():
        return _missing_plugin_library() or _unreachable_display()
    return None


def explain(error: ImportError) -> str | None:
    """What to do about an import that lacks PySide6 or a system library; None for any other failure."""
    if isinstance(error, ModuleNotFoundError):
        package = (error.name or "").partition(".")[0]
        if package not in PACKAGES:
            return None
        return f"{package} is not installed here; install the program as the README says."
    if "shared object file" not in str(error):
        return None
    return _lacking(str(error))


def _chosen() -> list[str]:
    """The platforms that QT_QPA_PLATFORM names, as "xcb;offscreen:option" does: Qt takes the first it can."""
    given = os.environ.get("QT_QPA_PLATFORM", "").split(";")
    return [name.partition(":")[0].lower() for name in given if name]


def _unknown_platform() -> str | None:
    """Look for the platforms that were chosen among those that Qt has: it ends the program without any."""
    given = os.environ.get("QT_QPA_PLATFORM")
    known = _platforms() if given else set()
    if not known or known & set(_chosen()):
        return None
    names = ", ".join(sorted(known))
    return f"QT_QPA_PLATFORM asks for {given!r}, which Qt does not have; use one of {names}."


def _platforms() -> set[str]:
    """The names of Qt's platforms; none where they cannot be found."""
    from PySide6.QtCore import QCoreApplication, QPluginLoader

    folders = [Path(folder) / "platforms" for folder in QCoreApplication.libraryPaths()]
    if own := os.environ.get("QT_QPA_PLATFORM_PLUGIN_PATH"):
        folders.append(Path(own))
    plugins = [file for folder in folders if folder.is_dir() for file in folder.iterdir()]
    told: list[Any] = [QPluginLoader(str(plugin)).metaData() for plugin in plugins]
    return {name for one in told for name in one.get("MetaData", {}).get("Keys", [])}


def _uses_x11() -> bool:
    if not sys.platform.startswith("linux"):
        return False
    chosen = _chosen()
    return set(chosen) == {"xcb"} or not (chosen or os.environ.get("WAYLAND_DISPLAY"))


def _missing_plugin_library() -> str | None:
    """Load the part of Qt that talks to X11, as Qt will: it ends the program where that fails."""
    package = find_spec("PySide6")
    if package is None or package.origin is None:
        return None
    plugin = Path(package.origin).parent / "Qt" / "plugins" / "platforms" / "libqxcb.so"
    if not plugin.is_file():  # a system's own PySide6 keeps it elsewhere, and its packages are complete
        return None
    try:
        ctypes.CDLL(str(plugin))
    except OSError as error:
        return _lacking(str(error))
    return None


def _unreachable_display() -> str | None:
    """Connect to the X server that DISPLAY names, as Qt will."""
    try:
        xcb = ctypes.CDLL("libxcb.so.1")
    except OSError as error:
        return _lacking(str(error))
    xcb.xcb_connect.restype = ctypes.c_void_p
    xcb.xcb_connection_has_error.argtypes = xcb.xcb_disconnect.argtypes = [ctypes.c_void_p]
    connection = xcb.xcb_connect(None, None)
    failed = bool(xcb.xcb_connection_has_error(connection))
    xcb.xcb_disconnect(connection)
    if not failed:
        return None
    display = os.environ.get("DISPLAY", "")
    return f"the screen that DISPLAY names ({display}) cannot be reached.\n\n{HOW_TO_GO_ON}"


def _lacking(error: str) -> str:
    library = error.partition(":")[0]
    return (
        f"Qt, which draws the window and reads images, needs a system library that is "
        f"not installed: {library}\n\n"
        f"On Debian or Ubuntu, this installs it and the others of its kind:\n  {INSTALL_LINE}\n\n"
        "The commands train, evaluate, bench and doctor work without it."
    )
