"""The arrays of a batch: images, labels, the network's numbers, and room for gradients."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from cnn_core.functional.geometry import Array
from cnn_core.shared_arrays import Forms


@dataclass(frozen=True, kw_only=True, eq=False)
class BatchArrays:
    """What the shards of a batch read, and where each writes what it adds to the gradients."""

    images: Array  # (N, H, W, C) uint8 or float32
    labels: Array  # (N,) int64
    values: Mapping[str, Array]  # parameters and buffers
    gradients: Sequence[Mapping[str, Array]]  # of each shard, by the name of the parameter

    @staticmethod
    def of(arrays: Mapping[str, Array], shards: int) -> "BatchArrays":
        """Return the batch of so many shards whose arrays have the names of `forms`."""
        gradients = _under("gradients", arrays)
        return BatchArrays(
            images=arrays["images"],
            labels=arrays["labels"],
            values=_under("values", arrays),
            gradients=[_under(str(shard), gradients) for shard in range(shards)],
        )

    def holds(self, images: Array, shards: int) -> bool:
        """Whether there is room for these images in so many shards."""
        same = images.dtype == self.images.dtype and images.shape[1:] == self.images.shape[1:]
        return same and len(images) <= len(self.images) and shards <= len(self.gradients)

    def put(self, images: Array, values: Mapping[str, Array], labels: Array | None = None) -> None:
        """Write a batch into the arrays."""
        self.images[: len(images)] = images
        if labels is not None:
            self.labels[: len(labels)] = labels
        for name, value in values.items():
            np.copyto(self.values[name], value)


def forms(values: Mapping[str, Array], parameters: Iterable[str], images: Array, shards: int) -> Forms:
    """Return the shapes and types of the arrays of a batch of so many shards, by name; `parameters` are those
    of the values that have gradients."""
    of_gradients = {f"gradients/{i}/{name}": values[name] for name in parameters for i in range(shards)}
    of_values = {f"values/{name}": value for name, value in values.items()}
    arrays = {"images": images, **of_values, **of_gradients}
    return {
        "labels": ((len(images),), "int64"),
        **{name: (array.shape, array.dtype.str) for name, array in arrays.items()},
    }


def _under(folder: str, arrays: Mapping[str, Array]) -> dict[str, Array]:
    return {name.partition("/")[2]: a for name, a in arrays.items() if name.partition("/")[0] == folder}
