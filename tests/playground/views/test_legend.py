"""The legend below a column: in a narrow one it says less, never a part of a number."""

import numpy as np
import pytest
from PySide6.QtCore import QPointF, QRectF
from PySide6.QtGui import QImage, QPainter, QStaticText
from pytestqt.qtbot import QtBot

from playground.theme import LIGHT
from playground.views import texts
from playground.views.column_parts import paint_ramp
from playground.views.map_tiles import MapTiles
from playground.views.mosaic import Grid, Scale, first_channels


def showing(limit: float, *, signed: bool = False, cut: bool = False, shown: int = 2) -> MapTiles:
    """Tiles of two channels, of which some are shown."""
    tiles = MapTiles()
    tiles.lay_out(Grid(count=shown, columns=shown, tile=(4, 4), gap=0), (1, 1))
    tiles.set_values(np.ones((1, 1, 2), np.float32), Scale(limit, signed, cut), first_channels(shown), False)
    return tiles


def width_of(text: str) -> float:
    """The px that a text takes in a legend."""
    return texts._laid_out("small", text).size().width()


def written(tiles: MapTiles, width: float, text: str = "") -> str:
    """What is written in a column of a width; fails where that is cut off."""
    found: list[str] = []

    class Painter(QPainter):
        def drawStaticText(self, corner: QPointF, written: QStaticText) -> None:
            found.append(written.text())

    image = QImage(200, 40, QImage.Format.Format_RGB32)
    painter = Painter(image)
    text = text or tiles.reach(None)
    paint_ramp(painter, LIGHT, QRectF(0, 0, width, 20), None, text, tiles.brief_reach(None))
    painter.end()
    assert width_of(found[0]) <= width
    return found[0]


@pytest.mark.parametrize(
    ("limit", "cut", "forms"),
    [
        (0.905, False, ["0–0.905", "0–0.91", "0–0.9", "0–…"]),
        (0.0312, False, ["0–0.0312", "0–0.031", "0–0.03", "0–…"]),
        (1.07e27, False, ["0–1.07e27", "0–1.1e27", "0–1e27", "0–…"]),
        (12.4, True, ["0–12.4+", "0–12+", "0–…+"]),
    ],
)
def test_a_narrow_column_has_fewer_digits_and_no_part_of_a_number(
    qtbot: QtBot, limit: float, cut: bool, forms: list[str]
) -> None:
    tiles = showing(limit, cut=cut)
    found = [written(tiles, width) for width in np.arange(100, width_of(forms[-1]) - 0.1, -1)]
    assert list(dict.fromkeys(found)) == forms


def test_how_many_channels_are_shown_gives_way_to_the_number(qtbot: QtBot) -> None:
    tiles, full = showing(1.5, signed=True, shown=1), "±1.50, strongest 1"
    assert written(tiles, 150, full) == full
    assert written(tiles, width_of("±1.50, stro") + 2, full) == "±1.50"


def test_where_the_legend_fits_nothing_shorter_is_made(qtbot: QtBot, monkeypatch: pytest.MonkeyPatch) -> None:
    tiles = showing(1.5)
    monkeypatch.setattr(MapTiles, "reach", None)
    assert written(tiles, 100, "0–1.50") == "0–1.50"
