"""Data sets by name and by file: what `cnn.datasets.load` and the command line's --data accept."""

import zipfile
from dataclasses import replace
from pathlib import Path

from cnn_core.datasets import digits, download, reading
from cnn_core.datasets.catalog import CATALOG, class_names_by_folder
from cnn_core.datasets.csv import from_csv
from cnn_core.datasets.dataset import Dataset
from cnn_core.datasets.folder import from_folder, holds_class_folders
from cnn_core.datasets.idx import from_idx
from cnn_core.datasets.images import SUFFIXES
from cnn_core.datasets.npz import from_npz
from cnn_core.datasets.progress import OnProgress
from cnn_core.datasets.zipped import ReadImage, from_zip
from cnn_core.errors import DatasetError

BUILT_IN = "digits"

ACCEPTED = (
    f"a name ({', '.join((BUILT_IN, *CATALOG))}), "
    "a folder with train-images-idx3-ubyte(.gz) and train-labels-idx1-ubyte(.gz), "
    "a folder or .zip of class folders with images, an IDX images file with its labels file beside it, "
    "'IMAGES,LABELS', an .npz with images and labels, a .csv with a label and pixels a line"
)
"""What open() takes, for help texts and error messages."""

_PREFIXES = {"train": ("train",), "test": ("t10k", "test")}
_ENDINGS = ("", ".gz")
_CSV_ENDINGS = (".csv", ".csv.gz", ".tsv", ".txt")


def load(name: str, split: str = "train", progress: OnProgress | None = None) -> Dataset:
    """The data set of that name: "digits" is built in, "mnist", "fashion-mnist" and "kmnist" download once.

    `split` is "train" or "test". Raises DatasetError, Cancelled when `progress` answers False.
    """
    _check_split(split)
    if name == BUILT_IN:
        return digits.load(split, progress)
    if name not in CATALOG:
        raise DatasetError(
            f"there is no data set or file '{reading.shortened(name)}'; accepted are {ACCEPTED}"
        )
    remote = CATALOG[name]
    images, labels = download.fetch(remote, split, progress)
    return from_idx(images, labels, remote.class_names, f"{remote.title} ({split})")


def open(  # noqa: A001
    spec: str | Path,
    split: str = "train",
    progress: OnProgress | None = None,
    read_image: ReadImage | None = None,
) -> Dataset:
    """The data set `spec` stands for: see ACCEPTED; a name goes before a file of that name (write ./name).

    What is not split is all "train". `read_image` reads image files: (H, W, C) uint8 from a path, or from the
    bytes of a zip's member. Raises DatasetError with one sentence, Cancelled when `progress` answers False.
    """
    _check_split(split)
    text = str(spec)
    if text == BUILT_IN or text in CATALOG:
        return load(text, split, progress)
    try:
        return _from_path(text, split, progress, read_image)
    except OSError as error:  # no rights, a name too long, a drive that is gone
        raise DatasetError(f"{reading.shown(text)}: cannot be read ({error.strerror or error})") from None


def _from_path(text: str, split: str, progress: OnProgress | None, read_image: ReadImage | None) -> Dataset:
    if not text:  # which as a path would be this folder
        return load(text, split, progress)
    path = Path(text).expanduser()
    if path.is_dir():
        return _from_folder(path, split, progress, read_image)
    if not path.exists():
        images, comma, labels = text.partition(",")
        if comma:
            return from_idx(Path(images.strip()).expanduser(), Path(labels.strip()).expanduser())
        return load(text, split, progress)
    return _from_file(path, split, progress, read_image)


def _check_split(split: str) -> None:
    if split not in _PREFIXES:
        raise DatasetError(f"there is no split {split!r}; use 'train' or 'test'")


def _from_folder(
    path: Path, split: str, progress: OnProgress | None, read_image: ReadImage | None
) -> Dataset:
    for prefix in _PREFIXES[split]:
        for ending in _ENDINGS:
            for dot in "-.":  # as they are called at the source, and as some archives unpack them
                images = path / f"{prefix}-images{dot}idx3-ubyte{ending}"
                if images.is_file():
                    found = from_idx(*_pair(images), source=f"{reading.shown(path)} ({split})")
                    return _named(found, path)
    if not holds_class_folders(path):
        if any(child.suffix.lower() in SUFFIXES for child in path.iterdir()):
            raise DatasetError(
                f"{reading.shown(path)}: its images lie in no class folders; put those of each class into a "
                "folder with its name"
            )
        if not any(path.iterdir()):
            raise DatasetError(
                f"{reading.shown(path)}: is empty; take a folder with a folder of images for each class"
            )
        raise DatasetError(f"{reading.shown(path)}: holds no {split} data; accepted are {ACCEPTED}")
    return from_folder(path, _reader(path, read_image), split=split, progress=progress)


def _from_file(path: Path, split: str, progress: OnProgress | None, read_image: ReadImage | None) -> Dataset:
    """By content where it says what it is, by name for CSV, which is any text."""
    reading.file_size(path)
    if path.suffix.lower() == ".npz":
        return from_npz(path, split)
    if zipfile.is_zipfile(path) or path.suffix.lower() == ".zip":
        return from_zip(path, _reader(path, read_image), split=split, progress=progress)
    if split != "train" and not path.name.startswith(_PREFIXES[split]):
        raise DatasetError(f"{reading.shown(path)}: is not split; only split='train' is there")
    if path.name.lower().endswith(_CSV_ENDINGS):
        return from_csv(path, progress=progress)
    return _named(from_idx(*_pair(path)), path.parent)


def _named(dataset: Dataset, folder: Path) -> Dataset:
    """The data set with the class names of the well-known one that the folder is named after, if they fit."""
    names = class_names_by_folder(folder) or ()
    return replace(dataset, class_names=names) if len(names) == len(dataset.class_names) else dataset


def _reader(path: Path, read_image: ReadImage | None) -> ReadImage:
    if read_image is None:
        raise DatasetError(f"{reading.shown(path)}: holds image files; give read_image to read them")
    return read_image


def _pair(path: Path) -> tuple[Path, Path]:
    """The images file and the labels file by the usual naming, gzipped or not, given one of them."""
    if "labels" in path.name:
        return _beside(path, "labels", "images", "idx1", "idx3"), path
    return path, _beside(path, "images", "labels", "idx3", "idx1")


def _beside(path: Path, what: str, wanted: str, code: str, wanted_code: str) -> Path:
    name = path.name.removesuffix(".gz")
    other = name.replace(what, wanted).replace(code, wanted_code)
    for ending in _ENDINGS:
        candidate = path.with_name(other + ending)
        if candidate.is_file() and other != name:
            return candidate
    raise DatasetError(
        f"{reading.shown(path)}: no labels file is beside it; accepted are {ACCEPTED}"
        if other == name
        else f"{reading.shown(path)}: its {wanted} file {other} is not beside it; give 'IMAGES,LABELS'"
    )
