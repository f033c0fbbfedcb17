"""Data sets by name and by file: what `cnn.datasets.load` and the command line's --data accept."""

from pathlib import Path

from cnn_core.datasets import reading
from cnn_core.datasets.dataset import Dataset
from cnn_core.datasets.idx import from_idx
from cnn_core.datasets.progress import Progress
from cnn_core.errors import DatasetError

ACCEPTED = (
    "a name (digits), an IDX images file with its labels file beside it, 'IMAGES,LABELS', "
    "or a folder with train-images-idx3-ubyte(.gz) and train-labels-idx1-ubyte(.gz)"
)
_PREFIXES = {"train": ("train",), "test": ("t10k", "test")}
_ENDINGS = ("", ".gz")


def load(name: str, split: str = "train", progress: Progress | None = None) -> Dataset:
    """The data set of that name; split is "train" or "test". Raises DatasetError for any other name."""
    _check_split(split)
    if name != "digits":
        raise DatasetError(f"there is no data set {name!r}; accepted are {ACCEPTED}")
    from cnn_core.datasets import digits

    return digits.load(split)


def open(spec: str | Path, split: str = "train", progress: Progress | None = None) -> Dataset:  # noqa: A001
    """The data set `spec` stands for: see ACCEPTED. Raises DatasetError with one sentence otherwise."""
    _check_split(split)
    text = str(spec)
    path = Path(text).expanduser()
    if not path.exists():
        return _without_file(text, split, progress)
    if path.is_dir():
        return _from_idx_folder(path, split)
    return from_idx(path, _labels_beside(path))


def _check_split(split: str) -> None:
    if split not in _PREFIXES:
        raise DatasetError(f"there is no split {split!r}; use 'train' or 'test'")


def _without_file(text: str, split: str, progress: Progress | None) -> Dataset:
    if "," in text:
        images, _, labels = text.partition(",")
        return from_idx(Path(images.strip()).expanduser(), Path(labels.strip()).expanduser())
    return load(text, split, progress)


def _from_idx_folder(folder: Path, split: str) -> Dataset:
    for prefix in _PREFIXES[split]:
        for ending in _ENDINGS:
            images = folder / f"{prefix}-images-idx3-ubyte{ending}"
            if images.is_file():
                return from_idx(images, _labels_beside(images), source=f"{reading.shown(folder)} ({split})")
    raise DatasetError(f"{reading.shown(folder)}: holds no {split} images; accepted are {ACCEPTED}")


def _labels_beside(images: Path) -> Path:
    """The labels file that belongs to an images file by the usual naming, gzipped or not."""
    name = images.name.removesuffix(".gz").replace("images", "labels").replace("idx3", "idx1")
    for ending in _ENDINGS:
        candidate = images.with_name(name + ending)
        if candidate.is_file() and candidate != images:
            return candidate
    raise DatasetError(
        f"{reading.shown(images)}: there is no labels file {name} beside it; give 'IMAGES,LABELS'"
    )
