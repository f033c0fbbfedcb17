"""Zip files from strangers: every size is checked against what is there before anything is unpacked."""

import struct
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from cnn_core.datasets import reading
from cnn_core.errors import DatasetError

MAX_DIRECTORY_BYTES = 64 * 1024**2
"""Largest table of contents read: some 600,000 files; Python needs about ten times that in memory."""

_TAIL = 22 + 65_535  # the end record and the longest comment after it (PKWARE APPNOTE 4.3.16)
_ENCRYPTED = 0x1
_METHODS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
_DAMAGE = (
    zipfile.BadZipFile,
    zlib.error,
    EOFError,
    struct.error,
    NotImplementedError,
    ValueError,
    RuntimeError,
)


@contextmanager
def open_archive(path: Path) -> Iterator[zipfile.ZipFile]:
    """The zip file for reading; damage met inside the block becomes a DatasetError too."""
    reading.file_size(path)
    name = reading.shown(path)
    try:
        _check_directory(path, name)
        with zipfile.ZipFile(path) as archive:
            _check_overlap(archive, path.stat().st_size, name)
            yield archive
    except DatasetError:
        raise
    except _DAMAGE as error:
        raise DatasetError(f"{name}: the zip data is damaged or cut off ({error}); get it again") from None
    except OSError as error:
        raise DatasetError(f"{name}: cannot be read ({error.strerror or error})") from None


def problem_with(member: zipfile.ZipInfo, limit: int) -> str | None:
    """Why this member must not be unpacked to at most `limit` bytes, or None."""
    if member.flag_bits & _ENCRYPTED:
        return "is encrypted"
    if member.compress_type not in _METHODS:
        return "is compressed in another way than deflate"
    if member.file_size > limit:
        return f"would unpack to {member.file_size:,} bytes, at most {limit:,} are read"
    if member.file_size > max(member.compress_size, 1) * reading.DEFLATE_MAX_RATIO:
        return f"promises {member.file_size:,} bytes, more than its {member.compress_size:,} can unpack to"
    return None


def read_member(archive: zipfile.ZipFile, member: zipfile.ZipInfo, limit: int) -> bytes:
    """The member unpacked; DatasetError when it has a problem or is damaged."""
    if problem := problem_with(member, limit):
        raise DatasetError(problem)
    try:
        with archive.open(member) as stream:
            return bytes(reading.read_at_most(stream, limit))
    except _DAMAGE as error:
        raise DatasetError(f"is damaged ({error})") from None


def _check_overlap(archive: zipfile.ZipFile, size: int, name: str) -> None:
    """Refuse members that share their bytes: so a small file unpacks to any amount, again and again."""
    claimed = sum(member.compress_size for member in archive.infolist())
    if claimed > size:
        raise DatasetError(
            f"{name}: its members claim {claimed:,} bytes of a file of {size:,}; they overlap, do not use it"
        )


def _check_directory(path: Path, name: str) -> None:
    with path.open("rb") as file:
        file.seek(0, 2)
        file.seek(max(0, file.tell() - _TAIL))
        tail = file.read(_TAIL)
    end = tail.rfind(b"PK\5\6")
    if end < 0 or len(tail) < end + 22:
        raise DatasetError(f"{name}: is not a complete zip file (its end record is missing); get it again")
    size = int.from_bytes(tail[end + 12 : end + 16], "little")
    large = tail.rfind(b"PK\6\6")
    if large >= 0:
        size = max(size % 0xFFFFFFFF, int.from_bytes(tail[large + 40 : large + 48], "little"))
    if size > MAX_DIRECTORY_BYTES:
        raise DatasetError(
            f"{name}: its table of contents takes {size:,} bytes, at most {MAX_DIRECTORY_BYTES:,} are read"
        )
