"""The one style sheet: what the palette alone cannot say about spacing, focus and hover."""

from __future__ import annotations

from collections.abc import Mapping
from string import Template
from typing import Any

_SHEET = Template("""
QToolTip { background: $raised; color: $text; border: 1px solid $border; padding: 4px 6px; }

QLabel[role="title"] { font-size: ${title_size}px; font-weight: 600; }
QLabel[role="strong"] { font-weight: 600; }
QLabel[role="section"] { color: $muted; font-size: ${small_size}px; font-weight: 600; }
QLabel[role="muted"] { color: $muted; }
QLabel[role="small"] { color: $muted; font-size: ${small_size}px; }
QLabel[role="error"] { color: $error; }
QLabel[role="warning"] { color: $warning; }
QLabel[role="good"] { color: $good; }
QFrame[role="panel"] { background: $panel; border: 1px solid $border; border-radius: 6px; }

QPushButton, QToolButton {
    background: $raised; color: $text; border: 1px solid $border; border-radius: 4px;
    padding: 4px 12px; min-height: 18px;
}
QToolButton { padding: 4px 8px; }
QPushButton:hover, QToolButton:hover { border-color: $accent; }
QPushButton:pressed, QToolButton:pressed { background: $border; }
QPushButton:focus, QToolButton:focus { border: 1px solid $accent; }
QPushButton:checked, QToolButton:checked { background: $accent; color: $on_accent; border-color: $accent; }
QPushButton[role="primary"] { background: $accent; color: $on_accent; border-color: $accent; }
QPushButton[role="primary"]:hover { border-color: $text; }
QPushButton[role="primary"]:focus { border: 1px solid $text; }
QPushButton:disabled, QToolButton:disabled, QPushButton[role="primary"]:disabled {
    background: $window; color: $muted; border-color: $grid;
}
QToolButton[flat="true"] { background: transparent; border-color: transparent; }
QToolButton[flat="true"]:hover { background: $raised; border-color: $border; }
QToolButton[flat="true"]:focus { border-color: $accent; }
QToolButton::menu-indicator { image: none; width: 0; }

QMenuBar { background: $window; }
QMenuBar::item { padding: 4px 8px; background: transparent; border-radius: 4px; }
QMenuBar::item:selected { background: $raised; }
QMenu { background: $panel; border: 1px solid $border; padding: 4px; }
QMenu::item { padding: 4px 24px 4px 12px; border-radius: 4px; }
QMenu::item:selected { background: $accent; color: $on_accent; }
QMenu::item:disabled { color: $muted; background: transparent; }
QMenu::separator { height: 1px; background: $grid; margin: 4px 8px; }

QScrollArea { border: none; background: transparent; }
QScrollBar:horizontal { height: 10px; background: transparent; margin: 0; }
QScrollBar:vertical { width: 10px; background: transparent; margin: 0; }
QScrollBar::handle { background: $border; border-radius: 4px; margin: 1px; }
QScrollBar::handle:horizontal { min-width: 32px; }
QScrollBar::handle:vertical { min-height: 32px; }
QScrollBar::handle:hover { background: $muted; }
QScrollBar::add-line, QScrollBar::sub-line { width: 0; height: 0; }
QScrollBar::add-page, QScrollBar::sub-page { background: transparent; }

QTabWidget::pane { border: 1px solid $border; border-radius: 4px; background: $panel; top: -1px; }
QTabBar::tab { padding: 5px 10px; color: $muted; background: transparent; }
QTabBar::tab { border-bottom: 2px solid transparent; }
QTabBar::tab:hover { color: $text; }
QTabBar::tab:selected { color: $text; border-bottom-color: $accent; }
QTabBar::tab:focus { color: $accent; }
QTabBar QToolButton { padding: 0; min-height: 0; }

QGroupBox { border: 1px solid $border; border-radius: 6px; margin-top: 8px; padding-top: 8px; }
QGroupBox::title { subcontrol-origin: margin; left: 8px; padding: 0 4px; color: $muted; }

QProgressBar { background: $raised; border: 1px solid $border; border-radius: 4px; text-align: center; }
QProgressBar::chunk { background: $accent; border-radius: 3px; }

QSplitter::handle { background: transparent; }
QSplitter::handle:hover { background: $border; }
QStatusBar { background: $window; color: $muted; }
QStatusBar::item { border: none; }
QHeaderView::section {
    background: $raised; color: $muted; border: none; border-right: 1px solid $grid; padding: 4px 8px;
}
QDockWidget::title { background: $window; padding: 4px 8px; }
""")


def style_sheet(colors: Mapping[str, Any], *, title_size: int, small_size: int) -> str:
    """Return the style sheet with the colours of a theme filled in; sizes in px.

    Widgets choose a look by the dynamic property "role": labels title, strong, section, muted, small, error,
    warning, good; frames panel; push buttons primary. Tool buttons take the property "flat".
    """
    return _SHEET.substitute(colors, title_size=title_size, small_size=small_size)
