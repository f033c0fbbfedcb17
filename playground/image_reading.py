"""Image files as arrays, read by Qt, with a limit on their size and one clear sentence when it fails."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QBuffer, QLoggingCategory
from PySide6.QtGui import QImage, QImageReader

from cnn_core.errors import DatasetError
from playground.image_kinds import is_whole, kind_of

LARGEST_IMAGE = 100_000_000  # pixels; four to eight times that many bytes while decoding
LARGEST_FILE = 256 * 1024**2  # bytes
SUFFIXES = (".png", ".jpg", ".jpeg", ".bmp", ".gif", ".webp", ".tif", ".tiff")
_BAND = 1 << 20  # pixels converted at once, so that a huge image needs little more than itself and the result

# What is wrong with a file is said by the error; the decoders' own words would come on top of it.
QLoggingCategory.setFilterRules("qt.gui.imageio*=false\nqt.imageformats*=false")
QImageReader.setAllocationLimit(8 * LARGEST_IMAGE // 1024**2 + 1)  # MB, for images that hide their size


def read_image(source: Path | bytes) -> NDArray[np.uint8]:
    """The (H, W, C) uint8 pixels of an image file or its bytes: C is 1 for grey images, 3 for coloured ones.

    The first one where there are several; turned as the camera was held; transparent parts are laid on white.
    Raises DatasetError naming the file, where there is one, and what is wrong with it.
    """
    if isinstance(source, bytes):
        return _read(source, "")
    try:
        if not source.is_file():
            raise DatasetError(f"{source.name}: there is no such file")
        if source.stat().st_size > LARGEST_FILE:
            raise DatasetError(f"{source.name}: is larger than the {LARGEST_FILE:,} bytes that are read")
        content = source.read_bytes()
    except OSError as error:
        raise DatasetError(f"{source.name}: cannot be read ({error.strerror or error})") from None
    return _read(content, f"{source.name}: ")


def _read(content: bytes, name: str) -> NDArray[np.uint8]:
    kind = kind_of(content)
    if kind is None:
        raise DatasetError(f"{name}not an image that can be read; use one of {' '.join(SUFFIXES)}")
    if not is_whole(content, kind):
        raise DatasetError(f"{name}the image is damaged or cut off; get it again")
    buffer = QBuffer()
    buffer.setData(content)
    reader = QImageReader(buffer, kind.encode())
    try:
        return to_array(_decoded(reader, name))
    finally:
        del reader  # before the buffer: the decoder of tif files uses it to the end


def _decoded(reader: QImageReader, name: str) -> QImage:
    reader.setAutoDetectImageFormat(False)  # others, such as SVG, can make the decoder open further files
    reader.setAutoTransform(True)
    size = reader.size()
    if size.isValid() and size.width() * size.height() > LARGEST_IMAGE:
        raise DatasetError(
            f"{name}{size.width():,} x {size.height():,} pixels are too many; "
            f"at most {LARGEST_IMAGE:,} are read"
        )
    image = reader.read()
    if image.isNull():
        raise DatasetError(f"{name}the image is damaged ({reader.errorString()})")
    return image


def to_array(image: QImage) -> NDArray[np.uint8]:
    """The (H, W, 1) pixels of a grey image, (H, W, 3) of a coloured one, as a copy."""
    transparent = image.hasAlphaChannel()
    if image.allGray() and not transparent:
        return _filled(image, QImage.Format.Format_Grayscale8, 1)
    if not transparent:
        return _filled(image, QImage.Format.Format_RGB888, 3)
    pixels = _filled(image, QImage.Format.Format_RGBA8888_Premultiplied, 4)
    pixels[:, :, :3] += 255 - pixels[:, :, 3:]  # premultiplied, so that blending with white is one addition
    grey = all((band[..., 1:3] == band[..., :1]).all() for band in pixels)
    return np.ascontiguousarray(pixels[:, :, : 1 if grey else 3])


def _filled(image: QImage, form: QImage.Format, channels: int) -> NDArray[np.uint8]:
    """The pixels (H, W, channels) of an image converted band by band."""
    height, width = image.height(), image.width()
    pixels = np.empty((height, width, channels), np.uint8)
    step = max(1, _BAND // width)
    for top in range(0, height, step):
        band = image.copy(0, top, width, min(step, height - top)).convertToFormat(form)
        rows = np.frombuffer(band.constBits(), np.uint8).reshape(band.height(), band.bytesPerLine())
        # Without the padding at the end of Qt's rows.
        pixels[top : top + step] = rows[:, : width * channels].reshape(-1, width, channels)
    return pixels
