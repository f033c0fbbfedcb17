"""The look is readable, and is given once."""

import re
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import QEvent
from PySide6.QtWidgets import QApplication, QWidget
from pytestqt.qtbot import QtBot

from playground import theme
from playground.theme import DARK, LIGHT, Theme

BOTH = pytest.mark.parametrize("palette", [LIGHT, DARK], ids=lambda value: value.name)


def luminance(color: str) -> float:
    """Relative luminance as in WCAG 2."""
    levels = np.array([int(color[i : i + 2], 16) for i in (1, 3, 5)]) / 255
    linear = np.where(levels <= 0.03928, levels / 12.92, ((levels + 0.055) / 1.055) ** 2.4)
    return float(linear @ (0.2126, 0.7152, 0.0722))


def contrast(first: str, second: str) -> float:
    low, high = sorted((luminance(first), luminance(second)))
    return (high + 0.05) / (low + 0.05)


@BOTH
@pytest.mark.parametrize("meaning", ["text", "muted", "accent", "good", "warning", "error"])
@pytest.mark.parametrize("surface", ["window", "panel", "raised"])
def test_text_is_readable_on_every_surface(palette: Theme, meaning: str, surface: str) -> None:
    assert contrast(getattr(palette, meaning), getattr(palette, surface)) >= 4.5


@BOTH
def test_text_on_the_accent_is_readable(palette: Theme) -> None:
    assert contrast(palette.on_accent, palette.accent) >= 4.5


@BOTH
def test_lines_of_plots_stand_out_from_the_panel(palette: Theme) -> None:
    assert all(contrast(line, palette.panel) >= 3 for line in palette.series)


@BOTH
def test_diverging_scale_is_blue_below_zero_and_orange_above(palette: Theme) -> None:
    table = theme.diverging(palette).astype(int)
    assert table.shape == (256, 3)
    assert (table[:120, 2] > table[:120, 0]).all()
    assert (table[136:, 0] > table[136:, 2]).all()
    assert np.ptp(table[127:129].mean(axis=0)) < 8  # zero has no hue


@BOTH
def test_colour_scales_get_steadily_darker_or_brighter_from_zero(palette: Theme) -> None:
    weights = (0.2126, 0.7152, 0.0722)
    for half in (
        theme.diverging(palette)[127::-1],
        theme.diverging(palette)[128:],
        theme.sequential(palette),
    ):
        steps = np.diff(half @ weights)
        assert (steps >= -0.8).all() if palette.dark else (steps <= 0.8).all()


@BOTH
def test_a_share_of_the_range_has_the_same_colour_on_scales_with_and_without_a_sign(palette: Theme) -> None:
    signed, positive = theme.diverging(palette).astype(int), theme.sequential(palette).astype(int)
    for value in (0.25, 0.5, 0.75, 1.0):
        difference = signed[round(127.5 + 127.5 * value)] - positive[round(255 * value)]
        assert np.abs(difference).max() <= 4


def test_every_role_that_widgets_take_has_a_look(qapp: QApplication) -> None:
    theme.apply(qapp, LIGHT)
    sources = [path.read_text(encoding="utf-8") for path in Path(theme.__file__).parent.rglob("*.py")]
    roles = set(re.findall(r'setProperty\("role", "(\w+)"\)', "".join(sources)))
    assert len(roles) > 5
    assert {role for role in roles if f'[role="{role}"]' not in qapp.styleSheet()} == set()


def test_apply_sets_palette_and_style_sheet(qtbot: QtBot) -> None:
    app = QApplication.instance()
    assert isinstance(app, QApplication)
    theme.apply(app, DARK)
    assert app.palette().window().color().name() == DARK.window
    assert DARK.accent in app.styleSheet()
    theme.apply(app, LIGHT)
    assert app.palette().window().color().name() == LIGHT.window


def test_a_theme_given_twice_dresses_no_widget_anew(qapp: QApplication, qtbot: QtBot) -> None:
    seen: list[QEvent.Type] = []

    class Dressed(QWidget):
        def changeEvent(self, event: QEvent) -> None:
            seen.append(event.type())

    theme.apply(qapp, LIGHT)
    widget = Dressed()
    qtbot.addWidget(widget)
    widget.show()
    seen.clear()
    theme.apply(qapp, LIGHT)
    assert seen == []
    theme.apply(qapp, DARK)
    assert QEvent.Type.StyleChange in seen
    theme.apply(qapp, LIGHT)
