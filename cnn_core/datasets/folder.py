"""A folder of class folders with images: cats/1.png, cats/2.jpg, dogs/1.png ..."""

import unicodedata
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

from cnn_core.datasets import reading
from cnn_core.datasets.dataset import Dataset, Images
from cnn_core.datasets.images import SUFFIXES, Found, ImageFile, Import, Problem, collect
from cnn_core.datasets.labels import natural
from cnn_core.datasets.progress import OnProgress, report
from cnn_core.datasets.resizing import Aspect
from cnn_core.errors import DatasetError

ReadFile = Callable[[Path], Images]
"""Reads an image file as (H, W, C) uint8; raises OSError or ValueError with a sentence when it cannot."""

MAX_FILES = 1_000_000
"""Most files listed: their names alone take some hundred megabytes beyond this."""

_SPLITS = {"train": ("train", "training"), "test": ("test", "testing")}
"""The folders above the class folders of a set that is split, in large or small letters."""

_SYSTEM_NAMES = ("thumbs.db", "desktop.ini", "__macosx")


def from_folder(
    path: Path | str,
    read_image: ReadFile,
    image_shape: tuple[int, int, int] | None = None,
    aspect: Aspect = "keep",
    split: str = "train",
    progress: OnProgress | None = None,
) -> Dataset:
    """The images in the class folders of `path`, in a fixed mixed order; unusable files are left out.

    See import_folder, which also says what was left out.
    """
    return import_folder(path, read_image, image_shape, aspect, split, progress).dataset


def import_folder(
    path: Path | str,
    read_image: ReadFile,
    image_shape: tuple[int, int, int] | None = None,
    aspect: Aspect = "keep",
    split: str = "train",
    progress: OnProgress | None = None,
) -> Import:
    """The images in the class folders of `path`, scaled to `image_shape` (H, W, 1 or 3) or a proposed one.

    `path` may hold train and test folders, `split` then chooses; all may lie in one outer folder. Raises
    DatasetError when nothing is left, Cancelled when `progress` answers False.
    """
    return collect(find_folder(path, read_image, split, progress), image_shape, aspect, progress)


def find_folder(
    path: Path | str, read_image: ReadFile, split: str = "train", progress: OnProgress | None = None
) -> Found:
    """What `path` holds, without reading any image; raises DatasetError when it is no folder."""
    path = Path(path)
    name = reading.shown(path)
    if not path.is_dir():
        raise DatasetError(f"{name}: a folder of class folders was expected")
    try:
        return _find(path, name, read_image, split, progress)
    except OSError as error:
        raise DatasetError(f"{name}: cannot be listed ({error.strerror or error})") from None


def _find(path: Path, name: str, read_image: ReadFile, split: str, progress: OnProgress | None) -> Found:
    root = _split_folder(path, split)
    files: list[ImageFile] = []
    problems: list[Problem] = []
    if root != path and split_of(root.name) == split == "train":
        beside = (folder.name for folder in _folders_in(root.parent) if folder != root)
        problems.extend(not_read(folder, root.name) for folder in sorted(beside, key=natural))
    class_names: dict[str, str] = {}
    for folder in _listed(root, root, problems):
        report(progress, len(files), None)
        if not folder.is_dir():
            problems.append(Problem(reading.shown(folder), "lies outside the class folders"))
            continue
        class_name = class_of(folder.name, class_names, problems)
        images = list(_images_in(folder, root, problems))
        if not images:
            problems.append(Problem(reading.shown(folder), "holds no images; the class is left out"))
        files.extend(
            ImageFile(class_name, _inner_name(image), partial(_read, image, read_image)) for image in images
        )
        if len(files) > MAX_FILES:
            raise DatasetError(f"{name}: holds more than {MAX_FILES:,} images; use a part of it")
    return Found(name, tuple(files), tuple(problems))


def holds_class_folders(path: Path) -> bool:
    """Whether a folder has folders in it at all."""
    return bool(_folders_in(path))


def _folders_in(path: Path) -> list[Path]:
    return [child for child in path.iterdir() if child.is_dir() and not is_system(child.name)]


