"""Columns share the width: they fit where they can, channels stay in their row."""

import pytest

from playground.views.strip_layout import ColumnContent, Kind, arrange

CONV = ColumnContent(kind=Kind.MAPS, count=32, size=(26, 26), narrowest=54, family=0, kernel=(3, 3))
POOL = ColumnContent(kind=Kind.MAPS, count=32, size=(13, 13), narrowest=54, family=0)
DENSE = ColumnContent(kind=Kind.CELLS, count=128)
OUT = ColumnContent(kind=Kind.BARS, count=10)
INPUT = ColumnContent(kind=Kind.IMAGE, count=1, size=(28, 28))
ALL = [INPUT, CONV, POOL, DENSE, OUT]


@pytest.mark.parametrize("width", [400, 700, 1200, 3000])
def test_columns_fit_into_the_width_when_they_can(width: int) -> None:
    assert sum(column for column, _ in arrange(ALL, width, 220, 1.0)) <= width


@pytest.mark.parametrize("height", [120, 220, 500, 900])
@pytest.mark.parametrize("ratio", [1.0, 1.5, 2.0])
def test_tiles_fit_into_their_column(height: int, ratio: float) -> None:
    for column, grid in arrange(ALL, 900, height, ratio)[1:4]:
        assert grid.width <= column + 1
        assert grid.height <= height + 1


def test_more_room_makes_larger_tiles() -> None:
    small, large = (arrange(ALL, width, 400, 1.0)[1][1].tile[0] for width in (400, 1200))
    assert large > small


def test_a_channel_has_the_same_row_before_and_after_pooling() -> None:
    for width in (300, 700, 1500):
        conv, pool = arrange(ALL, width, 300, 1.0)[1:3]
        assert conv[1].columns == pool[1].columns
        assert conv[1].tile == pool[1].tile


def test_where_scrolling_is_needed_anyway_tiles_are_readable() -> None:
    assert arrange([CONV, POOL] * 8, 300, 300, 1.0)[0][1].tile[0] >= 18


def test_maps_keep_their_aspect() -> None:
    wide = ColumnContent(kind=Kind.MAPS, count=4, size=(10, 20))
    high, across = arrange([wide], 800, 300, 1.0)[0][1].tile
    assert across == pytest.approx(2 * high, abs=1)


@pytest.mark.parametrize("count", [1, 2, 17, 128, 1600, 4096])
def test_any_number_of_cells_has_a_place(count: int) -> None:
    _, grid = arrange([ColumnContent(kind=Kind.CELLS, count=count)], 100, 220, 1.0)[0]
    assert grid.columns * grid.rows >= count
    assert grid.height <= 220
