"""Image files as arrays, read by Qt, with a limit on their size and one clear sentence when it fails."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QBuffer
from PySide6.QtGui import QImage, QImageReader

from cnn_core.errors import DatasetError

LARGEST_IMAGE = 100_000_000  # pixels; four times that many bytes while decoding
SUFFIXES = (".png", ".jpg", ".jpeg", ".bmp", ".gif", ".webp", ".tif", ".tiff")


def read_image(source: Path | bytes) -> NDArray[np.uint8]:
    """The (H, W, C) uint8 pixels of an image file or its bytes: C is 1 for grey images, 3 for coloured ones.

    Transparent parts are laid on white. Raises DatasetError naming the file and what is wrong with it.
    """
    if isinstance(source, bytes):
        buffer = QBuffer()
        buffer.setData(source)
        return _read(QImageReader(buffer), "the image")
    if not source.is_file():
        raise DatasetError(f"{source.name}: there is no such file")
    return _read(QImageReader(str(source)), source.name)


def _read(reader: QImageReader, name: str) -> NDArray[np.uint8]:
    reader.setDecideFormatFromContent(True)
    reader.setAutoTransform(True)
    size = reader.size()
    if size.isValid() and size.width() * size.height() > LARGEST_IMAGE:
        raise DatasetError(
            f"{name}: {size.width():,} x {size.height():,} pixels are too many; "
            f"at most {LARGEST_IMAGE:,} are read"
        )
    if not reader.canRead():
        raise DatasetError(f"{name}: not an image that can be read; use one of {' '.join(SUFFIXES)}")
    image = reader.read()
    if image.isNull():
        raise DatasetError(f"{name}: the image is damaged ({reader.errorString()})")
    return to_array(image)


def to_array(image: QImage) -> NDArray[np.uint8]:
    """The (H, W, 1) pixels of a grey image, (H, W, 3) of a coloured one, as a copy."""
    if image.hasAlphaChannel():
        image = _on_white(image)
    if image.isGrayscale():
        return _rows(image.convertToFormat(QImage.Format.Format_Grayscale8), 1)
    return _rows(image.convertToFormat(QImage.Format.Format_RGB888), 3)


def _on_white(image: QImage) -> QImage:
    """Blend with white; premultiplied pixels make it one addition."""
    premultiplied = image.convertToFormat(QImage.Format.Format_RGBA8888_Premultiplied)
    pixels = _rows(premultiplied, 4)
    blended = np.ascontiguousarray(pixels[:, :, :3] + (255 - pixels[:, :, 3:]))
    height, width = blended.shape[:2]
    return QImage(blended.data, width, height, 3 * width, QImage.Format.Format_RGB888).copy()


def _rows(image: QImage, channels: int) -> NDArray[np.uint8]:
    """The pixels without the padding at the end of Qt's rows."""
    rows = np.frombuffer(image.constBits(), np.uint8).reshape(image.height(), image.bytesPerLine())
    return rows[:, : image.width() * channels].reshape(image.height(), image.width(), channels).copy()
