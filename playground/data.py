"""Which data is in use: read in the background, split into images to train on and images held out."""

from __future__ import annotations

import re
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from zlib import crc32

import numpy as np
from numpy.typing import NDArray

import cnn_core as cnn
from cnn_core import datasets
from cnn_core.datasets import download
from cnn_core.datasets.catalog import CATALOG
from cnn_core.datasets.reading import shortened
from cnn_core.datasets.resizing import fit
from cnn_core.errors import DatasetError
from playground import importing, my_drawings
from playground.importing import read_image
from playground.my_drawings import MyDrawings

HELD_OUT = 6  # one image in six is kept for validation, as 10,000 of MNIST's 60,000 customarily are
MANY = 25  # of each class among the images held out: fewer are drawn, not taken from the end
BUILT_IN = "digits"
MINE = "my-drawings"
AND_MINE = f" + {MINE}"  # ends the name of data into which the person's drawings are mixed
_AND_MINE = re.compile(rf"\s*\+\s*{MINE}$")  # as people write it
# Mixed in, drawings are repeated until there is one to ten other images: a few would not be noticed.
SHARE = 10
MOST_COPIES = 100  # ... but none more often than this
_MOST_LISTED = 3  # of the classes without images
_DRAWN = tuple(CATALOG[name].class_names for name in ("mnist", "kmnist"))
NAMED = {BUILT_IN: "Built-in digits", **{name: remote.title for name, remote in CATALOG.items()}}


@dataclass(frozen=True)
class Data:
    """What a data choice stands for: where it came from, the images to train on and those kept back.

    `problems` names the files, folders and classes that were left out or need a word, and why.
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
    if spec == MINE:
        return my_drawings.TITLE
    if holds_mine(spec):
        return f"{name_of(base_of(spec))} + my drawings"
    if spec in NAMED:
        return NAMED[spec]
    if imported := importing.parse(spec):
        return imported[0].name
    with suppress(OSError):  # a name too long
        if Path(spec).exists():
            return Path(spec).name
    return Path(spec.partition(",")[0]).name or spec  # of images and labels the images


def base_of(spec: str) -> str:
    """The data choice without the person's drawings mixed in."""
    return _AND_MINE.sub("", spec)


def holds_mine(spec: str) -> bool:
    """Whether the person's drawings are all or part of a data choice."""
    return spec == MINE or _AND_MINE.search(spec) is not None


def of_drawings(spec: str, class_names: Sequence[str]) -> bool:
    """Whether a network with these classes, trained on this data, learned from drawings: digits and other
    characters, or the person's own. Of other images nothing is known, so they are not taken for drawings."""
    drawn = any(tuple(class_names[: len(names)]) == names for names in _DRAWN)
    return spec == MINE or drawn or all(name.isdecimal() for name in class_names)


def at_hand(spec: str) -> bool:
    """Whether the data can be read without downloading anything."""
    remote = CATALOG.get(base_of(spec))
    return remote is None or download.at_hand(remote, "train")


def lasting(spec: str) -> str:
    """The data choice as it is kept: paths made absolute, so that it means the same from any folder."""
    if spec == MINE or spec in NAMED:
        return spec
    if holds_mine(spec):
        return lasting(base_of(spec)) + AND_MINE
    if imported := importing.parse(spec):
        path, choice = imported
        return choice.spec(path.expanduser().resolve())
    try:
        parts = [spec] if Path(spec).expanduser().exists() else spec.split(",")
        paths = [Path(part.strip()).expanduser() for part in parts]
        return ",".join(str(path.resolve()) for path in paths) if all(p.exists() for p in paths) else spec
    except (OSError, RuntimeError):  # a name too long, no such user: whoever reads it says so
        return spec


