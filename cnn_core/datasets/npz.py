"""NumPy's .npz: read without pickle, claims checked before memory is taken; written whole or not at all."""

import zipfile
from math import isqrt, prod
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cnn_core.datasets import labels as label_words
from cnn_core.datasets import reading
from cnn_core.datasets.archive import open_archive, problem_with
from cnn_core.datasets.dataset import Dataset, Images, Labels
from cnn_core.errors import DatasetError
from cnn_core.writing import write_whole

_Pairs = tuple[tuple[str, str], ...]
_OF_SPLIT: dict[str, _Pairs] = {  # in large or small letters
    split: (
        (f"x_{split}", f"y_{split}"),
        (f"{split}_images", f"{split}_labels"),
        (f"{split}_x", f"{split}_y"),
    )
    for split in ("train", "test")
}
_OF_ANY: _Pairs = (
    ("images", "labels"),
    ("x", "y"),
    ("image", "label"),
    ("data", "labels"),
    ("data", "target"),
)
_CLASS_NAMES = "class_names"
_WORDS = "US"  # types of text and of bytes
_HEADER_ROOM = 12_000
"""Bytes of an .npy header at most: NumPy itself stops at 10,000."""

_MAX_LABEL_BYTES = 256 * 1024**2
"""Most bytes of labels: a million words of 64 characters; sorting them takes a few times that."""

_CHANNELS = (1, 3, 4)
_VALUES_AT_ONCE = 1 << 22
"""Pixels converted at once, so that float images need little memory beside their own."""


def from_npz(path: Path | str, split: str = "train", source: str = "") -> Dataset:
    """The data set in an .npz file: arrays images and labels, x and y, or x_train, y_train, x_test, y_test.

    Images (N, H, W), (N, H, W, C), (N, C, H, W) or (N, side * side); numbers in 0..255, or 0..1 where none is
    larger.
    Labels are whole numbers or words; an array class_names may name the classes. `split` chooses among
    x_train and x_test. Raises DatasetError; pickled arrays are never loaded.
    """
    path = Path(path)
    name = reading.shown(path)
    with open_archive(path) as archive:
        members = {member.filename.removesuffix(".npy"): member for member in archive.infolist()}
        images_name, labels_name = _choose(members, split, name)
        found = _read(archive, members[labels_name], name, _MAX_LABEL_BYTES)
        labels, names = _labels(found, f"{name}: {labels_name}")
        if _CLASS_NAMES in members:
            found = _read(archive, members[_CLASS_NAMES], name, _MAX_LABEL_BYTES)
            names = _class_names(found, len(names), name)
        found = _read(archive, members[images_name], name, reading.MAX_BYTES)
        images = _images(found, f"{name}: {images_name}")
    if len(images) != len(labels):
        raise DatasetError(
            f"{name}: holds {len(images):,} images but {len(labels):,} labels; each image needs one"
        )
    return Dataset(images, labels, names, source or name)


def to_npz(dataset: Dataset, path: Path | str) -> None:
    """Write images, labels and class_names as from_npz reads them; an older file stays until it is whole."""
    path = Path(path)
    images, labels, names = dataset.images, dataset.labels, np.array(dataset.class_names)
    try:
        write_whole(
            path, lambda file: np.savez_compressed(file, images=images, labels=labels, class_names=names)
        )
    except OSError as error:
        raise DatasetError(f"{reading.shown(path)}: cannot be written ({error.strerror or error})") from None


def _choose(members: dict[str, zipfile.ZipInfo], split: str, name: str) -> tuple[str, str]:
    called = {member.lower(): member for member in members}
    for images, labels in (*_OF_SPLIT.get(split, ()), *_OF_ANY):
        if images in called and labels in called:
            return called[images], called[labels]
    found = ", ".join(reading.shown(member) for member in list(members)[:8]) or "nothing"
    wanted = f"images and labels, x and y, or x_{split} and y_{split}"
    raise DatasetError(f"{name}: holds {found}; expected arrays named {wanted}")


def _read(archive: zipfile.ZipFile, member: zipfile.ZipInfo, name: str, limit: int) -> NDArray[Any]:
    """The array in one member, its claims compared with the member's size before its values are read.

    At most `limit` bytes.
    """
    where = f"{name}: {reading.shown(member.filename.removesuffix('.npy'))}"
    if problem := problem_with(member, limit + _HEADER_ROOM):
        raise DatasetError(f"{where} {problem}")
    with archive.open(member) as stream:
        shape, fortran, dtype = _read_header(stream, where)
        size = prod(shape) * dtype.itemsize
        if member.file_size != stream.tell() + size:
            raise DatasetError(
                f"{where} has shape {shape} of {dtype} ({size:,} bytes), "
                f"but {member.file_size - stream.tell():,} bytes are there; save it again"
            )
        data = reading.read_at_most(stream, size)
        stream.read(1)  # reaching the end compares the check sum
    if len(data) != size:
        raise DatasetError(f"{where} is cut off; get it again")
    return np.frombuffer(data, dtype).reshape(shape, order="F" if fortran else "C")


