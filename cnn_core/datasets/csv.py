"""CSV in the usual form, one image a line: its label, then its pixels; header or none; plain or gzipped."""

import re
from array import array
from collections.abc import Iterator
from contextlib import suppress
from math import isqrt, prod
from pathlib import Path

import numpy as np

from cnn_core.datasets import labels as label_words
from cnn_core.datasets import reading
from cnn_core.datasets.dataset import Dataset, Images
from cnn_core.datasets.progress import OnProgress, report
from cnn_core.errors import DatasetError

MAX_LINE = 4 * 1024**2
"""Longest line: a million pixels; a file without line ends must not be read as one line."""

_DELIMITERS = (",", ";", "\t")
_LABEL_HEADERS = ("label", "labels", "class", "target", "y")
_NUMBER = re.compile(r"\s*[-+]?[0-9]{1,18}(\.[0-9]*)?\s*")
_QUOTED = r'\s*("(?:[^"]|"")*")\s*'
_SHOWN = 20  # characters of a faulty value that are quoted


def from_csv(
    path: Path | str,
    image_shape: tuple[int, int, int] | None = None,
    progress: OnProgress | None = None,
    source: str = "",
) -> Dataset:
    """The data set in a CSV file: each line a label (number or word) and H*W*C pixels 0..255, or 0..1 where
    none is larger, channels last.

    Without `image_shape` the images are square and grey. A header line may say that the label comes last.
    Raises DatasetError naming the line; Cancelled when `progress` (in bytes of the file) answers False.
    """
    path = Path(path)
    name = reading.shown(path)
    table = _Table(name, image_shape)
    size = reading.file_size(path)
    with reading.opened(path) as (raw, stream):
        for block in _blocks(stream, name):
            table.add(block)
            report(progress, min(raw.tell(), size), size)
    return table.dataset(source or name)


def _blocks(stream: reading.Readable, name: str) -> Iterator[list[str]]:
    """The lines of the file, some at a time, without their ends."""
    rest = b""
    try:
        while chunk := stream.read(reading.CHUNK):
            read = rest + chunk
            half = b"\r" * read.endswith(b"\r")  # perhaps half of a line's end
            *whole, rest = read.removesuffix(half).replace(b"\r\n", b"\n").replace(b"\r", b"\n").split(b"\n")
            rest += half
            if len(rest) > MAX_LINE:
                raise DatasetError(f"{name}: has a line of more than {MAX_LINE:,} bytes; is it a CSV file?")
            if whole:
                yield [line.decode() for line in whole]
        yield [rest.removesuffix(b"\r").decode()]
    except UnicodeDecodeError:  # a label would be taken for another one
        raise DatasetError(f"{name}: is not in UTF-8; save it as CSV in UTF-8") from None


