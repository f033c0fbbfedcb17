"""Which data is in use: read in the background, split into images to train on and images held out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from cnn_core import datasets
from cnn_core.datasets.catalog import CATALOG
from cnn_core.datasets.resizing import fit
from cnn_core.errors import DatasetError
from playground import importing, my_drawings
from playground.images import read_image
from playground.my_drawings import MyDrawings

HELD_OUT = 6  # one image in six is kept for validation, as 10,000 of MNIST's 60,000 customarily are
BUILT_IN = "digits"
MINE = "my-drawings"
AND_MINE = f" + {MINE}"  # ends the name of data into which the person's drawings are mixed
SHARE = (
    10  # mixed in, drawings are repeated until one image in ten is one of them: a few would not be noticed,
)
MOST_COPIES = 100  # ... but none more often than this
NAMED = {BUILT_IN: "Built-in digits", **{name: remote.title for name, remote in CATALOG.items()}}


@dataclass(frozen=True)
class Data:
    """What a data choice stands for: where it came from, the images to train on and those kept back.

    `problems` names the files that were left out, and why.
    """

    spec: str
    train: datasets.Dataset
    validation: datasets.Dataset
    problems: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        """A short name for people."""
        return name_of(self.spec)


def name_of(spec: str) -> str:
    """What people call a data choice: its title, or the folder's or file's name."""
    if spec.endswith(AND_MINE):
        return f"{name_of(base_of(spec))} + my drawings"
    if spec == MINE:
        return my_drawings.TITLE
    if spec in NAMED:
        return NAMED[spec]
    if imported := importing.parse(spec):
        return imported[0].name
    return Path(spec.partition(",")[0]).name or spec


def base_of(spec: str) -> str:
    """The data choice without the person's drawings mixed in."""
    return spec.removesuffix(AND_MINE)


def holds_mine(spec: str) -> bool:
    """Whether the person's drawings are all or part of a data choice."""
    return spec == MINE or spec.endswith(AND_MINE)


def read(
    spec: str,
    progress: datasets.Progress | None = None,
    known: Sequence[str] = (),
    base: Data | None = None,
) -> Data:
    """The data `spec` stands for, split in two. Raises DatasetError or OSError.

    `known` are the classes of the network: its numbers for them are kept where only drawings are read.
    `base` is data read before, used where it is what is wanted or what drawings are mixed into.
    """
    if base is not None and base.spec == spec:
        return base
    if spec == MINE:
        return alone(my_drawings.read(my_drawings.location()), known)
    if spec.endswith(AND_MINE):
        drawings = my_drawings.read(my_drawings.location())
        return mixed(read(base_of(spec), progress, base=base), drawings)
    if imported := importing.parse(spec):
        return _imported(spec, *imported, progress)
    train = datasets.open(spec, "train", progress, read_image)
    if spec == BUILT_IN:
        return Data(spec, train, datasets.open(spec, "test", progress))
    return split(spec, train)


def _imported(spec: str, path: Path, choice: importing.Choice, progress: datasets.Progress | None) -> Data:
    """A person's own images, made into data as they chose."""
    made = importing.gather(path, choice, progress)
    data = split(spec, made.dataset, round(len(made.dataset) * choice.held_out / 100))
    return replace(data, problems=tuple(str(problem) for problem in made.problems))


def split(spec: str, whole: datasets.Dataset, held_out: int | None = None) -> Data:
    """A data set split in two, one image in six or `held_out` kept back. Raises DatasetError."""
    if len(whole) < 2:
        raise DatasetError(f"{name_of(spec)} holds {len(whole)} images; training needs at least 2")
    count = len(whole) // HELD_OUT if held_out is None else held_out
    # A file sorted by class must not lose its last classes to the images held out.
    in_order = bool(np.all(np.diff(whole.labels) >= 0))
    generator = np.random.default_rng(0) if in_order else None
    return Data(spec, *whole.split(min(max(1, count), len(whole) - 1), generator))


def alone(drawings: MyDrawings, known: Sequence[str] = ()) -> Data:
    """The person's drawings as data: every sixth is held out, the last one while there are fewer."""
    whole = drawings.dataset(known)
    if len(whole) < 2:
        raise DatasetError("one drawing of yours is not enough to train on; keep at least 2")
    held = _held_out(len(whole))
    if not held.any():
        held[-1] = True
    return Data(MINE, whole.subset(~held), whole.subset(held))


def mixed(base: Data, drawings: MyDrawings) -> Data:
    """`base` with the drawings among it, in its image shape, their classes added by name to its classes.

    The drawings to train on are repeated until they are one image in ten; those held out are not.
    """
    own = drawings.dataset()
    shape = base.train.image_shape
    names = my_drawings.merged(base.train.class_names, own.class_names)
    number = np.array([names.index(name) for name in own.class_names])
    images = np.stack([fit(image, shape) for image in own.images])
    own = datasets.Dataset(images, number[own.labels], names, own.source)
    held = _held_out(len(own))
    mine = own.subset(~held)
    copies = min(max(len(base.train) // (SHARE * len(mine)), 1), MOST_COPIES)
    train = datasets.join([_renamed(base.train, names), *[mine] * copies])
    title = f"{base.train.source} + {own.source}"
    train = datasets.Dataset(train.images, train.labels, names, title)
    return Data(
        base.spec + AND_MINE, train, datasets.join([own.subset(held), _renamed(base.validation, names)])
    )


def _held_out(count: int) -> NDArray[np.bool_]:
    """Which drawings are kept back: the same ones however many follow."""
    held: NDArray[np.bool_] = np.arange(count) % HELD_OUT == HELD_OUT - 1
    return held


def _renamed(dataset: datasets.Dataset, names: tuple[str, ...]) -> datasets.Dataset:
    """The data set with further classes after its own."""
    return datasets.Dataset(dataset.images, dataset.labels, names, dataset.source)
