"""One's own images on the command line: to which size, colour and aspect a folder or zip file is brought."""

from __future__ import annotations

import argparse
import re
from dataclasses import dataclass, replace
from pathlib import Path

from cnn_core.datasets.reading import printable
from cnn_core.datasets.resizing import ASPECTS, Aspect
from playground import data, importing
from playground.commands.output import Waiting
from playground.commands.settings import UsageError

_CHANNELS = {"grey": 1, "gray": 1, "rgb": 3}
_LIKE_A_CHOICE = re.compile(r"::\d+x\d+")
_SIZE = re.compile(r"(\d{1,5})(?:x(\d{1,5}))?")


@dataclass(frozen=True)
class Wishes:
    """How images of one's own are wanted; None where nothing was said."""

    size: tuple[int, int] | None = None  # height, width
    colour: str | None = None
    aspect: Aspect | None = None

    @property
    def first_option(self) -> str | None:
        """The name of the first option that was given."""
        given = (("--size", self.size), ("--colour", self.colour), ("--aspect", self.aspect))
        return next((name for name, value in given if value is not None), None)


def add_options(parser: argparse.ArgumentParser) -> None:
    """Add the options; all of them are None when not given."""
    group = parser.add_argument_group("images of your own", "for a folder or .zip of class folders")
    group.add_argument(
        "--size",
        type=_size,
        metavar="HxW",
        help="pixels all images are brought to, as 32x32 or 32 [the usual size of the images, at most 64; "
        "64x64 where no one size is the usual]",
    )
    group.add_argument("--colour", choices=_CHANNELS, help="[grey if all are grey, else rgb]")
    group.add_argument(
        "--aspect",
        choices=ASPECTS,
        help="of wider or taller images: keep all of it with borders, crop to the middle, or stretch [keep]",
    )


def from_options(options: argparse.Namespace) -> Wishes:
    """What the options ask for."""
    return Wishes(options.size, options.colour, options.aspect)


def completed(spec: str, wishes: Wishes, taken: tuple[int, ...] | None = None) -> str:
    """The data choice with all that decides how images of one's own are read; any other as it is.

    What is not wished for is as `taken`, the shape a network takes, says, then as suits the images. Raises
    UsageError for wishes where they have no meaning, and DatasetError.
    """
    if not spec.strip():
        raise UsageError("the name of the data is empty; give a name, a file or a folder")
    base = data.base_of(spec)
    if base != spec:
        return completed(base, wishes, taken) + data.AND_MINE
    if known := importing.parse(spec):
        path, choice = known
    elif spec not in data.NAMED and importing.holds_images(Path(spec).expanduser()):
        path = Path(spec).expanduser()
        choice = importing.Choice(_shape(path, wishes, taken))
    elif _LIKE_A_CHOICE.search(spec) and not Path(spec).expanduser().exists():
        raise UsageError(
            f"{printable(spec)} is no data choice; a folder or .zip of images is followed by "
            f"::HEIGHTxWIDTHxCHANNELS,{'|'.join(ASPECTS)},PER CENT, as ::32x32x3,keep,17, sides up to "
            f"{importing.LARGEST_SIDE}"
        )
    elif wishes.first_option:
        raise UsageError(
            f"{wishes.first_option} is for a folder or .zip of class folders with images, "
            f"which {printable(spec)} is not; leave it out"
        )
    else:
        return spec
    height, width = wishes.size or choice.shape[:2]
    channels = _CHANNELS[wishes.colour] if wishes.colour else choice.shape[2]
    aspect = wishes.aspect or choice.aspect
    return replace(choice, shape=(height, width, channels), aspect=aspect).spec(path)


def _shape(path: Path, wishes: Wishes, taken: tuple[int, ...] | None) -> importing.Shape:
    """A shape for the images of a folder or zip file, that of the network where there is one."""
    if wishes.size and wishes.colour:
        return *wishes.size, _CHANNELS[wishes.colour]
    if taken and max(taken[:2]) <= importing.LARGEST_SIDE and taken[2] in _CHANNELS.values():
        height, width, channels = taken
        return height, width, channels
    with Waiting(f"looking at {printable(path.name)}") as waiting:
        return importing.propose(path, waiting.progress)


def _size(text: str) -> tuple[int, int]:
    match = _SIZE.fullmatch(text.strip().lower())
    if match is None:
        raise argparse.ArgumentTypeError(f"{text!r} is no size; give height x width, as 32x32, or 32")
    size = int(match[1]), int(match[2] or match[1])
    if not 1 <= min(size) <= max(size) <= importing.LARGEST_SIDE:
        raise argparse.ArgumentTypeError(f"{text!r} is not from 1 to {importing.LARGEST_SIDE} pixels a side")
    return size
