"""Appearance and help: theme, colour scope, panels shown or hidden, About, shortcuts, the log."""

from __future__ import annotations

from PySide6.QtCore import QObject, Qt, QUrl
from PySide6.QtGui import QAction, QDesktopServices, QGuiApplication
from PySide6.QtWidgets import QApplication, QWidget

from playground import theme
from playground.errors import log_folder
from playground.main_window import MainWindow
from playground.parts import Parts
from playground.views.about_dialog import AboutDialog
from playground.views.shortcuts_dialog import ShortcutsDialog


class AppearanceJourney(QObject):
    """The View and Help menus."""

    def __init__(self, window: MainWindow, parts: Parts) -> None:
        super().__init__(window)
        self._window = window
        self._settings = parts.settings
        for mode, action in window.actions_.theme_modes.items():
            action.triggered.connect(lambda _checked=False, mode=mode: self.choose_theme(mode))
        window.actions_.theme_modes[parts.settings.theme_mode].setChecked(True)
        QGuiApplication.styleHints().colorSchemeChanged.connect(lambda _scheme: self._apply_theme())
        for name, panel in (
            ("&Drawing", window.left), ("&Inspector", window.right), ("&Panels below", window.tabs),
        ):  # fmt: skip
            self._offer_panel(name, panel)
        window.actions_.about.triggered.connect(lambda: self._show(AboutDialog(window)))
        window.actions_.shortcuts.triggered.connect(
            lambda: self._show(ShortcutsDialog(window.actions_.everything(), window))
        )
        window.actions_.log_folder.triggered.connect(self._open_log_folder)
        self._apply_theme()

    def choose_theme(self, mode: str) -> None:
        """Use a theme from now on and remember it: auto, light or dark."""
        self._settings.theme_mode = mode
        self._window.actions_.theme_modes[mode].setChecked(True)
        self._apply_theme()

    def _apply_theme(self) -> None:
        chosen = theme_for(self._settings.theme_mode)
        app = QApplication.instance()
        assert isinstance(app, QApplication)
        theme.apply(app, chosen)
        self._window.set_theme(chosen)

    def _offer_panel(self, name: str, panel: QWidget) -> None:
        action = QAction(name, self._window)
        action.setCheckable(True)
        action.setChecked(True)
        action.setStatusTip(f"Show or hide: {name.replace('&', '')}")
        action.toggled.connect(panel.setVisible)
        self._window.menus.panels.addAction(action)

    def _show(self, dialog: QWidget) -> None:
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.show()

    def _open_log_folder(self) -> None:
        folder = log_folder()
        if not QDesktopServices.openUrl(QUrl.fromLocalFile(str(folder))):
            self._window.notice.say(f"The log is in {folder}")


def theme_for(mode: str) -> theme.Theme:
    """The theme of a mode; auto follows the system, light where the system does not say."""
    if mode == "auto":
        dark = QGuiApplication.styleHints().colorScheme() == Qt.ColorScheme.Dark
        return theme.DARK if dark else theme.LIGHT
    return theme.THEMES[mode]
