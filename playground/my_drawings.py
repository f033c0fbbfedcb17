"""My drawings: what a person drew and named, kept in one file of the user's own; as data and as files."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import platformdirs
from numpy.typing import NDArray

from cnn_core import datasets
from cnn_core.datasets.labels import natural
from cnn_core.errors import DatasetError

SHAPE = (28, 28, 1)  # of every drawing kept: what normalisation makes of ink, whatever network is open
TITLE = "My drawings"
LONGEST_NAME = 40  # characters of a class name
MOST_CLASSES = 200
_FORBIDDEN = '<>:"/\\|?*'  # not possible in file names on one system or another
_RESERVED = {"con", "prn", "aux", "nul", *(f"{name}{i}" for name in ("com", "lpt") for i in range(10))}

Image = NDArray[np.uint8]


@dataclass(frozen=True, eq=False)
class MyDrawings:
    """Images (N, 28, 28, 1) uint8 in the order they were kept, and the class name of each."""

    images: Image
    names: tuple[str, ...]

    def __len__(self) -> int:
        return len(self.names)

    @property
    def class_names(self) -> tuple[str, ...]:
        """Every class there is a drawing of, in natural order."""
        return tuple(sorted(set(self.names), key=natural))

    def with_drawing(self, image: Image, name: str, position: int | None = None) -> MyDrawings:
        """The collection with one more, last or at a position. Raises DatasetError for one class too many."""
        if name not in self.names and len(self.class_names) >= MOST_CLASSES:
            raise DatasetError(
                f"{TITLE} holds {MOST_CLASSES} classes already, which is the most there can be"
            )
        place = len(self) if position is None else min(position, len(self))
        images = np.insert(self.images, place, image, axis=0)
        return MyDrawings(images, (*self.names[:place], name, *self.names[place:]))

    def without(self, image: Image, name: str) -> MyDrawings:
        """The collection without the newest drawing that is equal to this one; itself where there is none."""
        for index in reversed(range(len(self))):
            if self.names[index] == name and np.array_equal(self.images[index], image):
                names = self.names[:index] + self.names[index + 1 :]
                return MyDrawings(np.delete(self.images, index, axis=0), names)
        return self

    def class_of(self, image: Image) -> str | None:
        """The class the newest drawing equal to this one is kept as; None where there is none."""
        equal = np.flatnonzero((self.images == image).all(axis=(1, 2, 3)))
        return self.names[equal[-1]] if len(equal) else None

    def dataset(self, known: Sequence[str] = ()) -> datasets.Dataset:
        """All drawings as a data set. Where they share a class with `known`, those names come first.

        So the sevens of a network of digits stay class 7, although no other digit was drawn; and a network
        for something else gets the classes that were drawn and no others. Raises DatasetError when empty.
        """
        if not len(self):
            raise DatasetError("there are no drawings of yours yet; draw, then keep it with its name")
        own = self.class_names
        names = merged(known, own) if set(known) & set(own) else own
        number = {name: index for index, name in enumerate(names)}
        labels = np.array([number[name] for name in self.names], np.int64)
        return datasets.Dataset(self.images, labels, names, TITLE)


@dataclass(frozen=True, eq=False)
class Edit:
    """One drawing put into the collection, last or at a position, or taken out."""

    image: NDArray[np.uint8]
    name: str
    add: bool = True
    position: int | None = None

    def taken(self, drawings: MyDrawings) -> MyDrawings:
        """The collection after this step. Raises DatasetError for one class too many."""
        if self.add:
            return drawings.with_drawing(self.image, self.name, self.position)
        return drawings.without(self.image, self.name)

    def back(self) -> Edit:
        """The step that undoes this one."""
        return replace(self, add=not self.add)


EMPTY = MyDrawings(np.zeros((0, *SHAPE), np.uint8), ())


def merged(first: Sequence[str], second: Sequence[str]) -> tuple[str, ...]:
    """The class names of two data sets, each once, those of the first in front."""
    return tuple(dict.fromkeys((*first, *second)))


def clean_name(text: str) -> str:
    """A class name as it is kept: one line, normalised. Raises DatasetError when empty or too long."""
    name = " ".join(unicodedata.normalize("NFC", text).split())
    name = "".join(character for character in name if character.isprintable())
    if not name:
        raise DatasetError("a class needs a name")
    if len(name) > LONGEST_NAME:
        raise DatasetError(f"a class name can have {LONGEST_NAME} characters, this one has {len(name)}")
    return name


def location() -> Path:
    """Where the collection is kept for this user."""
    return platformdirs.user_data_path("cnn-playground", appauthor=False) / "my-drawings.npz"


def read(path: Path) -> MyDrawings:
    """The collection in `path`; empty where there is no file. Raises DatasetError when it is damaged."""
    if not path.exists():
        return EMPTY
    found = datasets.from_npz(path)
    if found.image_shape != SHAPE:
        raise DatasetError(f"{path.name}: its images are not 28 x 28 in grey")
    return MyDrawings(found.images, tuple(found.class_names[label] for label in found.labels))


def write(path: Path, drawings: MyDrawings) -> None:
    """Write all of the collection or, when that fails, nothing. Raises DatasetError or OSError."""
    if not len(drawings):  # a data file cannot be empty
        path.unlink(missing_ok=True)
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    datasets.to_npz(drawings.dataset(), path)


def set_aside(path: Path) -> Path:
    """Rename a damaged file so that a new one can begin; returns its new name. Raises OSError."""
    number = 1
    while (aside := path.with_name(f"{path.stem}-damaged-{number}{path.suffix}")).exists():
        number += 1
    return path.rename(aside)


def export_folder(drawings: MyDrawings, parent: Path) -> Path:
    """Write a new folder of class folders with .png files into `parent` and return it. Raises OSError."""
    from playground.qt_images import to_picture  # Qt is needed for that alone

    target, number = parent / "my-drawings", 2
    while target.exists():
        target, number = parent / f"my-drawings-{number}", number + 1
    folders = _folder_names(drawings.class_names)
    for index, (image, name) in enumerate(zip(drawings.images, drawings.names, strict=True), start=1):
        folder = target / folders[name]
        folder.mkdir(parents=True, exist_ok=True)
        if not to_picture(image).save(str(folder / f"{index}.png")):
            raise OSError(f"{folder.name}/{index}.png could not be written")
    return target


def _folder_names(class_names: Sequence[str]) -> dict[str, str]:
    """A folder name for each class that every system accepts, no two alike where case does not count."""
    folders: dict[str, str] = {}
    taken: set[str] = set()
    for name in class_names:
        safe = "".join("_" if character in _FORBIDDEN else character for character in name)
        safe = safe.rstrip(". ") or "_"
        if safe.partition(".")[0].lower() in _RESERVED or safe.startswith("."):
            safe = f"_{safe}"
        folder, number = safe, 2
        while folder.casefold() in taken:
            folder, number = f"{safe} {number}", number + 1
        taken.add(folder.casefold())
        folders[name] = folder
    return folders
