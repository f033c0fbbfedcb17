"""Image files as arrays, read by Qt, with a limit on their size and one clear sentence when it fails."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QBuffer, QLoggingCategory, QSize
from PySide6.QtGui import QImage, QImageReader

from cnn_core.datasets.reading import need_file
from cnn_core.errors import DatasetError
from cnn_core.preprocessing import inner_size
from playground.image_kinds import is_whole, kind_of

USUAL_BITS = 32  # that a pixel takes while decoding; 64 of four colours of 16 bits
LARGEST_IMAGE = 100_000_000  # pixels of so many bits, which are 400 MB; fewer where each takes more
LARGEST_FILE = 256 * 1024**2  # bytes
SUFFIXES = (".png", ".jpg", ".jpeg", ".bmp", ".gif", ".webp", ".tif", ".tiff")
_BAND = 1 << 18  # pixels converted at once, so that a huge image needs little more than itself and the result

# What is wrong with a file is said by the error; the decoders' own words would come on top of it.
QLoggingCategory.setFilterRules("qt.gui.imageio*=false\nqt.imageformats*=false")
# MB, for images that hide their size.
QImageReader.setAllocationLimit(USUAL_BITS // 8 * LARGEST_IMAGE // 1024**2 + 1)


def read_image(source: Path | bytes, longest: int | None = None) -> NDArray[np.uint8]:
    """The (H, W, C) uint8 pixels of an image file or its bytes: C is 1 for grey images, 3 for coloured ones.

    The first one where there are several; turned as the camera was held; transparent parts are laid on white;
    scaled down to sides of at most `longest`. Raises DatasetError naming the file, where there is one, and
    what is wrong with it.
    """
    if isinstance(source, bytes):
        return _read(source, "", longest)
    try:
        need_file(source)
        if source.stat().st_size > LARGEST_FILE:
            raise DatasetError(f"{source.name}: is larger than the {LARGEST_FILE:,} bytes that are read")
        content = source.read_bytes()
    except FileNotFoundError:
        raise DatasetError(f"{source.name}: there is no such file") from None
    except OSError as error:
        raise DatasetError(f"{source.name}: cannot be read ({error.strerror or error})") from None
    return _read(content, f"{source.name}: ", longest)


def _read(content: bytes, name: str, longest: int | None) -> NDArray[np.uint8]:
    kind = kind_of(content)
    if kind is None:
        raise DatasetError(f"{name}not an image that can be read; use one of {' '.join(SUFFIXES)}")
    if not is_whole(content, kind):
        raise DatasetError(f"{name}the image is damaged or cut off; get it again")
    buffer = QBuffer()
    buffer.setData(content)
    reader = QImageReader(buffer, kind.encode())
    try:
        return to_array(_decoded(reader, name, longest))
    finally:
        del reader  # before the buffer: the decoder of tif files uses it to the end


def _decoded(reader: QImageReader, name: str, longest: int | None) -> QImage:
    reader.setAutoDetectImageFormat(False)  # others, such as SVG, can make the decoder open further files
    reader.setAutoTransform(True)
    size = reader.size()
    if size.isValid():
        width, height = size.width(), size.height()
        bits = QImage.toPixelFormat(reader.imageFormat()).bitsPerPixel()
        largest = LARGEST_IMAGE * USUAL_BITS // max(bits, USUAL_BITS)
        if width * height > largest:
            raise DatasetError(
                f"{name}{width:,} x {height:,} pixels are too many; "
                f"at most {largest:,}{f' of {bits} bits' * (bits > USUAL_BITS)} are read; make it smaller"
            )
        if longest and max(width, height) > longest:
            height, width = inner_size((height, width), longest, longest)
            reader.setScaledSize(QSize(width, height))  # which decoders of jpg use to decode less
    image = reader.read()
    if image.isNull():
        raise DatasetError(f"{name}the image is damaged ({reader.errorString()})")
    return image


def to_array(image: QImage) -> NDArray[np.uint8]:
    """The (H, W, 1) pixels of a grey image, (H, W, 3) of a coloured one, as a copy."""
    if image.hasAlphaChannel():
        return _on_white(image)
    if image.allGray():
        return _filled(image, QImage.Format.Format_Grayscale8, 1)
    return _filled(image, QImage.Format.Format_RGB888, 3)


def _filled(image: QImage, form: QImage.Format, channels: int) -> NDArray[np.uint8]:
    """The pixels (H, W, channels) of an image without transparent parts."""
    pixels = np.empty((image.height(), image.width(), channels), np.uint8)
    for rows, band in _bands(image, form, channels):
        pixels[rows] = band
    return pixels


def _on_white(image: QImage) -> NDArray[np.uint8]:
    """The pixels of an image with transparent parts, grey ones where they are so on white."""
    pixels = np.empty((image.height(), image.width(), 3), np.uint8)
    grey = True
    # Premultiplied, so that blending with white is one addition.
    for rows, band in _bands(image, QImage.Format.Format_RGBA8888_Premultiplied, 4):
        white = 255 - band[:, :, 3]
        red, green, blue = (np.add(band[:, :, c], white, out=pixels[rows, :, c]) for c in range(3))
        grey = grey and bool((red == green).all() and (red == blue).all())
    return np.ascontiguousarray(pixels[:, :, :1]) if grey else pixels


def _bands(image: QImage, form: QImage.Format, channels: int) -> Iterator[tuple[slice, NDArray[np.uint8]]]:
    """The rows of each band and its pixels (rows, W, channels), converted one band after the other."""
    height, width = image.height(), image.width()
    step = max(1, _BAND // width)
    for top in range(0, height, step):
        band = image.copy(0, top, width, min(step, height - top)).convertToFormat(form)
        rows = np.frombuffer(band.constBits(), np.uint8).reshape(band.height(), band.bytesPerLine())
        # Without the padding at the end of Qt's rows.
        yield slice(top, top + step), rows[:, : width * channels].reshape(-1, width, channels)
