"""Pictures of any size brought to that of a data set: area averages when shrinking, linear when growing."""

from collections.abc import Iterator
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from cnn_core.datasets.dataset import Images
from cnn_core.errors import DatasetError
from cnn_core.preprocessing import LUMA, area_weights, inner_size

Aspect = Literal["keep", "crop", "stretch"]
"""keep: the whole picture, borders filled; crop: the largest middle part; stretch: the whole, distorted."""

ASPECTS: tuple[Aspect, ...] = ("keep", "crop", "stretch")

_BAND_VALUES = 1 << 20
"""Source values turned to floats at once: 4 MB, so that a picture of 100 megapixels needs little more."""

_LONGEST_SIDE = 65_535
"""Longest side of a picture: what the usual formats can hold; bounds the weights of a resize."""


def fit(image: Images, shape: tuple[int, int, int], aspect: Aspect = "keep") -> Images:
    """The picture (H, W) or (H, W, C), C being 1 grey, 3 colours or 4 with alpha (laid on white), as `shape`.

    The same size passes unchanged. Borders take the median colour of the picture's edge. Raises DatasetError
    for an array that is no picture.
    """
    image = check_picture(image)
    height, width, channels = shape
    if image.shape == shape:
        return image
    if aspect == "crop":
        image = _middle(image, height / width)
    inner = (height, width) if aspect != "keep" else inner_size(image.shape[:2], height, width)
    resized = image if image.shape[:2] == inner else _resized(image, *inner)
    return _recolored(_framed(resized, image, height, width), channels)


def check_picture(image: Images) -> Images:
    """The picture as (H, W, 1) or (H, W, 3) uint8; raises DatasetError for an array that is no picture."""
    if not isinstance(image, np.ndarray) or image.dtype != np.uint8 or image.ndim not in (2, 3):
        raise DatasetError("is not a picture of bytes with height, width and channels")
    if image.ndim == 2:
        image = image[..., np.newaxis]
    if image.size == 0 or image.shape[2] not in (1, 3, 4):
        raise DatasetError(f"has shape {image.shape}; expected 1, 3 or 4 channels and at least one pixel")
    if max(image.shape) > _LONGEST_SIDE:
        raise DatasetError(
            f"is {image.shape[1]:,} x {image.shape[0]:,} pixels; sides up to {_LONGEST_SIDE:,} are read"
        )
    return _on_white(image) if image.shape[2] == 4 else image


def is_gray(image: Images) -> bool:
    """Whether all channels of every pixel are equal."""
    return image.shape[2] == 1 or bool((image[..., 1:] == image[..., :1]).all())


def _on_white(image: Images) -> Images:
    blended = np.empty((*image.shape[:2], 3), np.uint8)
    for band in _bands(image.shape):
        alpha = image[band, :, 3:].astype(np.uint16)
        blended[band] = (image[band, :, :3] * alpha + 255 * (255 - alpha) + 127) // 255
    return blended


def _bands(shape: tuple[int, ...]) -> Iterator[slice]:
    step = max(1, _BAND_VALUES // shape[1])
    return (slice(start, start + step) for start in range(0, shape[0], step))


def _middle(image: Images, ratio: float) -> Images:
    """The largest middle part whose height is `ratio` times its width, to whole pixels."""
    height, width = image.shape[:2]
    rows = min(height, max(1, round(width * ratio)))
    columns = min(width, max(1, round(height / ratio)))
    top, left = (height - rows) // 2, (width - columns) // 2
    return image[top : top + rows, left : left + columns]


def _resized(image: Images, height: int, width: int) -> NDArray[np.float32]:
    """(height, width, C) in 0..255: first the rows, band by band, then the columns of the few that remain."""
    rows, columns, channels = image.shape
    down, across = area_weights(rows, height), area_weights(columns, width)
    flat = np.zeros((height, columns * channels), np.float32)
    for band in _bands(image.shape):
        flat += down[:, band] @ image[band].reshape(-1, columns * channels).astype(np.float32)
    resized = across @ flat.reshape(height, columns, channels)  # height, width, C
    return resized.astype(np.float32, copy=False)


def _framed(inner: NDArray[Any], image: Images, height: int, width: int) -> NDArray[Any]:
    """The picture in the middle of (height, width), the rest in the median colour of its edge."""
    rows, columns = inner.shape[:2]
    if (rows, columns) == (height, width):
        return inner
    edge = np.concatenate([image[0], image[-1], image[:, 0], image[:, -1]])
    field = np.empty((height, width, inner.shape[2]), inner.dtype)
    field[...] = np.median(edge, axis=0)
    top, left = (height - rows) // 2, (width - columns) // 2
    field[top : top + rows, left : left + columns] = inner
    return field


def _recolored(image: NDArray[Any], channels: int) -> Images:
    """The picture with 1 (weighted grey) or more (grey repeated) channels, as bytes."""
    if image.shape[2] != channels:
        if channels == 1:
            image = (image.astype(np.float32) @ LUMA)[..., np.newaxis]
        elif image.shape[2] == 1:
            image = np.repeat(image, channels, axis=2)
        else:
            raise DatasetError(f"pictures can have 1 or 3 channels, not {channels}")
    return image if image.dtype == np.uint8 else np.clip(np.rint(image), 0, 255).astype(np.uint8)