def read(
    spec: str,
    progress: datasets.OnProgress | None = None,
    known: Sequence[str] = (),
    base: Data | None = None,
    held_out: int | None = None,
) -> Data:
    """The data `spec` stands for, split in two. Raises DatasetError or OSError.

    `known` are the classes of the network: its numbers for them are kept where only drawings are read.
    `base` is data read before, used where it is what is wanted or what drawings are mixed into. `held_out`
    images are kept back rather than the usual share; 0 for none.
    """
    if base is not None and base.spec == spec:
        return base
    if spec == MINE:
        return alone(_my_drawings(), known, held_out)
    if holds_mine(spec):
        drawings = _my_drawings()
        return mixed(read(base_of(spec), progress, base=base, held_out=held_out), drawings)
    if imported := importing.parse(spec):
        return _imported(spec, *imported, progress, held_out)
    path = Path(spec).expanduser()
    if spec not in NAMED and importing.holds_images(path):
        choice = importing.Choice(importing.propose(path, progress))
        return _imported(spec, path, choice, progress, held_out)
    train = datasets.open(spec, "train", progress, read_image)
    if spec == BUILT_IN and held_out is None:
        return Data(spec, train, datasets.open(spec, "test", progress))
    return replace(split(spec, train, held_out), problems=_without_images(name_of(spec), train))


def whole(
    spec: str, part: str = "train", progress: datasets.OnProgress | None = None, known: Sequence[str] = ()
) -> datasets.Dataset:
    """All images of the "train" or "test" part of a data choice, none repeated. Raises as `read` does."""
    if holds_mine(spec) and part != "train":
        raise DatasetError(f"{name_of(spec)}: has no test images of its own; those held out can be taken")
    if spec == MINE:
        return _my_drawings().dataset(known)
    if holds_mine(spec):
        own = _my_drawings().dataset()
        return _joined(whole(base_of(spec), part, progress), own)
    if imported := importing.parse(spec):
        return importing.gather(*imported, progress, part).dataset
    return datasets.open(spec, part, progress, read_image)


def _imported(
    spec: str,
    path: Path,
    choice: importing.Choice,
    progress: datasets.OnProgress | None,
    held_out: int | None,
) -> Data:
    """A person's own images, made into data as they chose."""
    made = importing.gather(path, choice, progress)
    count = len(made.dataset)
    if held_out is None and count > 1:
        held_out = min(max(1, round(count * choice.held_out / 100)), count - 1)
    data = split(spec, made.dataset, held_out)
    return Data(spec, data.train, data.validation, tuple(str(problem) for problem in made.problems))