def _read_header(stream: Any, where: str) -> tuple[tuple[int, ...], bool, np.dtype[Any]]:
    """Shape, Fortran order and type; only arrays of numbers and words that are neither empty nor pickled."""
    try:
        shape, fortran, dtype = reading.npy_header(stream)
    except ValueError:
        raise DatasetError(
            f"{where} is not an array as NumPy writes them; save it again with numpy.savez"
        ) from None
    if dtype.hasobject:
        raise DatasetError(
            f"{where} holds pickled Python objects, which can run code; save plain numbers instead"
        )
    if dtype.kind not in "buifUS" or dtype.itemsize == 0 or min(shape, default=0) < 1:
        raise DatasetError(
            f"{where} has shape {shape} of {dtype}; expected an array of numbers that is not empty"
        )
    longest = dtype.itemsize // (4 if dtype.kind == "U" else 1)
    if dtype.kind in _WORDS and longest > label_words.MAX_WORD:
        raise DatasetError(
            f"{where} has room for words of {longest:,} characters, at most {label_words.MAX_WORD} are read"
        )
    return shape, fortran, dtype


def _labels(values: NDArray[Any], where: str) -> tuple[Labels, tuple[str, ...]]:
    if values.ndim == 2 and values.shape[1] == 1:
        values = values[:, 0]
    if values.ndim != 1:
        raise DatasetError(
            f"{where} has shape {values.shape}; expected one number per image (argmax of one-hot rows)"
        )
    if len(values) > reading.MAX_IMAGES:
        raise DatasetError(f"{where} holds {len(values):,} labels, at most {reading.MAX_IMAGES:,} are read")
    return (
        label_words.named(_words(values, where), where)
        if values.dtype.kind in _WORDS
        else label_words.numbered(values, where)
    )


def _words(values: NDArray[Any], where: str) -> NDArray[Any]:
    if values.dtype.kind == "U":
        return values
    try:
        return np.char.decode(values, "utf-8")
    except UnicodeDecodeError:
        raise DatasetError(f"{where} holds bytes that are no text in UTF-8; save words") from None


def _class_names(values: NDArray[Any], needed: int, name: str) -> tuple[str, ...]:
    if (
        values.ndim != 1
        or values.dtype.kind not in _WORDS
        or not needed <= len(values) <= reading.MAX_CLASSES
    ):
        raise DatasetError(
            f"{name}: class_names has shape {values.shape} of {values.dtype}; expected {needed} words or more"
        )
    names = tuple(str(word) for word in _words(values, f"{name}: {_CLASS_NAMES}"))
    if not all(names) or len(set(names)) < len(names):
        raise DatasetError(
            f"{name}: class_names holds a name twice or an empty one; each class needs its own"
        )
    return names


def _images(values: NDArray[Any], where: str) -> Images:
    if values.ndim == 2 and isqrt(values.shape[1]) ** 2 == values.shape[1]:
        values = values.reshape(len(values), isqrt(values.shape[1]), -1)  # N, side, side
    if values.ndim == 3:
        values = values[..., np.newaxis]  # N H W 1
    if values.ndim != 4 or values.dtype.kind in _WORDS:
        raise DatasetError(
            f"{where} has shape {values.shape} of {values.dtype}; expected (N, H, W) or (N, H, W, C)"
        )
    if values.shape[3] not in _CHANNELS and values.shape[1] in _CHANNELS:
        values = values.transpose(0, 2, 3, 1)  # from N C H W
    reading.check_size(where, len(values), values.shape[1:])
    as_it_is = values.dtype == np.uint8 and values.max() > 1
    return np.ascontiguousarray(values if as_it_is else _as_bytes(values, where))


def _as_bytes(values: NDArray[Any], where: str) -> Images:
    """uint8 pixels from numbers in 0..255, or 0..1 where none is larger."""
    lowest, highest = float(values.min()), float(values.max())
    if not (lowest >= 0 and highest <= 255):  # also when not a number
        raise DatasetError(
            f"{where} reaches from {lowest:.4g} to {highest:.4g}; expected 0..255, or 0..1 as fractions"
        )
    scale = 255 if highest <= 1 else 1
    pixels = np.empty(values.shape, np.uint8)
    step = max(1, _VALUES_AT_ONCE // prod(values.shape[1:]))
    for start in range(0, len(values), step):
        part = slice(start, start + step)
        pixels[part] = np.rint(values[part].astype(np.float32) * scale)
    return pixels
