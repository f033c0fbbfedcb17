"""From found image files to a data set: every file that cannot be used is reported, the others are taken."""

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np

from cnn_core.datasets import reading
from cnn_core.datasets.dataset import Dataset, Images
from cnn_core.datasets.labels import natural
from cnn_core.datasets.progress import OnProgress, report
from cnn_core.datasets.resizing import ASPECTS, Aspect, check_picture, fit, is_gray
from cnn_core.errors import DatasetError

SUFFIXES = (".png", ".jpg", ".jpeg", ".bmp", ".gif", ".webp", ".tif", ".tiff")
"""Names that are taken for images; what they hold is decided by their content."""

AUTO_SIDE = 64
"""Longest side chosen without being asked: convolutions on a laptop's processor are quick up to about it."""

_SAMPLE = 12
"""Images looked at to propose a size: enough to see what is usual, a few seconds even for photographs."""

_MIXING_SEED = 0
"""Images are found class by class but kept in this fixed mixed order, so that any part has all classes."""


@dataclass(frozen=True)
class Problem:
    """A file or folder that was left out, and why."""

    name: str
    reason: str

    def __str__(self) -> str:
        return f"{self.name}: {self.reason}"


@dataclass(frozen=True)
class ImageFile:
    """One image that was found: its class, its name for people, and how to get its (H, W, C) uint8 pixels."""

    class_name: str
    name: str
    read: Callable[[], Images]


@dataclass(frozen=True)
class Found:
    """What a folder or zip file holds, before any image is read."""

    source: str
    files: tuple[ImageFile, ...]
    problems: tuple[Problem, ...]

    @property
    def class_counts(self) -> Mapping[str, int]:
        """Number of files of each class, in natural order of the class names."""
        counts = Counter(file.class_name for file in self.files)
        return {name: counts[name] for name in sorted(counts, key=natural)}


@dataclass(frozen=True)
class Import:
    """A data set made of image files, with everything that was left out and the sizes the images had."""

    dataset: Dataset
    problems: tuple[Problem, ...]
    sizes: Mapping[tuple[int, int, int], int]  # (H, W, C) as stored -> how many


def propose_shape(found: Found, progress: OnProgress | None = None) -> tuple[int, int, int]:
    """A size for all images: the usual one where it is small, else at most 64 pixels; grey if all are grey.

    Reads a few images. Raises DatasetError when none of them can be read, Cancelled as collect does.
    """
    _check_any(found)
    count = len(found.files)
    chosen = np.unique(np.linspace(0, count - 1, min(count, _SAMPLE)).astype(int))
    sizes: Counter[tuple[int, int]] = Counter()
    gray, first_problem = True, ""
    for index in chosen:
        report(progress, 0, count)
        pixels = pixels_of(found.files[index])
        if isinstance(pixels, Problem):
            first_problem = first_problem or str(pixels)
            continue
        sizes[pixels.shape[0], pixels.shape[1]] += 1
        gray = gray and is_gray(pixels)
    if not sizes:
        raise DatasetError(f"{found.source}: none of its images can be read; {first_problem}")
    (height, width), usual = sizes.most_common(1)[0]
    if 2 * usual <= sizes.total():
        height = width = AUTO_SIDE
    scale = min(1, AUTO_SIDE / max(height, width))
    return max(1, round(height * scale)), max(1, round(width * scale)), 1 if gray else 3


def collect(
    found: Found,
    image_shape: tuple[int, int, int] | None = None,
    aspect: Aspect = "keep",
    progress: OnProgress | None = None,
) -> Import:
    """Read every file found into one data set of `image_shape`, or of the proposed one.

    What cannot be read becomes a problem; a class without any image is dropped. Raises DatasetError when
    nothing is left or too much memory would be taken, Cancelled when `progress` answers False.
    """
    if aspect not in ASPECTS:
        raise DatasetError(f"there is no aspect {aspect!r}; use one of {', '.join(ASPECTS)}")
    _check_any(found)
    shape = image_shape or propose_shape(found, progress)
    reading.check_size(found.source, len(found.files), shape)
    if shape[2] not in (1, 3):
        raise DatasetError(
            f"{found.source}: image_shape {shape} has {shape[2]} channels; use 1 (grey) or 3 (colour)"
        )
    return _Collecting(found, shape, aspect).run(progress)


def _check_any(found: Found) -> None:
    if not found.files:
        reasons = "; ".join(str(problem) for problem in found.problems[:3])
        raise DatasetError(f"{found.source}: no images found in class folders{reasons and '; ' + reasons}")


class _Collecting:
    """One run over the files: pixels are written in place as they come."""

    def __init__(self, found: Found, shape: tuple[int, int, int], aspect: Aspect) -> None:
        self._found, self._shape, self._aspect = found, shape, aspect
        self._images = np.empty((len(found.files), *shape), np.uint8)
        self._classes: list[str] = []
        self._problems = list(found.problems)
        self._sizes: Counter[tuple[int, int, int]] = Counter()

    def run(self, progress: OnProgress | None) -> Import:
        files = self._found.files
        order = np.random.default_rng(_MIXING_SEED).permutation(len(files))
        for done, index in enumerate(order):
            report(progress, done, len(files))
            self._take(files[index])
        report(progress, len(files), len(files))
        if not self._classes:
            raise DatasetError(f"{self._found.source}: none of its images can be read; {self._problems[-1]}")
        self._name_empty_classes()
        names = sorted(set(self._classes), key=natural)
        number = {name: i for i, name in enumerate(names)}
        labels = np.array([number[name] for name in self._classes], np.int64)
        dataset = Dataset(self._images[: len(labels)], labels, tuple(names), self._found.source)
        problems = sorted(self._problems, key=lambda problem: natural(problem.name))
        return Import(dataset, tuple(problems), dict(self._sizes))

    def _take(self, file: ImageFile) -> None:
        pixels = pixels_of(file)
        if isinstance(pixels, Problem):
            self._problems.append(pixels)
            return
        self._images[len(self._classes)] = fit(pixels, self._shape, self._aspect)
        height, width, channels = pixels.shape
        self._sizes[height, width, channels] += 1
        self._classes.append(file.class_name)

    def _name_empty_classes(self) -> None:
        for name in sorted(set(self._found.class_counts) - set(self._classes), key=natural):
            self._problems.append(Problem(name, "none of its images can be read; the class is left out"))


def pixels_of(file: ImageFile) -> Images | Problem:
    """The file's pixels as (H, W, 1) or (H, W, 3), or why there are none."""
    try:
        return check_picture(file.read())
    except (OSError, ValueError, MemoryError) as error:
        return Problem(file.name, str(error) or "there is not enough memory for it")
