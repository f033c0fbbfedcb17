"""What all readers of data files share: limits, bounded reads, and how a file is named in a sentence."""

import errno
import gzip
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, BinaryIO, Protocol

import numpy as np

from cnn_core.errors import DatasetError

MAX_BYTES = 2 * 1024**3
"""Most bytes of images held: 2.7 million of 28x28, 700,000 of 32x32x3; an 8 GB laptop can still train."""

MAX_IMAGES = 10_000_000
"""Most images in a set; bounds labels and indices (8 bytes each) where the images themselves are tiny."""

MAX_SIDE = 4096
"""Largest height or width of one image; far beyond what can be trained here, well above any real data set."""

MAX_CLASSES = 1000
"""Most classes: as many as ImageNet; a stray label of 2 billion must not become 2 billion class names."""

DEFLATE_MAX_RATIO = 1032
"""Deflate cannot expand further (zlib, technical details), so a small file that promises more is lying."""

CHUNK = 1024**2
"""Bytes read at once: memory grows with what the file really delivers, not with what its header promises."""

_SHOWN = 100  # characters of a name quoted in a sentence; a hostile name must not fill the window

GZIP_MAGIC = b"\x1f\x8b"


class Readable(Protocol):
    """Anything with read(count) -> bytes."""

    def read(self, count: int, /) -> bytes:
        """At most `count` bytes; empty at the end."""
        ...


def shown(path: Path | str) -> str:
    """The file's name, without its folders, short enough to stand in a sentence."""
    return shortened(Path(path).name or str(path))


def shortened(text: str) -> str:
    """Text a person gave, printable and short enough to be quoted in a sentence."""
    text = printable(text)
    return text if len(text) <= _SHOWN else text[: _SHOWN // 2] + "..." + text[-_SHOWN // 2 :]


def printable(text: str) -> str:
    """Text from a file with undecodable and control characters escaped: it must not command a terminal."""
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode("ascii") for c in text)


def need_file(path: Path) -> None:
    """Raise OSError where there is no regular file: a pipe would be waited for, a device may never end."""
    if not path.is_file():
        path.stat()  # which says so where there is nothing
        kind = "a folder" if path.is_dir() else "a pipe or a device"
        raise OSError(errno.EINVAL, f"this is {kind}; give a file", str(path))


def file_size(path: Path) -> int:
    """Bytes in a regular file; DatasetError for anything else."""
    try:
        need_file(path)
        return path.stat().st_size
    except FileNotFoundError:
        raise DatasetError(f"{shown(path)}: there is no such file in {path.parent}") from None
    except OSError as error:  # no rights, a name too long, a drive that is gone
        raise DatasetError(f"{shown(path)}: cannot be read ({error.strerror or error})") from None


@contextmanager
def opened(path: Path) -> Iterator[tuple[BinaryIO, Readable]]:
    """A regular file, and its content: unpacked where it is gzipped, else the file itself.

    What is wrong with the file, also when that shows inside the block, becomes a DatasetError.
    """
    file_size(path)
    name = shown(path)
    try:
        with path.open("rb") as raw:
            zipped = raw.read(2) == GZIP_MAGIC
            raw.seek(0)
            yield raw, gzip.GzipFile(fileobj=raw) if zipped else raw
    except (EOFError, zlib.error, gzip.BadGzipFile) as error:
        raise DatasetError(f"{name}: the gzip data is damaged or cut off ({error}); get it again") from None
    except OSError as error:
        raise DatasetError(f"{name}: cannot be read ({error.strerror or error})") from None


def read_at_most(stream: Readable, count: int) -> bytearray:
    """Up to `count` bytes, fewer only when the stream ends first; grows chunk by chunk with what arrives."""
    data = bytearray()
    while len(data) < count:
        chunk = stream.read(min(CHUNK, count - len(data)))
        if not chunk:
            break
        data += chunk
    return data


def npy_header(stream: BinaryIO) -> tuple[tuple[int, ...], bool, np.dtype[Any]]:
    """Shape, Fortran order and type of the array in an .npy stream, its values unread; else ValueError."""
    try:
        version = np.lib.format.read_magic(stream)
        read = {
            (1, 0): np.lib.format.read_array_header_1_0,
            (2, 0): np.lib.format.read_array_header_2_0,
        }[version]
        return read(stream)
    except Exception:  # whatever NumPy's parser meets in a foreign header: token, syntax, recursion errors
        raise ValueError("this is not an array as NumPy writes them") from None


def check_size(name: str, count: int, image_shape: tuple[int, ...]) -> None:
    """Raise DatasetError when `count` images of `image_shape` are none, absurd, or too much for memory.

    An empty `image_shape` stands for labels: one byte each.
    """
    what = "images" if image_shape else "labels"
    size = "x".join(str(side) for side in image_shape)
    if count < 1:
        raise DatasetError(f"{name}: holds no {what}; at least one is needed")
    if count > MAX_IMAGES:
        raise DatasetError(
            f"{name}: claims {count:,} {what}, at most {MAX_IMAGES:,} are read; use a part of it"
        )
    if image_shape and not (min(image_shape) >= 1 and max(image_shape) <= MAX_SIDE):
        raise DatasetError(f"{name}: claims images of {size}, sides of 1 to {MAX_SIDE} are possible")
    total = count
    for side in image_shape:
        total *= side
    if total > MAX_BYTES:
        raise DatasetError(
            f"{name}: {count:,} images of {size} would take {total / 1024**3:,.1f} GB, "
            f"at most {MAX_BYTES / 1024**3:.3g} GB are held; use fewer or smaller images"
        )
