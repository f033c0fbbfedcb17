"""What the window remembers between two starts: its geometry, the theme, the files opened last."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import QByteArray, QSettings

LAYOUT_VERSION = 1  # raise when the window's parts change, so that an old layout is not forced on new ones
RECENT_FILES = 8
THEME_MODES = ("auto", "light", "dark")


class Settings:
    """Typed access to QSettings; plain values only. Unreadable or foreign values give the defaults."""

    def __init__(self) -> None:
        self._store = QSettings()

    @property
    def theme_mode(self) -> str:
        """One of THEME_MODES."""
        mode = self._text("theme")
        return mode if mode in THEME_MODES else "auto"

    @theme_mode.setter
    def theme_mode(self, mode: str) -> None:
        self._store.setValue("theme", mode)

    @property
    def recent_files(self) -> list[Path]:
        """Files opened or saved last, newest first."""
        return [Path(line) for line in self._text("recent").splitlines() if line]

    def remember_file(self, path: Path) -> None:
        """Put a file in front of the recent ones."""
        path = path.resolve()
        others = [known for known in self.recent_files if known != path]
        self._write_recent([path, *others][:RECENT_FILES])

    def forget_file(self, path: Path) -> None:
        """Drop a file that is no longer there."""
        self._write_recent([known for known in self.recent_files if known != path.resolve()])

    @property
    def last_folder(self) -> str:
        """Where the newest recent file is; an empty text before the first one."""
        recent = self.recent_files
        return str(recent[0].parent) if recent else ""

    def layout(self, name: str) -> QByteArray | None:
        """The saved state of a part of the window, None when absent or of another version."""
        if self._store.value("layout/version", 0, type=int) != LAYOUT_VERSION:
            return None
        value = self._store.value(f"layout/{name}", QByteArray(), type=QByteArray)
        return value if isinstance(value, QByteArray) and not value.isEmpty() else None

    def save_layout(self, states: dict[str, QByteArray]) -> None:
        """Remember the states of parts of the window under their names."""
        self._store.setValue("layout/version", LAYOUT_VERSION)
        for name, state in states.items():
            self._store.setValue(f"layout/{name}", state)

    def _text(self, key: str) -> str:
        value = self._store.value(key, "", type=str)
        return value if isinstance(value, str) else ""

    def _write_recent(self, paths: list[Path]) -> None:
        self._store.setValue("recent", "\n".join(str(path) for path in paths))
