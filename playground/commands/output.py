"""What commands write: text safe for a terminal, one JSON object a line, a line that is written over."""

from __future__ import annotations

import json
import math
import shutil
import sys
import time
from importlib.metadata import PackageNotFoundError, version
from types import TracebackType
from typing import Any, TextIO

REFRESH_SECONDS = 0.1


def installed_version(package: str = "cnn-playground") -> str | None:
    """The version of a package; None where it is not installed, as the program in a bare checkout."""
    try:
        return version(package)
    except PackageNotFoundError:
        return None


def counted(number: int, one: str, many: str = "") -> str:
    """A number with what it counts, which for any but one is `many`, or `one` with an s."""
    return f"{number:,} {one if number == 1 else many or one + 's'}"


def percent(share: float, digits: int = 2) -> str:
    """A share of one as per cent; a dash where there is none."""
    return "-" if math.isnan(share) else f"{100 * share:.{digits}f} %"


def duration(seconds: float) -> str:
    """Seconds as people say them: 42 s, 3 min 20 s, 1 h 05 min."""
    whole = round(seconds)
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        return f"{whole // 60} min {whole % 60:02} s"
    return f"{whole // 3600} h {whole % 3600 // 60:02} min"


def write_json(value: dict[str, Any]) -> None:
    """Write one line of JSON; numbers that JSON does not have become null."""
    print(json.dumps(_without_nan(value), allow_nan=False), flush=True)


def _without_nan(value: Any) -> Any:
    if isinstance(value, dict):
        return {str(key): _without_nan(each) for key, each in value.items()}
    if isinstance(value, (list, tuple)):
        return [_without_nan(each) for each in value]
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value


class Line:
    """A line of a terminal that is written over; nothing at all where the stream is not a terminal."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self.alive = stream.isatty()
        self._length = 0
        self._last = 0.0

    def show(self, text: str, *, now: bool = False) -> None:
        """Put the text in the line's place, at most every REFRESH_SECONDS unless `now`."""
        moment = time.monotonic()
        if not self.alive or not (now or moment - self._last >= REFRESH_SECONDS):
            return
        width = shutil.get_terminal_size().columns - 1
        shown = text[:width]
        self._stream.write("\r" + shown.ljust(min(self._length, width)))
        self._stream.flush()
        self._length, self._last = len(shown), moment

    def clear(self) -> None:
        """Leave an empty line to write on."""
        if self._length:
            self.show("", now=True)
            self._stream.write("\r")
            self._stream.flush()
        self._length = 0


class Waiting:
    """Says on the terminal what is waited for, once it takes longer than a moment, and how far it is."""

    PATIENCE = 0.7  # seconds

    def __init__(self, what: str) -> None:
        self._what = what
        self._line = Line(sys.stderr)
        self._began = time.monotonic()

    def __enter__(self) -> Waiting:
        return self

    def progress(self, done: int, total: int | None) -> None:
        """Take note of the progress of a data set's reading."""
        if time.monotonic() - self._began > self.PATIENCE:
            part = f"{done:,} of {total:,}" if total else f"{done:,}"
            self._line.show(f"{self._what}: {part}")

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._line.clear()