class _Table:
    """The lines read so far; memory grows with their pixels, of the labels each word is kept once."""

    def __init__(self, name: str, image_shape: tuple[int, int, int] | None) -> None:
        self._name, self._shape = name, image_shape
        self._delimiter = ","
        self._label_last = False
        self._lines = 0
        self._words: dict[str, int] = {}  # each label that occurs -> its number
        self._labels = array("q")  # the numbers of the labels of all lines
        self._pixels = bytearray()

    def add(self, lines: list[str]) -> None:
        """Take some lines; empty ones are skipped, the first one may be a header."""
        numbers = range(self._lines + 1, self._lines + len(lines) + 1)
        self._lines += len(lines)
        rows = [(number, line) for number, line in zip(numbers, lines, strict=True) if line.strip()]
        if rows and not self._labels:
            rows = rows[self._start(rows[0][1].removeprefix("\ufeff")) :]
        if not rows:
            return
        words, pixels = zip(*(self._parted(line) for _, line in rows), strict=True)
        if self._shape is None:
            self._shape = self._square(pixels[0].count(self._delimiter) + 1)
        reading.check_size(self._name, len(self._labels) + len(rows), self._shape)
        self._labels.extend(self._number(word) for word in words)
        self._pixels += self._parsed([number for number, _ in rows], list(pixels)).tobytes()

    def dataset(self, source: str) -> Dataset:
        """What was read as a data set."""
        if not self._labels or self._shape is None:
            raise DatasetError(f"{self._name}: holds no images; a line is a label and its pixels")
        images = np.frombuffer(self._pixels, np.uint8).reshape(-1, *self._shape)
        if images.max() <= 1:  # black and white
            images *= 255
        words = np.array(list(self._words))
        if "nan" in map(str.lower, self._words):
            raise DatasetError(f"{self._name}: holds the label nan, which is no class; every image needs one")
        if all(map(_NUMBER.fullmatch, self._words)):
            classes, names = label_words.numbered(words.astype(np.float64), self._name)
        else:
            classes, names = label_words.named(words, self._name)
        return Dataset(images, classes[np.frombuffer(self._labels, np.int64)], names, source)

    def _start(self, first: str) -> int:
        """Look at the first line: the delimiter, and 1 when it is a header, which may place the label."""
        self._delimiter = max(_DELIMITERS, key=first.count)
        if "\0" in first:
            raise DatasetError(f"{self._name}: line 1 holds more than text; save it as CSV in UTF-8")
        fields = [
            field.strip(' "').lower() for field in first.removesuffix(self._delimiter).split(self._delimiter)
        ]
        if len(fields) < 2:
            raise DatasetError(
                f"{self._name}: line 1 has one value; expected a label and pixels between commas"
            )
        if not _is_header(fields):
            return 0
        places = [i for i, field in enumerate(fields) if field in _LABEL_HEADERS] or [0]
        if places[0] not in (0, len(fields) - 1):
            raise DatasetError(
                f"{self._name}: column {places[0] + 1} is the label; it must be the first or last"
            )
        self._label_last = places[0] != 0
        return 1

    def _parted(self, line: str) -> tuple[str, str]:
        """(label, the text of the pixels) of one line; within quotes a delimiter is part of the label."""
        line = line.removeprefix("\ufeff").removesuffix(self._delimiter)
        if self._label_last:
            pixels, _, word = line.rpartition(self._delimiter)
            if word.endswith('"') and not word.lstrip().startswith('"'):
                start = line.rfind(f'{self._delimiter}"', 0, -len(word))
                pixels, word = line[:start], line[start + 1 :]
        elif quoted := re.match(f"{_QUOTED}{self._delimiter}", line):
            word, pixels = quoted[1], line[quoted.end() :]
        else:
            word, _, pixels = line.partition(self._delimiter)
        return word.strip().removeprefix('"').removesuffix('"').replace('""', '"').strip(), pixels

    def _number(self, word: str) -> int:
        """The number of a label; a new one is taken only where it can be one of a class."""
        if word not in self._words:
            if len(word) > label_words.MAX_WORD:
                raise DatasetError(
                    f"{self._name}: holds a label of {len(word):,} characters, "
                    f"at most {label_words.MAX_WORD} are read"
                )
            if len(self._words) == reading.MAX_CLASSES:
                raise DatasetError(
                    f"{self._name}: holds more than {reading.MAX_CLASSES:,} different labels; "
                    "is the label in the first column, or in the last under the name label?"
                )
            self._words[word] = len(self._words)
        return self._words[word]

    def _square(self, pixels: int) -> tuple[int, int, int]:
        side = isqrt(pixels)
        if side * side != pixels:
            raise DatasetError(
                f"{self._name}: has {pixels:,} pixels a line, which is no square grey image; "
                "others are read in Python alone, by from_csv with image_shape"
            )
        return side, side, 1

    def _parsed(self, numbers: list[int], rows: list[str]) -> Images:
        """The pixels of some rows; an error names the first line at fault."""
        assert self._shape is not None
        wanted = prod(self._shape)
        if all(row.strip() for row in rows):  # loadtxt would skip an empty one with a warning
            for kind in (np.uint8, np.float32):  # "82", else "82.0", which takes longer to read
                with suppress(ValueError, OverflowError), np.errstate(invalid="ignore"):
                    values = np.loadtxt(
                        rows, kind, delimiter=self._delimiter, comments=None, ndmin=2, quotechar='"'
                    )
                    whole = values.clip(0, 255).astype(np.uint8)
                    if values.shape == (len(rows), wanted) and np.array_equal(whole, values):
                        return whole
        raise DatasetError(f"{self._name}: {self._fault(numbers, rows, wanted)}")

    def _fault(self, numbers: list[int], rows: list[str], wanted: int) -> str:
        for number, row in zip(numbers, rows, strict=True):
            fields = row.split(self._delimiter)
            if len(fields) != wanted:
                return f"line {number:,} has {len(fields):,} pixels, expected {wanted:,}"
            for field in fields:
                value = field.strip().strip('"')
                if not re.fullmatch(r"0*[0-9]{1,3}(\.0*)?", value) or float(value) > 255:
                    shown = field if len(field) <= _SHOWN else field[:_SHOWN] + "..."
                    return f"line {number:,} has the pixel {shown!r}, expected whole numbers 0 to 255"
        return "the lines cannot be read as numbers"


def _is_header(fields: list[str]) -> bool:
    """Whether a line names columns: it holds no numbers, or beside the label the columns are counted."""
    others = [field for field in fields if field not in _LABEL_HEADERS]
    counted = (list(map(str, range(start, start + len(others)))) for start in (0, 1))
    if len(others) == len(fields) - 1 and others in counted:
        return True
    return not any(_NUMBER.fullmatch(field) for field in fields[1:])
