"""The kinds of augmentation as a person meets them: how far they go, how values read, what they are for."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import cnn_core as cnn
from cnn_core.datasets.augment import HANDWRITING, LIMITS
from playground.field_texts import field_text
from playground.wording import format_number

_USUAL_SIDE = 28  # px
PRESETS: Final = {"None": cnn.Augmentation(), "Handwriting": HANDWRITING}


@dataclass(frozen=True)
class Kind:
    """One field of `Augmentation`: the end of its slider, the step of a key, its unit, and why it is there.

    `most` in pixels is meant for images 28 pixels wide and grows with the image.
    """

    field: str
    most: float
    step: float
    unit: str
    lesson: str
    both_ways: bool = True

    @property
    def name(self) -> str:
        """What a person calls it, without its unit."""
        return field_text("Augmentation", self.field).label.partition(" (")[0]

    def reach(self, side: int) -> float:
        """Where the slider ends for images so many pixels wide."""
        grown = self.most * side / _USUAL_SIDE if self.unit == "px" else self.most
        return min(grown, LIMITS[self.field])

    def in_words(self, value: float) -> str:
        """A value for reading: "±10°", "±1.2 px", "±20 %", "8 px"; "off" for 0."""
        if value == 0:
            return "off"
        number = format_number(round(value * 100)) if self.unit == "%" else f"{value:g}"
        gap = "" if self.unit in ("°", "") else " "
        return f"{'±' if self.both_ways else 'to '}{number}{gap}{self.unit}"


KINDS: Final = (
    Kind(
        "rotation",
        45,
        1,
        "°",
        "nobody holds the sheet quite straight, so the angle should not matter; turned too far, a 6 is a 9.",
    ),
    Kind(
        "shift",
        7,
        0.2,
        "px",
        "a convolution finds a stroke anywhere, but the Dense layer behind it learns each place for itself.",
    ),
    Kind("scale", 0.5, 0.02, "%", "hands write wide, narrow, tall and flat: one class, other proportions."),
    Kind("shear", 45, 1, "°", "handwriting leans; slanted both ways, one writer stands for many."),
    Kind(
        "thickness",
        4,
        0.1,
        "px",
        "pen, finger and mouse draw lines of different width; without this, a network learns that of one.",
    ),
    Kind(
        "elastic",
        4,
        0.1,
        "px",
        "parts of a stroke move against each other, as in an unsteady hand; too much makes another digit.",
        both_ways=False,
    ),
    Kind(
        "noise",
        0.5,
        0.01,
        "",
        "grains that mean nothing: where no single pixel can be trusted, a network has to rely on strokes.",
        both_ways=False,
    ),
    Kind(
        "cutout",
        21,
        1,
        "px",
        "a part is missing, so a network learns to know a digit by more than one of its parts.",
        both_ways=False,
    ),
)


def summary(augmentation: cnn.Augmentation) -> str:
    """An augmentation in a word or two: "off", "handwriting", "rotation", "3 kinds"."""
    for name, preset in PRESETS.items():
        if augmentation == preset:
            return name.lower() if preset.active else "off"
    on = [kind for kind in KINDS if getattr(augmentation, kind.field) > 0]
    return on[0].name.lower() if len(on) == 1 else f"{len(on)} kinds"
