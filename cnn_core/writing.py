"""Files written whole or not at all."""

import errno
import os
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import IO, Any

_REPLACE_TRIES = 5


def write_whole(path: Path, write: Callable[[IO[bytes]], Any]) -> None:
    """Have `write` fill a file beside `path`, make sure it is on the disk, then put it in that place.

    A file that was there stays as it was when anything fails, and keeps its permissions otherwise; where a
    symbolic link stands, the file it leads to is written. Raises OSError, and whatever `write` does.
    """
    path = _place(path)
    handle, name = tempfile.mkstemp(prefix=f".{path.name[:20]}.", dir=path.parent)
    try:
        with os.fdopen(handle, "wb") as file:
            write(file)
            file.flush()
            os.fsync(file.fileno())
        if path.exists():
            os.chmod(name, path.stat().st_mode & 0o777)  # noqa: PTH101 - a name, not a path
        else:
            os.chmod(name, 0o666 & ~_umask())  # noqa: PTH101
        for attempt in range(_REPLACE_TRIES):
            try:
                os.replace(name, path)  # noqa: PTH105
                return
            except PermissionError:  # on Windows, while a virus scanner or a viewer holds the old file
                if attempt == _REPLACE_TRIES - 1:
                    raise
                time.sleep(0.1)
    finally:
        Path(name).unlink(missing_ok=True)


def need_place(path: Path) -> None:
    """Raise OSError where `write_whole` would: before hours are spent on what is to be written there."""
    folder = _place(path).parent
    try:
        tempfile.TemporaryFile(dir=folder).close()
    except OSError as error:
        reason = "nothing can be written in this folder" if folder.is_dir() else "there is no such folder"
        raise OSError(error.errno, reason, str(folder)) from None


def _place(path: Path) -> Path:
    """Return where the file is or will be.

    Raises OSError for what is there and is no file: a pipe or a device would be lost where one is put.
    """
    if path.exists() and not path.is_file():
        kind = "a folder" if path.is_dir() else "not a file"
        raise OSError(errno.EINVAL, f"this is {kind}; give the name of a file to save to", str(path))
    # Path.resolve raises RuntimeError for links in a circle.
    return Path(os.path.realpath(path)) if path.is_symlink() else path


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask
