"""Dataset: labelled images as a frozen value, the one form in which every source delivers them."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cnn_core.errors import DatasetError

Images = NDArray[np.uint8]
Labels = NDArray[np.int64]
Indices = slice | Sequence[int] | NDArray[Any]


@dataclass(frozen=True, eq=False, repr=False)
class Dataset:
    """Labelled images; raises DatasetError when images, labels and class names do not fit together.

    The arrays are seen read-only through the value; they are not copied, so whoever made them
    must not change them afterwards. Zero images are allowed (an empty selection is a value too).
    """

    images: Images  # N, H, W, C
    labels: Labels  # N, each an index into class_names
    class_names: tuple[str, ...]
    source: str = ""  # where it came from, as shown to a person

    def __post_init__(self) -> None:
        images, labels = np.asarray(self.images), np.asarray(self.labels)
        names = tuple(self.class_names)
        _check_images(images)
        _check_labels(labels, len(images), names)
        object.__setattr__(self, "images", _read_only(images))
        object.__setattr__(self, "labels", _read_only(labels.astype(np.int64, copy=False)))
        object.__setattr__(self, "class_names", names)

    def __len__(self) -> int:
        return len(self.images)

    def __repr__(self) -> str:
        size = "x".join(str(side) for side in self.image_shape)
        return f"Dataset({len(self)} images {size}, {len(self.class_names)} classes, source={self.source!r})"

    @property
    def image_shape(self) -> tuple[int, int, int]:
        """Height, width and channels of every image."""
        height, width, channels = self.images.shape[1:]
        return height, width, channels

    @property
    def class_counts(self) -> NDArray[np.int64]:
        """Number of images of each class, in the order of class_names."""
        return np.bincount(self.labels, minlength=len(self.class_names)).astype(np.int64)

    def subset(self, indices: Indices) -> "Dataset":
        """The images at `indices` (numbers, a mask, or a slice), in that order; a slice copies nothing."""
        chosen = indices if isinstance(indices, slice) else np.asarray(indices)
        if isinstance(chosen, np.ndarray) and chosen.size == 0:
            chosen = chosen.astype(np.int64)
        try:
            return Dataset(self.images[chosen], self.labels[chosen], self.class_names, self.source)
        except IndexError as error:
            raise DatasetError(f"cannot take these images from {len(self):,}: {error}") from None

    def split(self, count: int, generator: np.random.Generator | None = None) -> tuple["Dataset", "Dataset"]:
        """(all but `count`, `count` held out): the last ones; with a generator of each class its share, drawn
        at random.

        Both keep the order. Use a generator where a file is sorted by class, or where a class is small.
        """
        if not 0 <= count <= len(self):
            raise DatasetError(
                f"cannot hold out {count:,} of {len(self):,} images; 0 to {len(self):,} are possible"
            )
        if generator is None:
            border = len(self) - count
            return self.subset(slice(0, border)), self.subset(slice(border, None))
        order = generator.permutation(len(self))
        labels = self.labels[order]
        place = np.empty(len(self))  # in its class, 0..1: the first ones of all classes are drawn
        for label, size in enumerate(np.bincount(labels)):
            place[labels == label] = (np.arange(size) + 0.5) / size
        drawn = order[np.argsort(place, kind="stable")]
        return self.subset(np.sort(drawn[count:])), self.subset(np.sort(drawn[:count]))

    def shuffled(self, generator: np.random.Generator) -> "Dataset":
        """The same images in an order drawn from `generator`."""
        return self.subset(generator.permutation(len(self)))

    def batches(
        self, batch_size: int, generator: np.random.Generator | None = None
    ) -> Iterator[tuple[Images, Labels]]:
        """Every image once, as (images, labels) of `batch_size`, the last smaller; `generator` shuffles."""
        if batch_size < 1:
            raise DatasetError(f"batch_size is {batch_size}; at least 1 is needed")
        order = None if generator is None else generator.permutation(len(self))
        return self._cut(batch_size, order)

    def _cut(self, batch_size: int, order: NDArray[np.int64] | None) -> Iterator[tuple[Images, Labels]]:
        for start in range(0, len(self), batch_size):
            part = slice(start, start + batch_size)
            if order is None:
                yield self.images[part], self.labels[part]
            else:
                yield self.images[order[part]], self.labels[order[part]]


def join(datasets: Sequence[Dataset]) -> Dataset:
    """Return all images of data sets of the same shape and classes, one set after the other."""
    first = datasets[0]
    for other in datasets[1:]:
        if other.image_shape != first.image_shape or other.class_names != first.class_names:
            raise DatasetError(
                f"{other.source} cannot be joined to {first.source}: "
                "their images or classes are of another kind"
            )
    return Dataset(
        np.concatenate([d.images for d in datasets]),
        np.concatenate([d.labels for d in datasets]),
        first.class_names,
        " + ".join(d.source for d in datasets),
    )


def _check_images(images: NDArray[Any]) -> None:
    if images.dtype != np.uint8:
        raise DatasetError(f"images are {images.dtype}; expected uint8, 0 to 255")
    if images.ndim != 4:
        raise DatasetError(f"images have shape {images.shape}; expected (N, height, width, channels)")
    if min(images.shape[1:]) < 1:
        raise DatasetError(f"images have shape {images.shape}; height, width and channels must be at least 1")


def _check_labels(labels: NDArray[Any], count: int, names: tuple[str, ...]) -> None:
    if labels.ndim != 1 or not np.issubdtype(labels.dtype, np.integer):
        raise DatasetError(
            f"labels are {labels.dtype} of shape {labels.shape}; expected one whole number per image"
        )
    if len(labels) != count:
        raise DatasetError(f"there are {count:,} images but {len(labels):,} labels; each image needs one")
    if not names or not all(isinstance(name, str) and name for name in names):
        raise DatasetError("class_names must hold at least one name, and none of them empty")
    if len(set(names)) != len(names):
        twice = next(name for i, name in enumerate(names) if name in names[:i])
        raise DatasetError(f"class name {twice!r} occurs twice; each class needs a name of its own")
    if count and (labels.min() < 0 or labels.max() >= len(names)):
        raise DatasetError(
            f"labels reach from {labels.min()} to {labels.max()}; "
            f"with {len(names)} classes they must be 0 to {len(names) - 1}"
        )


def _read_only(array: NDArray[Any]) -> NDArray[Any]:
    view = array.view()
    view.flags.writeable = False
    return view
