"""Pictures: arrays of pixels to QImage and back, and the picture in what is dropped or pasted."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QMimeData, QSize, Qt
from PySide6.QtGui import QImage, QPainter

from cnn_core.errors import DatasetError
from playground.image_reading import read_image

_LARGEST = 1024  # px; longer sides of pictures from outside are scaled down to this


def to_bytes(image: NDArray[np.generic]) -> NDArray[np.uint8]:
    """Return uint8 pixels of a uint8 image, or of a float one in 0..1 (values outside are clipped)."""
    if image.dtype == np.uint8:
        return image.astype(np.uint8, copy=False)
    return (np.clip(np.nan_to_num(image.astype(np.float32)), 0, 1) * 255).round().astype(np.uint8)


def to_picture(image: NDArray[np.generic]) -> QImage:
    """Return the QImage of a (H, W), (H, W, 1) or (H, W, 3) array, uint8 or float in 0..1.

    It owns its pixels. Of other channel counts the first channel is shown in gray.
    """
    pixels = to_bytes(image)
    if pixels.ndim == 3 and pixels.shape[2] == 3:
        pixels, layout = np.ascontiguousarray(pixels), QImage.Format.Format_RGB888
    else:
        pixels = np.ascontiguousarray(pixels if pixels.ndim == 2 else pixels[:, :, 0])
        layout = QImage.Format.Format_Grayscale8
    height, width = pixels.shape[:2]
    return QImage(pixels.data, width, height, pixels.strides[0], layout).copy()


def to_pixels(image: QImage) -> NDArray[np.uint8]:
    """Return the (H, W, 3) uint8 colours of any picture; what is transparent counts as white.

    Pictures longer than 1024 px are scaled down, keeping their aspect.
    """
    if max(image.width(), image.height()) > _LARGEST:
        fit, smooth = Qt.AspectRatioMode.KeepAspectRatio, Qt.TransformationMode.SmoothTransformation
        image = image.scaled(QSize(_LARGEST, _LARGEST), fit, smooth)
    opaque = QImage(image.size(), QImage.Format.Format_RGB888)
    opaque.fill(Qt.GlobalColor.white)
    painter = QPainter(opaque)
    image.setDevicePixelRatio(1.0)
    painter.drawImage(0, 0, image)
    painter.end()
    rows = np.frombuffer(opaque.constBits(), np.uint8).reshape(opaque.height(), opaque.bytesPerLine())
    return rows[:, : 3 * opaque.width()].reshape(opaque.height(), opaque.width(), 3).copy()


class PictureError(ValueError):
    """There is no picture; the text says what there is instead."""


def picture_in(data: QMimeData, where: str = "what was dropped") -> QImage:
    """Return the picture in what was dropped or pasted: the pixels themselves, or the first file.

    Raises PictureError when there is none, or none that can be read; `where` is what a person calls `data`.
    """
    image = QImage(data.imageData()) if data.hasImage() else QImage()
    files = [url.toLocalFile() for url in data.urls() if url.isLocalFile()]
    if image.isNull() and files:
        try:
            return to_picture(read_image(Path(files[0]), _LARGEST))
        except DatasetError as error:
            raise PictureError(str(error)) from None
    if image.isNull():
        raise PictureError(f"There is no picture in {where}")
    return image
