"""Files written whole or not at all."""

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
    if path.is_symlink():
        path = Path(os.path.realpath(path))  # Path.resolve raises RuntimeError for links in a circle
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


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask
