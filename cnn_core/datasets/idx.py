"""IDX, the format of MNIST: a magic number, the dimensions (big-endian), then the bytes; plain or gzipped."""

from collections.abc import Sequence
from math import prod
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from cnn_core.datasets import reading
from cnn_core.datasets.dataset import Dataset
from cnn_core.errors import DatasetError

_VALUE_TYPES = {0x08: "bytes", 0x09: "int8", 0x0B: "int16", 0x0C: "int32", 0x0D: "float32", 0x0E: "float64"}
_UNSIGNED_BYTE = 0x08
_HEADER_HINT = "is it an IDX file such as train-images-idx3-ubyte?"


def from_idx(
    images_path: Path | str,
    labels_path: Path | str,
    class_names: Sequence[str] | None = None,
    source: str = "",
) -> Dataset:
    """The data set in a pair of IDX files of images (3 dimensions, or 4 with channels last) and labels.

    Class names are "0", "1", ... unless given. Raises DatasetError naming the file and what is wrong with it;
    memory stays within `reading.MAX_BYTES` whatever the files claim.
    """
    images_path, labels_path = Path(images_path), Path(labels_path)
    labels = read_idx(labels_path, dimensions=(1,))
    images = read_idx(images_path, dimensions=(3, 4), count=len(labels), counted_in=labels_path)
    if images.ndim == 3:
        images = images[..., np.newaxis]  # N H W 1
    names = tuple(class_names) if class_names is not None else _numbered(labels)
    if labels.max() >= len(names):
        raise DatasetError(
            f"{reading.shown(labels_path)}: holds the label {labels.max()}, "
            f"with {len(names)} classes they must be 0 to {len(names) - 1}"
        )
    return Dataset(images, labels.astype(np.int64), names, source or reading.shown(images_path))


def read_idx(
    path: Path, dimensions: tuple[int, ...], count: int | None = None, counted_in: Path | None = None
) -> NDArray[np.uint8]:
    """The array in one IDX file of unsigned bytes, with one of the given numbers of dimensions.

    With `count`, the first dimension must equal it; `counted_in` is the file named when it does not.
    """
    size = reading.file_size(path)
    name = reading.shown(path)
    with reading.opened(path) as (raw, stream):
        shape = _read_header(stream, name, dimensions)
        if count is not None and shape[0] != count:
            raise DatasetError(
                f"{name}: holds {shape[0]:,} images, but {reading.shown(counted_in or path)} "
                f"holds {count:,} labels; take both files from the same set"
            )
        _check_promise(name, shape, size, zipped=stream is not raw)
        return _read_body(stream, name, shape)


def _read_header(stream: reading.Readable, name: str, dimensions: tuple[int, ...]) -> tuple[int, ...]:
    magic = bytes(reading.read_at_most(stream, 4))
    wanted = " or ".join(f"0x{_UNSIGNED_BYTE << 8 | n:08x}" for n in dimensions)
    what = "labels" if dimensions == (1,) else "images"
    if len(magic) < 4:
        raise DatasetError(f"{name}: holds only {len(magic)} bytes; {_HEADER_HINT}")
    if magic[:2] != b"\0\0" or magic[2] not in _VALUE_TYPES:
        raise DatasetError(f"{name}: begins with 0x{magic.hex()}, expected {wanted} ({what}); {_HEADER_HINT}")
    if magic[2] != _UNSIGNED_BYTE:
        raise DatasetError(f"{name}: holds {_VALUE_TYPES[magic[2]]} values, only unsigned bytes are read")
    if magic[3] not in dimensions:
        raise DatasetError(
            f"{name}: begins with 0x{magic.hex()} ({magic[3]} dimensions), expected {wanted} for {what}; "
            "were images and labels swapped?"
        )
    sizes = bytes(reading.read_at_most(stream, 4 * magic[3]))
    if len(sizes) < 4 * magic[3]:
        raise DatasetError(f"{name}: ends within its header; get it again")
    return tuple(int.from_bytes(sizes[i : i + 4], "big") for i in range(0, len(sizes), 4))


def _check_promise(name: str, shape: tuple[int, ...], size: int, *, zipped: bool) -> None:
    """Refuse what the header promises when it is absurd or when a file of `size` bytes cannot deliver it."""
    reading.check_size(name, shape[0], shape[1:])
    promised = prod(shape)
    header = 4 + 4 * len(shape)
    if zipped and promised > size * reading.DEFLATE_MAX_RATIO:
        raise DatasetError(
            f"{name}: promises {promised:,} bytes, its {size:,} compressed bytes cannot hold them"
        )
    if not zipped and size != header + promised:
        raise DatasetError(_wrong_length(name, promised, size - header))


def _read_body(stream: reading.Readable, name: str, shape: tuple[int, ...]) -> NDArray[np.uint8]:
    promised = prod(shape)
    data = reading.read_at_most(stream, promised)
    if len(data) < promised:
        raise DatasetError(_wrong_length(name, promised, len(data)))
    if stream.read(1):
        raise DatasetError(_wrong_length(name, promised, promised + 1))
    return np.frombuffer(data, dtype=np.uint8).reshape(shape)


def _wrong_length(name: str, promised: int, found: int) -> str:
    if found > promised:
        return f"{name}: goes on after the {promised:,} bytes its header promises; get it again"
    return f"{name}: is cut off, its header promises {promised:,} bytes and {found:,} are there; get it again"


def _numbered(labels: NDArray[np.uint8]) -> tuple[str, ...]:
    return tuple(str(number) for number in range(int(labels.max()) + 1))
