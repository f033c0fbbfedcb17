"""What the row of a class says, and how much room that takes."""

from __future__ import annotations

from functools import lru_cache

from playground.theme import SPACING
from playground.views.texts import line_width
from playground.wording import THIN_SPACE


def format_percent(probability: float) -> str:
    """Return a probability 0..1 as "98.3 %", always with one decimal so that columns stay aligned."""
    return f"{100 * probability:.1f}{THIN_SPACE}%"


def it_is(name: str) -> str:
    """Return what a person says of a drawing: "It is a 4", "It is an 8"; of other names "It is this"."""
    if len(name) > 1 or not name.isalnum():
        return "It is this"
    return f"It is {'an' if name in '8AEFHILMNORSX' else 'a'} {name}"


@lru_cache(maxsize=8)
def column_widths(names: tuple[str, ...], width: int) -> tuple[int, int]:
    """Return how wide the names and the percentages are, px, in rows of a width."""
    widest = max((line_width("strong", name) for name in names), default=0)
    name_width = min(widest, width * 2 // 5) + SPACING
    return name_width, line_width("strong", format_percent(1.0)) + SPACING