def split(spec: str, dataset: datasets.Dataset, held_out: int | None = None) -> Data:
    """A data set split in two, one image in six or `held_out` kept back. Raises DatasetError."""
    count = len(dataset)
    if held_out is None:
        if count < 2:
            raise DatasetError(f"{name_of(spec)} holds one image; it needs at least 2, to hold one back")
        held_out = max(1, count // HELD_OUT)
    if held_out >= count:
        raise DatasetError(
            f"{held_out:,} images held out leave nothing of {count:,} to train on; hold fewer out"
        )
    # Data sets people compare by hold out their last images. A file with its classes in blocks would lose
    # whole classes to that, and of small classes none or all might be held out.
    last = _stand_for_all(dataset.labels, held_out)
    return Data(spec, *dataset.split(held_out, None if last else np.random.default_rng(0)))


def _stand_for_all(labels: NDArray[np.int64], count: int) -> bool:
    """Whether the last `count` images are many of every class, and of each about its share, as if drawn."""
    of_each = np.bincount(labels)
    share = of_each * (count / len(labels))
    last = np.bincount(labels[len(labels) - count :], minlength=len(of_each))
    many = share[of_each > 0].min() >= MANY
    return bool(many and (np.abs(last - share) <= 5 * np.sqrt(share)).all())


def _without_images(name: str, dataset: datasets.Dataset) -> tuple[str, ...]:
    """A sentence where classes have no images, as a wrong label makes them: they are counted up to it.

    Nothing is said of the first class alone: some count from 1.
    """
    counts, names = dataset.class_counts, [shortened(name) for name in dataset.class_names]
    empty = [names[index] for index in np.flatnonzero(counts[1:] == 0) + 1]
    if not empty:
        return ()
    rarest = min(np.flatnonzero(counts), key=lambda index: (counts[index], -index))
    more = ", ..." if len(empty) > _MOST_LISTED else ""
    return (
        f"{name}: {len(empty):,} of its {len(names):,} classes {'has' if len(empty) == 1 else 'have'} no "
        f"images ({', '.join(empty[:_MOST_LISTED])}{more}); if this is not meant, check the label "
        f"{names[rarest]}, which {counts[rarest]:,} {'image has' if counts[rarest] == 1 else 'images have'}",
    )


def alone(drawings: MyDrawings, known: Sequence[str] = (), held_out: int | None = None) -> Data:
    """The person's drawings as data: about one in six is held out, the last one where that is none.

    Or `held_out` of them.
    """
    own = drawings.dataset(known)
    if held_out is not None:
        return split(MINE, own, held_out)
    if len(own) < 2:
        raise DatasetError("one drawing of yours is not enough to train on; keep at least 2")
    held = _held_out(own)
    if held.all() or not held.any():
        held[:-1], held[-1] = False, True
    return Data(MINE, own.subset(~held), own.subset(held))


def fitted(architecture: cnn.Architecture, dataset: cnn.Dataset) -> cnn.Architecture:
    """The architecture with the data set's image shape and, in its last Dense layer, one unit a class."""
    layers = list(architecture.layers)
    for index, layer in reversed(list(enumerate(layers))):
        if isinstance(layer, cnn.Dense):
            layers[index] = replace(layer, units=len(dataset.class_names))
            break
    return cnn.Architecture(dataset.image_shape, tuple(layers))


def mixed(base: Data, drawings: MyDrawings) -> Data:
    """`base` with the drawings among it, in its image shape, their classes added by name to its classes.

    The drawings to train on are repeated until there is one to ten others; those held out are not. None are
    held out where nothing of `base` is.
    """
    own = drawings.dataset()
    held = _held_out(own) & bool(len(base.validation))
    if held.all():
        held[0] = False
    mine = own.subset(~held)
    copies = min(max(len(base.train) // (SHARE * len(mine)), 1), MOST_COPIES)
    return Data(
        base.spec + AND_MINE,
        _joined(base.train, datasets.join([mine] * copies)),
        _joined(base.validation, own.subset(held)),
        base.problems,
    )


def by_name(dataset: datasets.Dataset, names: Sequence[str]) -> datasets.Dataset:
    """The data set with its classes numbered as they stand in `names`, which holds all of them."""
    number = np.array([names.index(name) for name in dataset.class_names])
    return datasets.Dataset(dataset.images, number[dataset.labels], tuple(names), dataset.source)


def _joined(first: datasets.Dataset, own: datasets.Dataset) -> datasets.Dataset:
    """Drawings after other images, in their shape, with the classes of both."""
    names = my_drawings.merged(first.class_names, own.class_names)
    shape = first.image_shape
    images = np.array([fit(image, shape) for image in own.images], np.uint8).reshape(-1, *shape)
    fitted = datasets.Dataset(images, own.labels, own.class_names, my_drawings.TITLE)
    joined = datasets.join([by_name(first, names), by_name(fitted, names)])
    return datasets.Dataset(joined.images, joined.labels, names, f"{first.source} + {my_drawings.TITLE}")


def _my_drawings() -> MyDrawings:
    """What the person drew; raises DatasetError where there is nothing, before other images are read."""
    drawings = my_drawings.read(my_drawings.location())
    drawings.dataset()
    return drawings


def _held_out(drawings: datasets.Dataset) -> NDArray[np.bool_]:
    """Which drawings are kept back: each decides by its pixels, whatever else is kept or removed."""
    return np.array([crc32(image.tobytes()) % HELD_OUT == 0 for image in drawings.images], np.bool_)
