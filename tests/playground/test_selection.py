"""Where one looks, and the one way back out."""

import pytest
from PySide6.QtCore import QObject

from playground.selection import Place, Selection


@pytest.mark.parametrize(
    ("place", "depth"),
    [(Place(), 0), (Place(-1), 1), (Place(2), 1), (Place(2, 0), 2), (Place(2, 0, (0, 0)), 3)],
)
def test_depth_counts_the_steps_in(place: Place, depth: int) -> None:
    assert place.depth == depth


def test_going_back_takes_one_step_each(owner: QObject) -> None:
    selection = Selection(owner)
    selection.select(Place(2, 5, (1, 7)))
    seen = []
    selection.changed.connect(seen.append)
    for _ in range(4):
        selection.back()
    assert seen == [Place(2, 5), Place(2), Place()]


def test_cutting_leaves_what_is_further_out() -> None:
    place = Place(2, 5, (1, 7))
    assert [place.cut(depth) for depth in range(4)] == [Place(), Place(2), Place(2, 5), place]


def test_selecting_the_same_place_says_nothing(owner: QObject) -> None:
    selection = Selection(owner)
    selection.select(Place(1))
    seen = []
    selection.changed.connect(seen.append)
    selection.select(Place(1))
    assert seen == []
