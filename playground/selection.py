"""What is being looked at: the network, a layer, a channel of it, a number; shared by all views."""

from __future__ import annotations

from dataclasses import dataclass, replace

from PySide6.QtCore import QObject, Signal


@dataclass(frozen=True)
class Place:
    """A spot in the network. Each part needs the one before it; `layer` -1 is the input."""

    layer: int | None = None
    channel: int | None = None
    pixel: tuple[int, int] | None = None

    @property
    def depth(self) -> int:
        """0 for the whole network, 1 for a layer, 2 for a channel, 3 for one number."""
        if self.layer is None:
            return 0
        return 1 if self.channel is None else 2 if self.pixel is None else 3

    def outer(self) -> Place:
        """The place one step further out; the whole network stays itself."""
        return self.cut(self.depth - 1)

    def cut(self, depth: int) -> Place:
        """This place seen from `depth` steps in, as a click on the breadcrumb asks."""
        if depth <= 0:
            return Place()
        if depth == 1:
            return replace(self, channel=None, pixel=None)
        return replace(self, pixel=None) if depth == 2 else self


class Selection(QObject):
    """The place everybody looks at; `changed` carries the new `Place`."""

    changed = Signal(object)

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._place = Place()

    @property
    def place(self) -> Place:
        """The place now."""
        return self._place

    def select(self, place: Place) -> None:
        """Look at `place`; saying it twice changes nothing."""
        if place != self._place:
            self._place = place
            self.changed.emit(place)

    def back(self) -> None:
        """Go exactly one step out."""
        self.select(self._place.outer())
