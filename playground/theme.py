"""The one look of the window: colours by meaning, fonts, spacing, colour maps."""

from __future__ import annotations

from dataclasses import dataclass, fields
from functools import cache

import numpy as np
from numpy.typing import NDArray
from PySide6.QtGui import QColor, QFont, QFontDatabase, QFontInfo, QPalette
from PySide6.QtWidgets import QApplication, QStyleFactory

from playground.style_sheet import style_sheet

SPACING = 8  # px; margins and gaps are multiples or halves of it

ColorTable = NDArray[np.uint8]  # (256, 3), RGB


@dataclass(frozen=True, kw_only=True, eq=False)  # compared as themselves: looked up every frame
class Theme:
    """Colours by meaning, written "#rrggbb"; text and muted keep a contrast of 4.5 on all three surfaces."""

    name: str
    dark: bool
    window: str  # behind the panels
    panel: str  # where content sits
    raised: str  # buttons, headers, hovered rows
    border: str
    grid: str  # lines that must not draw attention
    text: str
    muted: str  # second-rank text
    accent: str  # selection, focus, the main action
    on_accent: str  # text on accent
    good: str
    warning: str
    error: str
    paper: str  # the drawing surface
    ink: str
    negative: str  # ends and middle of the diverging scale
    zero: str
    positive: str
    series: tuple[str, str, str, str]  # lines in plots, distinguishable without red and green

    def color(self, meaning: str, alpha: float = 1.0) -> QColor:
        """Return the colour of one of the fields, alpha in 0..1. It is shared: change a copy, not itself."""
        return _color(getattr(self, meaning), alpha)


@cache
def _color(name: str, alpha: float) -> QColor:
    """Return the colour read from its name; kept, because every frame asks for hundreds of them."""
    color = QColor(name)
    color.setAlphaF(alpha)
    return color


LIGHT = Theme(
    name="light",
    dark=False,
    window="#f1f3f6",
    panel="#ffffff",
    raised="#e9edf2",
    border="#cdd4de",
    grid="#e3e7ed",
    text="#18202c",
    muted="#556070",
    accent="#1d5fc4",
    on_accent="#ffffff",
    good="#17713d",
    warning="#8a5200",
    error="#b3261e",
    paper="#ffffff",
    ink="#101722",
    negative="#0b3f80",
    zero="#f1f1ef",
    positive="#a34100",
    series=("#1d5fc4", "#c2570c", "#12806f", "#7c3aa8"),
)

DARK = Theme(
    name="dark",
    dark=True,
    window="#12151b",
    panel="#1a1e26",
    raised="#262c37",
    border="#394251",
    grid="#2a313d",
    text="#e7ebf2",
    muted="#a0abbc",
    accent="#74acff",
    on_accent="#08142a",
    good="#62cb91",
    warning="#e8b650",
    error="#ff8a80",
    paper="#0d1015",
    ink="#f4f6fa",
    negative="#a9d2ff",
    zero="#0b0d11",
    positive="#ffd7a3",
    series=("#74acff", "#f5a55c", "#4fd0bd", "#c99af0"),
)

THEMES = {theme.name: theme for theme in (LIGHT, DARK)}

GRAY: ColorTable = np.repeat(np.arange(256, dtype=np.uint8)[:, None], 3, axis=1)

# Between the two ends of the diverging scale: position -1..1 -> colour.
_INNER_STOPS = {
    "light": {-0.5: "#4f93d2", -0.2: "#b5d3ec", 0.2: "#f9d5ae", 0.5: "#ee9a4a"},
    "dark": {-0.5: "#2e76c4", -0.2: "#173a63", 0.2: "#5e3414", 0.5: "#c76a1f"},
}


@cache
def diverging(theme: Theme) -> ColorTable:
    """Return (256, 3) uint8: blue for negative, the paper's tone for zero, orange for positive."""
    inner = {at: rgb(color) for at, color in _INNER_STOPS[theme.name].items()}
    stops = {-1.0: rgb(theme.negative), 0.0: rgb(theme.zero), 1.0: rgb(theme.positive)} | inner
    return _interpolate(stops, np.linspace(-1.0, 1.0, 256))