def _split_folder(path: Path, split: str) -> Path:
    """The folder of that split where there is one, also below one outer folder, as unpacked zips have it.

    A set that is not split is all training.
    """
    folders = _folders_in(path)
    for folder in folders:
        if split_of(folder.name) == split and holds_class_folders(folder):
            return folder
    if _is_outer(folders):
        return _split_folder(folders[0], split)
    if split != "train":
        raise DatasetError(f"{reading.shown(path)}: holds no folder {split!r}; only split='train' is there")
    return path


def _is_outer(folders: list[Path]) -> bool:
    """Whether these are one folder that holds folders and no images; a link would lead anywhere."""
    return (
        len(folders) == 1
        and split_of(folders[0].name) is None
        and not folders[0].is_symlink()
        and holds_class_folders(folders[0])
        and not any(child.suffix.lower() in SUFFIXES for child in folders[0].iterdir())
    )


def _listed(folder: Path, root: Path, problems: list[Problem]) -> Iterator[Path]:
    """The folder's children in natural order without hidden ones and links that lead out of `root`."""
    inside = root.resolve()
    try:
        children = sorted(folder.iterdir(), key=lambda child: natural(child.name))
    except OSError as error:
        problems.append(Problem(reading.shown(folder), f"cannot be listed ({error.strerror or error})"))
        return
    for child in children:
        if is_system(child.name):
            continue
        if child.is_symlink() and not _leads_into(child, inside):
            problems.append(Problem(_inner_name(child), "is a link that leads nowhere or outside the folder"))
            continue
        yield child


def _leads_into(link: Path, inside: Path) -> bool:
    try:
        return link.resolve(strict=True).is_relative_to(inside)
    except (OSError, RuntimeError):  # nowhere, or round in a circle
        return False


def _images_in(folder: Path, root: Path, problems: list[Problem]) -> Iterator[Path]:
    for child in _listed(folder, root, problems):
        if child.is_dir():
            problems.append(Problem(_inner_name(child), "is a folder within a class folder, not read"))
        elif child.suffix.lower() not in SUFFIXES:
            problems.append(Problem(_inner_name(child), f"is not named as an image ({' '.join(SUFFIXES)})"))
        elif not child.is_file():
            problems.append(Problem(_inner_name(child), "is not a file"))
        else:
            yield child


def class_of(folder_name: str, known: dict[str, str], problems: list[Problem]) -> str:
    """The folder's name as a class; two spellings of the same characters are one class, and that is said.

    Names that differ in large and small letters alone are two classes; that is said unless they are letters.
    """
    shown = reading.printable(folder_name)
    name = unicodedata.normalize("NFC", shown)
    if name not in known and len(known) == reading.MAX_CLASSES:
        raise DatasetError(f"there are more than {reading.MAX_CLASSES:,} class folders; use a part of them")
    alike = next((other for other in known if other != name and other.casefold() == name.casefold()), None)
    if known.setdefault(name, folder_name) != folder_name:
        problems.append(Problem(shown, "has the same name as another folder; both are one class"))
    elif alike and len(name) > 1:
        problems.append(Problem(shown, f"is another class than {alike}, by large and small letters alone"))
    return name


def _read(image: Path, read_image: ReadFile) -> Images:
    """The pixels; an error does not name the file once more."""
    try:
        return read_image(image)
    except (OSError, ValueError) as error:
        raise DatasetError(str(error).removeprefix(f"{image.name}: ")) from None


def _inner_name(path: Path) -> str:
    return f"{reading.shown(path.parent)}/{reading.shown(path)}"


def split_of(folder_name: str) -> str | None:
    """Which part of a set that is split a folder is named after; None where it is not."""
    return next((split for split, names in _SPLITS.items() if folder_name.lower() in names), None)


def not_read(folder_name: str, beside: str) -> Problem:
    """The word on a folder beside the one that images to train on are taken from."""
    return Problem(reading.printable(folder_name), f"lies beside {reading.printable(beside)} and is not read")


def is_system(name: str) -> bool:
    """Whether a name is hidden or one that file managers leave behind: passed over without a word."""
    return name.startswith(".") or name.lower() in _SYSTEM_NAMES
