"""A zip file of class folders with images, read member by member in memory: nothing is written to disk."""

import re
import stat
import zipfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path, PurePosixPath

from cnn_core.datasets import reading
from cnn_core.datasets.archive import open_archive, problem_with, read_member
from cnn_core.datasets.dataset import Dataset, Images
from cnn_core.datasets.folder import MAX_FILES, class_of, is_system, not_read, split_of
from cnn_core.datasets.images import SUFFIXES, Found, ImageFile, Import, Problem, collect
from cnn_core.datasets.labels import MAX_WORD, natural
from cnn_core.datasets.progress import OnProgress
from cnn_core.datasets.resizing import Aspect
from cnn_core.errors import DatasetError

ReadImage = Callable[[Path | bytes], Images]
"""Reads an image as (H, W, C) uint8 from a file or its bytes; raises OSError or ValueError when it cannot."""

_DATA_FILE = re.compile(r"-ubyte(\.gz)?$|\.(csv|tsv|npz)(\.gz)?$")

MAX_MEMBER = 256 * 1024**2
"""Most bytes of one image file: an uncompressed picture of 85 megapixels in colour."""


def from_zip(
    path: Path | str,
    read_image: ReadImage,
    image_shape: tuple[int, int, int] | None = None,
    aspect: Aspect = "keep",
    split: str = "train",
    progress: OnProgress | None = None,
) -> Dataset:
    """The images in the class folders of a zip file; unusable members are left out. See import_zip."""
    return import_zip(path, read_image, image_shape, aspect, split, progress).dataset


def import_zip(
    path: Path | str,
    read_image: ReadImage,
    image_shape: tuple[int, int, int] | None = None,
    aspect: Aspect = "keep",
    split: str = "train",
    progress: OnProgress | None = None,
) -> Import:
    """The images in a zip file as CLASS/IMAGE, the same below one outer folder, or below train and test.

    As import_folder; names that lead outside, links, bombs and encrypted members become problems.
    """
    with find_zip(path, read_image, split) as found:
        return collect(found, image_shape, aspect, progress)


@contextmanager
def find_zip(path: Path | str, read_image: ReadImage, split: str = "train") -> Iterator[Found]:
    """What the zip file holds, without reading any image; the images can be read inside the `with` block."""
    path = Path(path)
    with open_archive(path) as archive:
        yield _find(archive, reading.shown(path), read_image, split)


def _find(archive: zipfile.ZipFile, name: str, read_image: ReadImage, split: str) -> Found:
    problems: list[Problem] = []
    members: dict[tuple[str, ...], zipfile.ZipInfo] = {}
    for member in archive.infolist():
        parts = _parts(member.filename)
        if member.is_dir() or any(is_system(part) for part in parts if part != ".."):
            continue
        if reason := _reason_against(member, parts) or (
            parts in members and "occurs twice; the first is taken"
        ):
            problems.append(Problem(reading.shortened(member.filename), reason))
        else:
            members[parts] = member
    if len(members) > MAX_FILES:
        raise DatasetError(f"{name}: holds more than {MAX_FILES:,} images; use a part of it")
    top = _top(members, name, split)
    if top and split_of(top[-1]) == split == "train":
        beside = {parts[len(top) - 1] for parts in members if parts[: len(top) - 1] == top[:-1]} - {top[-1]}
        problems.extend(not_read(folder, top[-1]) for folder in sorted(beside, key=natural))
    files = []
    folders: dict[str, str] = {}  # as they are called -> the class
    known: dict[str, str] = {}
    for parts, member in members.items():
        inner = parts[len(top) :]
        if parts[: len(top)] != top:
            continue
        shown = "/".join(reading.shortened(part) for part in inner)
        if len(inner) != 2:
            problems.append(Problem(shown, "lies outside the class folders"))
            continue
        if inner[0] not in folders:
            folders[inner[0]] = class_of(inner[0], known, problems)
        files.append(ImageFile(folders[inner[0]], shown, partial(_read, archive, member, read_image)))
    packed = (problem.name for problem in problems if _DATA_FILE.search(problem.name.lower()))
    if not files and (file := next(packed, None)):
        raise DatasetError(f"{name}: holds {file} and no class folders with images; unpack it and open that")
    return Found(name, tuple(files), tuple(problems))


def _parts(filename: str) -> tuple[str, ...]:
    """The folders and the name; Windows programs of old write backslashes."""
    return tuple(part for part in filename.replace("\\", "/").split("/") if part not in ("", "."))


def _reason_against(member: zipfile.ZipInfo, parts: tuple[str, ...]) -> str | None:
    if member.filename.startswith(("/", "\\")) or ".." in parts or (parts and ":" in parts[0]):
        return "leads outside the zip file"
    mode = member.external_attr >> 16
    if stat.S_IFMT(mode) not in (0, stat.S_IFREG):
        return "is a link or a device"
    if max(map(len, parts), default=0) > MAX_WORD:
        return f"has a name of more than {MAX_WORD} characters"
    if not parts or PurePosixPath(parts[-1]).suffix.lower() not in SUFFIXES:
        return f"is not named as an image ({' '.join(SUFFIXES)})"
    return problem_with(member, MAX_MEMBER)


def _top(members: dict[tuple[str, ...], zipfile.ZipInfo], name: str, split: str) -> tuple[str, ...]:
    """The folders above the class folders: none, outer folders, and the split's where there is one."""
    top: tuple[str, ...] = ()
    while True:
        below = [parts[len(top) :] for parts in members if parts[: len(top)] == top]
        deep = {parts[0] for parts in below if len(parts) >= 3}
        if named := sorted(folder for folder in deep if split_of(folder) == split):
            return (*top, named[0])
        few = 2 * sum(len(parts) >= 3 for parts in below) <= len(below)
        if len(deep) != 1 or any(map(split_of, deep)) or few:
            break
        top = (*top, *deep)
    if split != "train":
        raise DatasetError(f"{name}: holds no folder {split!r}; only split='train' is there")
    return top


def _read(archive: zipfile.ZipFile, member: zipfile.ZipInfo, read_image: ReadImage) -> Images:
    return read_image(read_member(archive, member, MAX_MEMBER))