@cache
def sequential(theme: Theme) -> ColorTable:
    """Return (256, 3) uint8 for values from 0 up: the positive half of `diverging`.

    A share of the range has the same colour on scales with and without a sign.
    """
    inner = {at: rgb(color) for at, color in _INNER_STOPS[theme.name].items() if at > 0}
    stops = {0.0: rgb(theme.zero), 1.0: rgb(theme.positive)} | inner
    return _interpolate(stops, np.linspace(0.0, 1.0, 256))


def _interpolate(stops: dict[float, tuple[int, int, int]], at: NDArray[np.float64]) -> ColorTable:
    """Return the (len(at), 3) uint8 table through the stops, interpolated linearly, not writeable."""
    positions = sorted(stops)
    channels = [np.interp(at, positions, [stops[p][i] for p in positions]) for i in range(3)]
    table = np.stack(channels, axis=1).round().astype(np.uint8)
    table.flags.writeable = False
    return table


def rgb(color: str) -> tuple[int, int, int]:
    """Return "#rrggbb" as three integers 0..255."""
    return int(color[1:3], 16), int(color[3:5], 16), int(color[5:7], 16)


# Pixels at 100 % scale, and whether the weight is semi-bold.
_ROLES = {
    "title": (14, True),
    "body": (12, False),
    "strong": (12, True),
    "small": (11, False),
    "mono": (12, False),
}


@cache
def font(role: str = "body") -> QFont:
    """Return the font of a role: title, body, strong (body with weight), small, mono (numbers in columns).

    It is shared: change a copy, not itself.
    """
    size, strong = _ROLES[role]
    fixed = QFontDatabase.SystemFont.FixedFont
    general = QFontDatabase.SystemFont.GeneralFont
    result = QFontDatabase.systemFont(fixed if role == "mono" else general)
    if role != "mono" and QFontInfo(result).family().startswith("DejaVu Sans"):
        # The last-resort face of bare Linux systems is a third wider than the others the layout is made for.
        result.setFamilies(["Noto Sans", "Liberation Sans", "DejaVu Sans Condensed", "DejaVu Sans"])
    result.setPixelSize(size)
    result.setWeight(QFont.Weight.DemiBold if strong else QFont.Weight.Normal)
    return result


def apply(app: QApplication, theme: Theme) -> None:
    """Give the whole program the theme: Fusion style, palette, font, style sheet."""
    colors = {field.name: getattr(theme, field.name) for field in fields(theme)}
    sheet = style_sheet(colors, title_size=_ROLES["title"][0], small_size=_ROLES["small"][0])
    if app.styleSheet() == sheet:  # it has the theme; to give it again would dress every widget anew
        return
    style = QStyleFactory.create("Fusion")
    if style is not None:
        app.setStyle(style)
    app.setPalette(palette(theme))
    app.setFont(font("body"))
    app.setStyleSheet(sheet)


def palette(theme: Theme) -> QPalette:
    """Return the palette of a theme for the controls Fusion draws."""
    role = QPalette.ColorRole
    result = QPalette()
    for which, color in (
        (role.Window, theme.window),
        (role.WindowText, theme.text),
        (role.Base, theme.panel),
        (role.AlternateBase, theme.raised),
        (role.Text, theme.text),
        (role.PlaceholderText, theme.muted),
        (role.Button, theme.raised),
        (role.ButtonText, theme.text),
        (role.BrightText, theme.error),
        (role.ToolTipBase, theme.raised),
        (role.ToolTipText, theme.text),
        (role.Highlight, theme.accent),
        (role.HighlightedText, theme.on_accent),
        (role.Accent, theme.accent),
        (role.Link, theme.accent),
        (role.LinkVisited, theme.accent),
        (role.Mid, theme.border),
        (role.Dark, theme.border),
        (role.Midlight, theme.raised),
        (role.Light, theme.panel),
    ):
        result.setColor(which, QColor(color))
    for which in (role.WindowText, role.Text, role.ButtonText, role.HighlightedText):
        result.setColor(QPalette.ColorGroup.Disabled, which, theme.color("muted", 0.6))
    result.setColor(QPalette.ColorGroup.Disabled, role.Highlight, QColor(theme.border))
    return result
