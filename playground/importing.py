"""A person's own images: what a folder or zip file holds, and how it is made into data."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from cnn_core import datasets
from cnn_core.datasets import Found, Problem
from cnn_core.datasets.folder import holds_class_folders
from cnn_core.datasets.images import ImageFile, pixels_of
from cnn_core.datasets.progress import report as tell
from cnn_core.datasets.resizing import ASPECTS, Aspect, fit
from cnn_core.errors import DatasetError

Image = NDArray[np.uint8]
Shape = tuple[int, int, int]
SAMPLES = 36  # images looked at before anything is decided: a few seconds even for photographs
SAMPLE_SIDE = 192  # px at most, of a sample that is kept to show
LARGEST_SIDE = 256  # px of images to train on that are offered
USUAL_SHARE = 17  # per cent held out
_SPEC = re.compile(rf"^(?P<path>.+)::(\d+)x(\d+)x([13]),({'|'.join(ASPECTS)}),(\d+)$", re.DOTALL)


@dataclass(frozen=True)
class Choice:
    """How images become data: their shape (H, W, C), what happens to other aspects, per cent held out."""

    shape: Shape
    aspect: Aspect = "keep"
    held_out: int = USUAL_SHARE

    def spec(self, path: Path | str) -> str:
        """The data choice that stands for the images in `path` made like this."""
        return f"{path}::{'x'.join(map(str, self.shape))},{self.aspect},{self.held_out}"


def parse(spec: str) -> tuple[Path, Choice] | None:
    """The path and the choice in a data choice, None where it is none of imported images."""
    match = _SPEC.match(spec)
    if match is None:
        return None
    height, width, channels, aspect, held_out = match.groups()[1:]
    if not (0 < int(height) <= LARGEST_SIDE and 0 < int(width) <= LARGEST_SIDE and 0 < int(held_out) < 100):
        return None
    kind = next(known for known in ASPECTS if known == aspect)
    return Path(match["path"]), Choice((int(height), int(width), int(channels)), kind, int(held_out))


@dataclass(frozen=True)
class Survey:
    """What was found, before it is used.

    `class_counts` the files but for those that proved to be no images; `problems` what is left out or needs
    a word; `sizes` (H, W, C) -> how many of the images looked at; `samples` a few of them, as (class name,
    pixels no longer than 192); `proposed` a shape for all.
    """

    path: Path
    class_counts: Mapping[str, int]
    problems: tuple[Problem, ...]
    sizes: Mapping[Shape, int]
    samples: tuple[tuple[str, Image], ...]
    proposed: Shape


def holds_images(path: Path) -> bool:
    """Whether a path is to be looked through as images: a .zip file, or a folder of folders without IDX."""
    try:
        if path.is_file():
            return path.suffix.lower() == ".zip"
        return path.is_dir() and not any(path.glob("*-ubyte*")) and holds_class_folders(path)
    except OSError:  # whoever reads it says what is wrong with it
        return False


def survey(path: Path, progress: datasets.OnProgress | None = None) -> Survey:
    """Look through a folder or zip file and at a few of its images.

    Raises DatasetError where there is nothing to use, Cancelled when `progress` answers False.
    """
    with _found(path, progress) as found:
        if not found.files:
            first = f"; {found.problems[0]}" if found.problems else ""
            raise DatasetError(f"{found.source}: no images found in class folders{first}")
        chosen = _spread(found)
        counts, sizes = dict(found.class_counts), Counter[Shape]()
        samples, problems = [], list(found.problems)
        for done, file in enumerate(chosen):
            tell(progress, done, len(chosen))
            pixels = pixels_of(file)
            if isinstance(pixels, Problem):
                problems.append(pixels)
                counts[file.class_name] -= 1
                continue
            height, width, channels = pixels.shape
            sizes[height, width, channels] += 1
            samples.append((file.class_name, _small(pixels)))
        proposed = datasets.propose_shape(found, progress)
    if len(counts) == 1:
        problems.append(Problem(next(iter(counts)), "is the only class: there is nothing to tell it from"))
    return Survey(path, counts, tuple(problems), dict(sizes), tuple(samples), proposed)


def propose(path: Path, progress: datasets.OnProgress | None = None) -> Shape:
    """A shape that suits the images of a folder or zip file. Raises as `survey` does."""
    with _found(path, progress) as found:
        return datasets.propose_shape(found, progress)


def gather(
    path: Path, choice: Choice, progress: datasets.OnProgress | None = None, part: str = "train"
) -> datasets.Import:
    """Read all images as `choice` says, those in the folder train or test where there are these.

    Raises DatasetError, Cancelled when `progress` answers False.
    """
    with _found(path, progress, part) as found:
        return datasets.collect(found, choice.shape, choice.aspect, progress)


def read_image(source: Path | bytes, longest: int | None = None) -> Image:
    """Read an image file, scaled down to sides of at most `longest`.

    Qt is needed for that alone, so nothing else asks for it or for its libraries.
    """
    from playground import image_reading

    return image_reading.read_image(source, longest)


@contextmanager
def _found(path: Path, progress: datasets.OnProgress | None, part: str = "train") -> Iterator[Found]:
    path = path.expanduser()
    if path.is_dir():
        yield datasets.find_folder(path, read_image, part, progress)
    else:
        with datasets.find_zip(path, read_image, part) as found:
            yield found


def _spread(found: Found) -> list[ImageFile]:
    """A few files, as many of each class as of any other."""
    by_class: dict[str, list[ImageFile]] = {}
    for file in found.files:
        by_class.setdefault(file.class_name, []).append(file)
    each = max(SAMPLES // len(by_class), 1)
    chosen = []
    for files in list(by_class.values())[:SAMPLES]:
        places = np.unique(np.linspace(0, len(files) - 1, min(each, len(files))).astype(int))
        chosen += [files[place] for place in places]
    return chosen


def _small(pixels: Image) -> Image:
    height, width, channels = pixels.shape
    scale = min(1.0, SAMPLE_SIDE / max(height, width))
    return fit(pixels, (max(round(height * scale), 1), max(round(width * scale), 1), channels), "stretch")
